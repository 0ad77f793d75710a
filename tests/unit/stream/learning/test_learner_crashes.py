"""Whatever happens between two records of feedback, in the end all is learned, and once."""

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from tests.unit.stream.learning.deployment import Deployment, assert_same, undisturbed

Make = Callable[..., Any]


def mixed_feedback(texts: list[str], count: int, *, make: Make, raw: Make) -> list[Any]:
    """Feedback of few tweets: labels, some for a second time, some that contradict, and some that nobody can read."""
    chance = random.Random(count)
    records = []
    for offset in range(count):
        number = chance.randrange(count // 6)
        fields = {
            "tweet_id": str(number),
            "text": chance.choice([texts[number], texts[number], texts[number], None]),
            "label": chance.choice([LABELS[number % 20], LABELS[number % 20], chance.choice(LABELS), None]),
            "sentiment": chance.choice([SENTIMENTS[number % 3], None]),
        }
        records.append(raw(b"{", offset) if chance.random() < 0.1 else make(offset, **fields))
    return records


some = st.integers(1, 12)
steps = st.lists(
    st.one_of(
        st.tuples(st.just(Deployment.take), some),
        st.tuples(st.sampled_from([Deployment.die_while_delivering, Deployment.let_go_while_delivering]), some, some),
        st.tuples(
            st.sampled_from(
                [
                    Deployment.snapshot,
                    Deployment.die_before_the_snapshot_is_delivered,
                    Deployment.die_before_it_is_committed,
                    Deployment.start,
                    Deployment.rebalance,
                    Deployment.swap,
                ]
            )
        ),
    ),
    max_size=15,
)


@settings(max_examples=25, deadline=None)
@given(happened=steps, remembered_labels=st.sampled_from([1, 3, 1_000]))
def test_no_label_is_lost_or_learned_twice_whatever_happens(  # noqa: PLR0913, PLR0917 -- what it gets are fixtures
    happened: list[Any],
    remembered_labels: int,
    texts: list[str],
    scorer: Scorer,
    other_scorer: Scorer,
    make_feedback: Make,
    make_raw_feedback: Make,
    make_archive: Make,
    make_learner: Make,
) -> None:
    feedback = mixed_feedback(texts, 60, make=make_feedback, raw=make_raw_feedback)
    deployment = Deployment(scorer, feedback, make_archive(), make_learner, remembered_labels, other_scorer)

    for step, *how in happened:
        step(deployment, *how)
    last = deployment.finish()

    reference = undisturbed(deployment)
    assert_same(last, reference.finish(), deployment.scorer)
    learned = {tweet.feedback_offset: tweet for tweet in deployment.archive.tweets}
    assert learned == {tweet.feedback_offset: tweet for tweet in reference.archive.tweets}
    assert set(deployment.dead) == set(reference.dead)
    assert learned.keys() | set(deployment.dead) == set(range(60))
    assert learned.keys().isdisjoint(deployment.dead)


@settings(max_examples=40, deadline=None)
@given(
    said=st.lists(
        st.tuples(st.integers(0, 4).map(str), st.sampled_from([*LABELS[:2], None]), st.just(SENTIMENTS[0])), min_size=2
    ),
    cuts=st.sets(st.integers(1, 12)),
    remembered_labels=st.integers(1, 3),
)
def test_same_feedback_gives_the_same_state_in_whatever_chunks_it_comes(
    said: list[Any],
    cuts: set[int],
    remembered_labels: int,
    scorer: Scorer,
    make_feedback: Make,
    make_archive: Make,
    make_learner: Make,
) -> None:
    names = ("tweet_id", "label", "sentiment")
    feedback = [make_feedback(offset, **dict(zip(names, one, strict=True))) for offset, one in enumerate(said)]
    one_by_one = Deployment(scorer, feedback, make_archive(), make_learner, remembered_labels)
    in_chunks = Deployment(scorer, feedback, make_archive(), make_learner, remembered_labels)

    for _ in feedback:
        one_by_one.take(1)
    for start, end in pairwise([0, *sorted(cuts)]):
        in_chunks.take(end - start)

    assert_same(in_chunks.finish(), one_by_one.finish(), scorer)
    assert in_chunks.archive.tweets == one_by_one.archive.tweets
