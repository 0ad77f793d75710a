"""Whatever happens between two records of feedback, in the end all is learned, and once."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.contest_records import ChallengerLead
from models.errors import BrokerError
from models.feedback import LabelledTweet
from models.online.corrections import StoredSnapshot
from models.online.evidence import Evidence
from models.online.snapshot import batch_sha256, decode_progress, decode_snapshot
from models.online.training import OnlineTraining
from models.predictor import ScorerPredictor
from models.records import ModelVersion
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from stream.learning import learner as learner_module
from stream.learning.learner import Learner

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


def learn(learner: Learner, records: list[Any]) -> list[Any]:
    return learner.learn(records, partition=0, time=0).verdicts


@dataclass
class Deployment:
    """Learners one after the other, their archive, and what is committed; anything may happen between two steps."""

    scorer: Scorer
    feedback: list[Any]
    archive: Any
    make_learner: Make
    remembered_labels: int
    other_scorer: Scorer | None = None
    committed: int = 0
    position: int = 0
    dead: list[int] = field(default_factory=list)
    learner: Learner = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.learner = self.make_learner(lambda: self.scorer, self.archive, remembered_labels=self.remembered_labels)
        self.position = self.committed

    def take(self, count: int, delivered: int | None = None) -> None:
        """Judge the next records, and deliver all or some of what became of them."""
        records = self.feedback[self.position : self.position + count]
        if not records:
            return
        for verdict in learn(self.learner, records)[:delivered]:
            if isinstance(verdict, LabelledTweet):
                self.archive.tweets.append(verdict)
            else:
                self.dead.append(verdict.offset)
        self.position += len(records)

    def snapshot(self) -> None:
        self._deliver_snapshot()
        self.committed = self.position

    def rebalance(self) -> None:
        self.learner.forget()
        self.position = self.committed

    def swap(self) -> None:
        assert self.other_scorer is not None
        self.scorer, self.other_scorer = self.other_scorer, self.scorer

    def die_while_delivering(self, count: int, delivered: int) -> None:
        self.take(count, delivered)
        self.start()

    def die_before_the_snapshot_is_delivered(self) -> None:
        self.learner.snapshot()
        self.start()

    def die_before_it_is_committed(self) -> None:
        self._deliver_snapshot()
        self.start()

    def let_go_while_delivering(self, count: int, delivered: int) -> None:
        self.take(count, delivered)
        self.rebalance()

    def _deliver_snapshot(self) -> None:
        snapshot = self.learner.snapshot()
        self.archive.stored += [] if snapshot is None else [snapshot]

    def finish(self) -> StoredSnapshot:
        self.take(len(self.feedback))
        self.snapshot()
        sha256 = batch_sha256(self.scorer.weights)
        (last,) = [one for one in self.archive.snapshots() if one.batch_sha256 == sha256]
        return last


def undisturbed(deployment: Deployment) -> Deployment:
    fresh = replace(deployment, archive=type(deployment.archive)(), committed=0, position=0, dead=[])
    fresh.finish()
    return fresh


def assert_same(snapshot: StoredSnapshot, expected: StoredSnapshot, scorer: Scorer) -> None:
    assert (snapshot.batch_sha256, snapshot.offset) == (expected.batch_sha256, expected.offset)
    pairs = zip(
        decode_snapshot(snapshot.content, batch=scorer.weights),
        decode_snapshot(expected.content, batch=scorer.weights),
        strict=True,
    )
    assert all((array == other).all() for array, other in pairs)
    progress, other = decode_progress(snapshot.content), decode_progress(expected.content)
    assert progress.offset == other.offset
    assert progress.remembered.ids.tolist() == other.remembered.ids.tolist()
    assert progress.remembered.truth.tolist() == other.remembered.truth.tolist()
    for state, its in zip(progress.figures, other.figures, strict=True):
        assert all(np.allclose(array, its_array) for array, its_array in zip(state, its, strict=True))


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


def test_nothing_learned_gives_no_snapshot(scorer: Scorer, archive: Any, make_learner: Make) -> None:
    assert make_learner(lambda: scorer, archive).snapshot() is None


def test_same_state_gives_one_snapshot(scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make) -> None:
    learner = make_learner(lambda: scorer, archive)
    learn(learner, [make_feedback(0)])

    first, second = learner.snapshot(), learner.snapshot()

    assert (first.offset, second) == (0, None)


def test_refused_feedback_alone_moves_the_offset_of_the_snapshot(
    scorer: Scorer, archive: Any, make_learner: Make, make_raw_feedback: Make
) -> None:
    learner = make_learner(lambda: scorer, archive)
    learn(learner, [make_raw_feedback(b"{", 3)])

    snapshot = learner.snapshot()

    assert snapshot.offset == 3
    assert decode_snapshot(snapshot.content, batch=scorer.weights).learned.tolist() == [0, 0]


def test_learner_that_only_restored_makes_no_snapshot(
    scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make
) -> None:
    first = make_learner(lambda: scorer, archive)
    learn(first, [make_feedback(0)])
    archive.stored.append(first.snapshot())

    assert make_learner(lambda: scorer, archive).snapshot() is None


def test_refusals_are_counted_by_reason(
    scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make, make_raw_feedback: Make
) -> None:
    records = [make_feedback(0), make_feedback(1), make_raw_feedback(b"{", 2), make_raw_feedback(b"[]", 3)]

    learned = make_learner(lambda: scorer, archive).learn(records, partition=0, time=0)

    assert learned.refused == {"duplicate": 1, "invalid_json": 1, "not_an_object": 1}


def test_snapshots_of_two_batch_models_stand_side_by_side_and_a_rollback_relearns_only_the_rest(
    scorer: Scorer,
    other_scorer: Scorer,
    archive: Any,
    make_learner: Make,
    make_feedback: Make,
    texts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feedback = [make_feedback(number, tweet_id=str(number), text=texts[number]) for number in range(30)]
    deployment = Deployment(scorer, feedback, archive, make_learner, 1_000)
    deployment.take(10)
    deployment.snapshot()
    deployment.scorer = other_scorer
    deployment.take(10)
    deployment.snapshot()
    relearned: list[int] = []
    relearn = OnlineTraining.learn
    monkeypatch.setattr(
        OnlineTraining,
        "learn",
        lambda self, tweets: (relearned.extend(tweet.feedback_offset for tweet in tweets), relearn(self, tweets))[1],
    )

    deployment.scorer = scorer
    deployment.snapshot()

    offsets = {one.batch_sha256: one.offset for one in archive.snapshots()}
    assert offsets == {batch_sha256(scorer.weights): 19, batch_sha256(other_scorer.weights): 19}
    assert relearned == list(range(10, 20))


def test_damaged_snapshot_is_told_and_its_feedback_learned_again_from_what_was_labelled(
    scorer: Scorer,
    archive: Any,
    make_learner: Make,
    make_feedback: Make,
    texts: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    feedback = [make_feedback(number, tweet_id=str(number), text=texts[number]) for number in range(20)]
    deployment = Deployment(scorer, feedback, archive, make_learner, 1_000)
    deployment.take(15)
    deployment.snapshot()
    good = archive.stored.pop()
    archive.stored.append(replace(good, content=good.content[:-50]))
    deployment.start()

    deployment.snapshot()

    assert [record.getMessage() for record in caplog.records] == ["snapshot_refused_relearning"]
    assert_same(archive.stored[-1], good, scorer)


def test_feedback_before_the_first_record_is_learned_again_where_no_snapshot_has_it(
    scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make, texts: list[str]
) -> None:
    feedback = [make_feedback(number, tweet_id=str(number), text=texts[number]) for number in range(20)]
    deployment = Deployment(scorer, feedback, archive, make_learner, 1_000)
    deployment.take(15)
    deployment.snapshot()
    archive.stored.clear()
    deployment.start()

    last = deployment.finish()

    assert_same(last, undisturbed(deployment).finish(), scorer)


def test_much_that_was_labelled_is_relearned_in_parts(
    scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner_module, "RELEARNED_AT_ONCE", 7)
    feedback = [make_feedback(number, tweet_id=str(number)) for number in range(30)]
    deployment = Deployment(scorer, feedback, archive, make_learner, 1_000)
    deployment.take(30)
    deployment.snapshot()
    archive.stored.clear()
    archive.tweets += archive.tweets[20:]  # repeats of a learner that died
    deployment.start()

    learn(deployment.learner, [make_feedback(30, tweet_id="30")])

    assert decode_snapshot(deployment.learner.snapshot().content, batch=scorer.weights).learned.tolist() == [31, 0]


def test_what_another_learned_meanwhile_is_not_learned_again(
    scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make
) -> None:
    feedback = [make_feedback(number, tweet_id=str(number)) for number in range(30)]
    frozen = make_learner(lambda: scorer, archive)
    learn(frozen, feedback[:10])
    other = Deployment(scorer, feedback, archive, make_learner, 1_000)
    other.finish()

    frozen.forget()
    verdicts = learn(frozen, feedback[10:20])

    assert verdicts == []
    assert frozen.snapshot() is None


def test_topics_that_can_not_be_read_lose_no_feedback(
    scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make
) -> None:
    class Unreachable:
        def find(self, _: Any) -> Any:
            raise BrokerError("no broker")

        glance = find

    learner = make_learner(lambda: scorer, archive, Unreachable())

    with pytest.raises(BrokerError):
        learn(learner, [make_feedback(0)])

    assert learner.snapshot() is None


def flipped(scorer: Scorer) -> Scorer:
    """A batch model that answers with the next label."""
    table, columns = scorer.weights.table.copy(), np.roll(np.arange(len(LABELS)), 1)
    table[:, : len(LABELS)] = table[:, columns]
    scales, biases = scorer.weights.scales.copy(), scorer.weights.biases.copy()
    scales[: len(LABELS)], biases[: len(LABELS)] = scales[columns], biases[columns]
    return Scorer(replace(scorer.weights, table=table, scales=scales, biases=biases))


def challenger(scorer: Scorer, version: str = "8") -> ScorerPredictor:
    return ScorerPredictor(scorer, ModelVersion("tickertape", version), 1)


def labelled_by(scorer: Scorer, texts: list[str], make_feedback: Make) -> list[Any]:
    """Feedback that says of each text what a batch model says."""
    said = scorer.answers(texts, top_k=1).labels[:, 0]
    return [
        make_feedback(offset, tweet_id=str(offset), text=text, label=LABELS[column])
        for offset, (text, column) in enumerate(zip(texts, said, strict=True))
    ]


def test_lead_of_a_better_challenger_is_told_with_its_version(
    scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make, texts: list[str]
) -> None:
    worse = flipped(scorer)
    feedback = labelled_by(scorer, texts[:40], make_feedback)
    learner = make_learner(lambda: worse, archive, challenger=lambda: challenger(scorer))

    events = learner.learn(feedback, partition=0, time=0).events

    leads = [told for told in events if isinstance(told.event, ChallengerLead)]
    assert [(told.version, told.event.head, told.event.challenger) for told in leads] == [("7", "topic", "8")]
    assert {(told.name, told.online_version, told.time) for told in events} == {
        ("tickertape", 40, "1970-01-01T00:00:00.000Z")
    }
    assert leads[0].event.labels < 40


def test_what_is_learned_does_not_depend_on_the_challenger(
    scorer: Scorer, other_scorer: Scorer, make_archive: Make, make_learner: Make, make_feedback: Make, texts: list[str]
) -> None:
    feedback = labelled_by(other_scorer, texts[:60], make_feedback)
    alone = make_learner(lambda: scorer, make_archive())
    beside = make_learner(lambda: scorer, make_archive(), challenger=lambda: challenger(other_scorer))

    learn(alone, feedback)
    learn(beside, feedback)

    expected, found = alone.snapshot(), beside.snapshot()
    assert_same(found, expected, scorer)
    contests = [decode_progress(snapshot.content).contest for snapshot in (found, expected)]
    assert contests[0].topic.challenger.labels > 0
    assert [msgspec.structs.replace(one.topic, challenger=Evidence(), challenger_version="") for one in contests] == [
        contests[1].topic
    ] * 2


def test_another_challenger_begins_anew_and_the_same_goes_on_after_a_restart(
    scorer: Scorer, other_scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make, texts: list[str]
) -> None:
    now = ["8"]
    feedback = [make_feedback(number, tweet_id=str(number), text=texts[number]) for number in range(30)]

    def labels_of_the_challenger(records: list[Any]) -> int:
        learner = make_learner(lambda: scorer, archive, challenger=lambda: challenger(other_scorer, now[-1]))
        learn(learner, records)
        archive.stored.append(learner.snapshot())
        return decode_progress(archive.stored[-1].content).contest.topic.challenger.labels

    first = labels_of_the_challenger(feedback[:10])
    second = labels_of_the_challenger(feedback[10:20])
    now.append("9")
    third = labels_of_the_challenger(feedback[20:])

    assert [first, second, third] == [10, 20, 10]


def test_challenger_is_not_scored_on_labels_that_were_learned_before(
    scorer: Scorer, other_scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make, texts: list[str]
) -> None:
    feedback = [make_feedback(number, tweet_id=str(number), text=texts[number]) for number in range(20)]
    deployment = Deployment(scorer, feedback, archive, make_learner, 1_000)
    deployment.take(15)
    learner = make_learner(lambda: scorer, archive, challenger=lambda: challenger(other_scorer))

    learn(learner, feedback[15:])

    contest = decode_progress(learner.snapshot().content).contest
    assert (contest.topic.labels, contest.topic.challenger.labels) == (20, 5)


def fitted_until(scorer: Scorer, offset: int) -> Scorer:
    """The same batch model, as if it had been fitted on the labels up to an offset."""
    return Scorer(replace(scorer.weights, learned_offset=offset))


def test_labels_that_the_batch_model_was_fitted_on_are_learned_and_count_in_no_figure(
    scorer: Scorer, make_archive: Make, make_learner: Make, make_feedback: Make, texts: list[str]
) -> None:
    feedback = [make_feedback(number, tweet_id=str(number), text=texts[number]) for number in range(20)]
    whole = make_learner(lambda: scorer, make_archive())
    fitted_scorer = fitted_until(scorer, 11)
    fitted = make_learner(lambda: fitted_scorer, make_archive())

    for learner in (whole, fitted):
        learn(learner, feedback[:7])
        learn(learner, feedback[7:])

    snapshots = [learner.snapshot().content for learner in (whole, fitted)]
    weights = [decode_snapshot(content, batch=scorer.weights) for content in snapshots]
    progress = [decode_progress(content) for content in snapshots]
    assert all((array == other).all() for array, other in zip(*weights, strict=True))
    assert [one.contest.topic.labels for one in progress] == [20, 8]
    assert [len(one.figures[0].window) for one in progress] == [20, 8]


def test_challenger_is_not_scored_on_labels_that_it_was_fitted_on(
    scorer: Scorer, other_scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make, texts: list[str]
) -> None:
    batch, fitted = fitted_until(scorer, 4), challenger(fitted_until(other_scorer, 14))
    learner = make_learner(lambda: batch, archive, challenger=lambda: fitted)

    learn(learner, [make_feedback(number, tweet_id=str(number), text=texts[number]) for number in range(20)])

    contest = decode_progress(learner.snapshot().content).contest
    assert (contest.topic.labels, contest.topic.challenger.labels) == (15, 5)
