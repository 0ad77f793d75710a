"""What a learner makes of feedback, of snapshots, and of what learners before it left."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from models.errors import BrokerError
from models.online.snapshot import batch_sha256, decode_snapshot
from models.online.training import OnlineTraining
from models.scorer import Scorer
from stream.learning import learner as learner_module
from tests.unit.stream.learning.deployment import Deployment, assert_same, learn, undisturbed

Make = Callable[..., Any]


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
