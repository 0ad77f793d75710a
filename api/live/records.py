"""Records of the topics -> what the feed tells of them; what is none of ours gives None, and never raises."""

import re
from typing import Protocol

import msgspec

from api.live.frames import Accuracy, Drift, Event, Figure, HeadAccuracy
from models.contest_records import ChallengerLead, ContestDecision
from models.feedback import FeedbackReason
from models.online.prequential import HEAD_NAMES, HeadStandings
from models.online.report import LearningEvent, LearningReport
from models.records import ClassifiedTweet, ModelChange
from models.taxonomy import ANSWERS
from models.tweets import Reason
from monitoring.drift.records import DriftEvent

CHANGE_TYPES = ("tickertape.model.swapped.v1", "tickertape.model.refused.v1")
EVENT_TYPES = (
    "tickertape.learning.contest_decision.v1",
    "tickertape.learning.drift_alarm.v1",
    "tickertape.learning.challenger_lead.v1",
)
REPORT_TYPE = "tickertape.learning.report.v1"
OTHER_REASON = "other"
"""The reason of a dead letter that names none of ours."""
MOST_CAUSES = 5
MOST_CHARACTERS = 400  # of a sentence; who writes to the topic may write anything

_REASONS = frozenset({*Reason, *FeedbackReason})
_REPORT_ID = re.compile(r"[0-9a-f]{8}-[0-9]{8}")
_ANSWERS = frozenset(ANSWERS)
# What bad values can lead to; msgspec's errors are ValueErrors.
_MALFORMED = (ValueError, TypeError, OverflowError, RecursionError)
_tweet_decoder = msgspec.json.Decoder(ClassifiedTweet)
_change_decoder = msgspec.json.Decoder(ModelChange)
_event_decoder = msgspec.json.Decoder(LearningEvent)
_report_decoder = msgspec.json.Decoder(LearningReport)
_drift_decoder = msgspec.json.Decoder(DriftEvent)


class Record(Protocol):
    """The part of aiokafka's record that is used.

    Attributes:
        offset: in its partition.
        timestamp: Kafka's, in ms since 1970.
        value: None for a tombstone.
        headers: in their order.
    """

    offset: int
    timestamp: int
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def header(record: Record, name: str) -> str:
    """Give a header's value, empty where it has none; what is no ASCII has question marks instead."""
    return next((value.decode("ascii", "replace") for key, value in record.headers if key == name and value), "")


def read_tweet(record: Record) -> ClassifiedTweet | None:
    """Read a record of `tweets.classified`."""
    try:
        tweet = _tweet_decoder.decode(record.value or b"")
    except _MALFORMED:
        return None
    return tweet if tweet.label in _ANSWERS and -1 <= tweet.sentiment_score <= 1 else None


def read_metrics(record: Record) -> Event | Accuracy | None:
    """Read a record of `tweets.metrics`; other kinds than the ones that are shown give None, too."""
    kind, value = header(record, "ce_type"), record.value or b""
    try:
        if kind in CHANGE_TYPES:
            return _change(_change_decoder.decode(value))
        if kind in EVENT_TYPES:
            return _learning(_event_decoder.decode(value))
        return _accuracy(_report_decoder.decode(value)) if kind == REPORT_TYPE else None
    except _MALFORMED:
        return None


def is_shown(record: Record) -> bool:
    """Tell whether a record of `tweets.metrics` is of a kind that `read_metrics` reads."""
    return header(record, "ce_type") in (*CHANGE_TYPES, *EVENT_TYPES, REPORT_TYPE)


def read_drift(record: Record) -> Drift | None:
    """Read a record of `tweets.drift`; its state is `unknown` where the window had too few tweets."""
    try:
        event = _drift_decoder.decode(record.value or b"")
    except _MALFORMED:
        return None
    states = {"quiet": "ok", "drift": "drift", "too_few": "unknown"}
    return Drift(
        state=states[event.outcome],  # type: ignore[arg-type]  # one of them
        window=event.window.number,
        at=_cut(event.time),
        causes=tuple(_cut(f"{one.name}: {one.before:.3g} to {one.after:.3g}") for one in event.causes[:MOST_CAUSES]),
        report=f"/drift/{event.report}" if event.report and _REPORT_ID.fullmatch(event.report) else None,
    )


def read_reason(record: Record) -> str:
    """Give the reason of a dead letter."""
    reason = header(record, "reason")
    return reason if reason in _REASONS else OTHER_REASON


def _change(change: ModelChange) -> Event:
    text = f"version {change.version} answers instead of {change.previous_version}"
    if change.outcome == "refused":
        text = f"version {change.version} was refused, {change.previous_version} goes on: {'; '.join(change.reasons)}"
    return Event(at=_cut(change.time), type=change.outcome, text=_cut(text))


def _learning(told: LearningEvent) -> Event:
    event = told.event
    if isinstance(event, ContestDecision):
        text = f"{event.head}: {event.answers} answers instead of {event.before}: {event.reason}"
    elif isinstance(event, ChallengerLead):
        text = f"{event.head}: challenger {event.challenger} is better than {event.over}: {event.reason}"
    else:
        text = f"{event.head}: labels surprise more, {event.surprise:.3f} where {event.mean_surprise:.3f} is the mean"
    return Event(at=_cut(told.time), type=told.kind, text=_cut(text))


def _accuracy(report: LearningReport) -> Accuracy:
    topic, sentiment = (report.heads.get(name) for name in HEAD_NAMES)
    return Accuracy(at=_cut(report.time), label=_head(topic), sentiment=_head(sentiment))


def _head(standings: HeadStandings | None) -> HeadAccuracy | None:
    names = HeadAccuracy.__struct_fields__
    if standings is None or not all(name in standings.window for name in names):
        return None
    figures = (standings.window[name] for name in names)
    return HeadAccuracy(*(Figure(accuracy=one.accuracy.value, labels=one.labels) for one in figures))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3] + "..."
