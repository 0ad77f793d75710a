"""Tells of a window: report, event, alerts, metrics and one line in the log, in this order."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import msgspec

from models.errors import DriftError
from models.records import ModelVersion
from monitoring.drift.monitor import Verdict
from monitoring.drift.recording import record_drift_window
from monitoring.drift.records import DriftEvent, Span, event_id
from monitoring.drift.references.reference import Reference
from monitoring.drift.windows import Window
from stream.drift.cutting import OpenWindow
from stream.drift.subjects import DriftEvents, Subject
from stream.kafka.offsets import format_offsets

MOST_CAUSES = 500  # of an event; about 200 kB, a fifth of what Kafka takes
SHOWN_NAMES = 10  # in a line of the log

logger = logging.getLogger(__name__)


class Reports(Protocol):
    """Where reports are put."""

    def is_due(self, event: DriftEvent) -> bool:
        """Tell whether a window is to have a report though nothing opened: the last of its reference is long ago."""

    def put(self, event: DriftEvent, reference: Reference, window: Window, verdict: Verdict) -> None:
        """Make a report and put it in place; takes seconds.

        Raises:
            DriftError: it can't be made or written.
        """


class Alerts(Protocol):
    """Tells people."""

    def tell(self, event: DriftEvent) -> None:
        """Hand on an event; never waits, and never raises."""


class Teller:
    """Tells of windows.

    Args:
        told: where events go.
        reports: where reports go.
        alerts: told of each event after Kafka has it.
        clock: gives seconds since 1970.
    """

    def __init__(
        self, told: DriftEvents, reports: Reports, alerts: Alerts, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._told, self._reports, self._alerts = told, reports, alerts
        self._clock = clock

    def tell(
        self, subject: Subject, window: Window, verdict: Verdict, *, span: Span, model: ModelVersion
    ) -> DriftEvent:
        """Tell of a window, and give the event once Kafka has it.

        Args:
            subject: what it was compared with.
            window: what was compared.
            verdict: on it.
            span: where its tweets stand.
            model: the versions that answered the last of them.

        Raises:
            BrokerError: it could not be delivered.
            KafkaError: no broker answers.
        """
        event = self._event(subject.reference, verdict, span, model)
        if event.outcome != "too_few" and (event.opened or self._reports.is_due(event)):
            event = self._with_report(event, subject.reference, window, verdict)
        self._told.tell(event)
        self._alerts.tell(event)
        record_drift_window(event.outcome, event.kinds, event.scores)
        _log(event)
        return event

    def tell_alerts_again(self, event: DriftEvent) -> None:
        """Hand on an event of before a restart, of which nobody knows whether people were told."""
        self._alerts.tell(event)

    def _event(self, reference: Reference, verdict: Verdict, span: Span, model: ModelVersion) -> DriftEvent:
        return replace(verdict, causes=verdict.causes[:MOST_CAUSES]).event(
            span, reference=reference, model=model, replay=replay_command(span), time=self._clock()
        )

    def _with_report(self, event: DriftEvent, reference: Reference, window: Window, verdict: Verdict) -> DriftEvent:
        event = msgspec.structs.replace(event, report=event_id(event.reference, event.window.number))
        try:
            self._reports.put(event, reference, verdict.long or window, verdict)
        except DriftError as exc:
            logger.error("drift_report_failed", extra={"report": event.report, "error": str(exc)})  # noqa: TRY400
            return msgspec.structs.replace(event, report=None)
        return event


def replay_command(span: Span) -> str:
    """Give the command that reads a window's tweets again."""
    start, end = _numbered(span.start), _numbered(span.end)
    read = {number for number in start if start[number] < end[number]}
    start, end = ({number: offsets[number] for number in read} for offsets in (start, end))
    return f"tickertape tail --topic classified --from {format_offsets(start)} --to {format_offsets(end)} --json"


def span_of(window: OpenWindow, verdict: Verdict, *, dead_letters: int, end: Mapping[int, int], skipped: int) -> Span:
    """Say where a window's tweets stand.

    Args:
        window: the tweets.
        verdict: on it.
        dead_letters: records refused by the workers while they came.
        end: offset from which each partition is read next.
        skipped: tweets before it that were left out.
    """
    return Span(
        number=verdict.number,
        tweets=len(window.rows),
        long_tweets=len(window.rows) if verdict.long is None else verdict.long.tweets,
        dead_letters=dead_letters,
        start={str(number): offset for number, offset in sorted(window.start.items())},
        end={str(number): offset for number, offset in sorted(end.items())},
        skipped=skipped,
        first_at=window.first_at,
        last_at=window.last_at,
    )


def _numbered(offsets: Mapping[str, int]) -> dict[int, int]:
    return {int(number): offset for number, offset in offsets.items()}


def _log(event: DriftEvent) -> None:
    fields: dict[str, object] = {
        "reference": event.reference,
        "version": event.model.version,
        "window": event.window.number,
        "outcome": event.outcome,
        "tweets": event.window.tweets,
        "skipped": event.window.skipped,
        "open": len(event.open),
        "report": event.report,
    }
    if event.opened:
        # A term or a ticker is a word of tweets: which ones stands in the event, and not in a log.
        columns = dict.fromkeys(name.partition("=")[0] for name in event.opened)
        fields |= {"opened": len(event.opened), "columns": ",".join(list(columns)[:SHOWN_NAMES])}
    logger.log(logging.WARNING if event.opened else logging.INFO, "drift_window", extra=fields)
