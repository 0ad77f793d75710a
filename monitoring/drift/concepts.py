"""Concept drift: the answers are right less often than they were, by labels that come late."""

from typing import Protocol

from models.contest_records import DriftAlarm
from models.online.prequential import Standing
from models.online.report import LearningEvent, LearningReport
from models.online.rules import ALARM_THRESHOLD
from models.records import ModelVersion
from monitoring.drift.columns import ACCURACY
from monitoring.drift.records import Cause, Kind

MARGIN = 0.02  # of accuracy: labels that people give differ by as much from those that a model was measured on
FEWEST_LABELS = 50  # fewer say nothing of an accuracy
_LEAST_WIDTH = 0.001  # of half an interval, where all labels say the same
HEADS = ("topic", "sentiment")


class Accuracies(Protocol):
    """Tells how often a model was right when it was evaluated."""

    def of(self, model: ModelVersion) -> dict[str, float]:
        """Give the accuracy by head, 0 to 1; a head that is not known is left out."""


class Concepts:
    """Keeps what the learner told last of each head, and finds causes in it.

    The accuracy of what is served has fallen where the upper end of its 95 % interval, over the last labels, is below what
    the model had at its evaluation less `MARGIN`. The score is how far it is below, in halves of the interval. An alarm of
    the learner counts for the window in which it came; its score is the detector's figure over its threshold.

    Args:
        accuracies: how often models were right when they were evaluated.
    """

    def __init__(self, accuracies: Accuracies) -> None:
        self._accuracies = accuracies
        self._report: LearningReport | None = None
        self._alarms: dict[str, DriftAlarm] = {}
        self._version: tuple[str, str] | None = None
        self._evaluated: dict[str, float] = {}

    def hear(self, told: LearningReport | LearningEvent) -> None:
        """Take in what the learner told."""
        if isinstance(told, LearningReport):
            self._report = told
        elif isinstance(told.event, DriftAlarm):
            self._alarms[told.event.head] = told.event

    def causes(self, model: ModelVersion) -> tuple[Cause, ...]:
        """Give what moved, or nearly did, for the window that ends now; alarms are then forgotten.

        Args:
            model: the version that answered; figures of another one are passed over.
        """
        alarms, self._alarms = self._alarms, {}
        report = self._report
        if report is not None and (report.name, report.version) != (model.name, model.version):
            report = None
        evaluated = self._evaluation(model)
        found = []
        for head in HEADS:
            served = report.heads[head].window.get("served") if report is not None and head in report.heads else None
            cause = _cause(head, served, evaluated.get(head), alarms.get(head))
            if cause is not None:
                found.append(cause)
        return tuple(found)

    def _evaluation(self, model: ModelVersion) -> dict[str, float]:
        if self._version != (model.name, model.version):
            self._version, self._evaluated = (model.name, model.version), self._accuracies.of(model)
        return self._evaluated


def _cause(head: str, served: Standing | None, evaluated: float | None, alarm: DriftAlarm | None) -> Cause | None:
    before, after, score = 0.0, 0.0, 0.0
    if alarm is not None:
        before, after, score = 1 - alarm.mean_surprise, 1 - alarm.surprise, alarm.rise / ALARM_THRESHOLD
    if served is not None and evaluated is not None and served.labels >= FEWEST_LABELS:
        before, after = evaluated, served.accuracy.value
        score = max(score, accuracy_score(served, evaluated))
    return Cause(Kind.CONCEPT, ACCURACY, head, "short", before, after, score) if score > 0 else None


def accuracy_score(served: Standing, evaluated: float) -> float:
    """Give how far an accuracy has fallen: 1 where the upper end of its interval is at the limit, 0 for not at all."""
    fallen = evaluated - MARGIN - served.accuracy.value
    return max(fallen, 0.0) / max(served.accuracy.interval.high - served.accuracy.value, _LEAST_WIDTH)
