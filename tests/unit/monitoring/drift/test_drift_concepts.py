"""When late labels say that the answers have become worse."""

from typing import Any

import pytest

from models.contest_records import ChallengerLead, DriftAlarm
from models.evaluation.intervals import Interval
from models.online.prequential import Figure, HeadStandings, Standing
from models.online.report import LearningEvent, LearningReport
from models.online.rules import ALARM_THRESHOLD
from models.records import ModelVersion
from monitoring.drift.concepts import Concepts
from monitoring.drift.records import Kind

MODEL = ModelVersion("tickertape", "7")


class Evaluated:
    """Implements `Accuracies` with figures that are set."""

    def __init__(self, **accuracy: float) -> None:
        self.accuracy = accuracy
        self.asked: list[ModelVersion] = []

    def of(self, model: ModelVersion) -> dict[str, float]:
        self.asked.append(model)
        return self.accuracy


def report(accuracy: float, *, high: float, labels: float = 400, version: str = "7") -> LearningReport:
    figure = Figure(accuracy, Interval(2 * accuracy - high, high))
    standing = Standing(labels=labels, accuracy=figure, macro_f1=figure, log_loss=figure, f1={})
    heads = {"topic": HeadStandings({"served": standing}, {})}
    return LearningReport("tickertape", version, 400, {}, heads, "2026-01-01T00:00:00Z")


def alarm(head: str = "topic", *, rise: float = 2 * ALARM_THRESHOLD) -> LearningEvent:
    event = DriftAlarm(head, surprise=0.5, mean_surprise=0.2, rise=rise, labels=300)
    return LearningEvent("tickertape", "7", 300, event, "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("accuracy", "high", "score"),
    [(0.8, 0.84, 1.0), (0.8, 0.82, 2.0), (0.8, 0.88, 0.5), (0.83, 0.85, 0.5)],
)
def test_accuracy_has_fallen_where_its_interval_ends_two_points_below_the_evaluation(
    accuracy: float, high: float, score: float
) -> None:
    concepts = Concepts(Evaluated(topic=0.86))
    concepts.hear(report(accuracy, high=high))

    (cause,) = concepts.causes(MODEL)

    assert cause.score == pytest.approx(score)
    assert (cause.kind, cause.name) == (Kind.CONCEPT, "accuracy=topic")
    assert (cause.before, cause.after) == (0.86, accuracy)


@pytest.mark.parametrize(
    "told",
    [
        report(0.86, high=0.9),
        report(0.5, high=0.55, labels=49),
        report(0.5, high=0.55, version="6"),
    ],
)
def test_good_few_and_other_labels_say_nothing(told: LearningReport) -> None:
    concepts = Concepts(Evaluated(topic=0.86))
    concepts.hear(told)

    assert concepts.causes(MODEL) == ()


def test_figures_stay_until_the_next_report_and_the_evaluation_is_asked_for_once() -> None:
    evaluated = Evaluated(topic=0.86)
    concepts = Concepts(evaluated)
    concepts.hear(report(0.7, high=0.75))

    assert concepts.causes(MODEL) == concepts.causes(ModelVersion("tickertape", "7", 9))
    assert evaluated.asked == [MODEL]


def test_alarm_of_the_learner_counts_for_one_window() -> None:
    concepts = Concepts(Evaluated())
    concepts.hear(alarm("sentiment"))

    (cause,) = concepts.causes(MODEL)

    assert (cause.name, cause.score) == ("accuracy=sentiment", 2.0)
    assert (cause.before, cause.after) == (pytest.approx(0.8), pytest.approx(0.5))
    assert concepts.causes(MODEL) == ()


def test_alarm_shows_the_accuracies_where_they_are_known() -> None:
    concepts = Concepts(Evaluated(topic=0.86))
    concepts.hear(report(0.85, high=0.9))
    concepts.hear(alarm())

    (cause,) = concepts.causes(MODEL)

    assert (cause.before, cause.after, cause.score) == (0.86, 0.85, 2.0)


def test_interval_of_no_width_gives_a_finite_score() -> None:
    concepts = Concepts(Evaluated(topic=0.86))
    concepts.hear(report(0.0, high=0.0))

    (cause,) = concepts.causes(MODEL)

    assert cause.score == pytest.approx(840)


def test_other_events_of_the_contest_are_passed_over() -> None:
    lead: Any = ChallengerLead("topic", over="batch", reason="", labels=9, challenger="8")
    concepts = Concepts(Evaluated(topic=0.86))
    concepts.hear(LearningEvent("tickertape", "7", 300, lead, "2026-01-01T00:00:00Z"))

    assert concepts.causes(MODEL) == ()
