"""How a learner compares a challenger with who answers, and labels that a batch model was fitted on."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from models.contest_records import ChallengerLead
from models.online.evidence import Evidence
from models.online.snapshot import decode_progress, decode_snapshot
from models.predictor import ScorerPredictor
from models.records import ModelVersion
from models.scorer import Scorer
from models.taxonomy import LABELS
from tests.unit.stream.learning.deployment import Deployment, assert_same, learn

Make = Callable[..., Any]


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
