"""Spans that have ended, on their way to the receiver: a bounded queue, a thread, and the count of those that are lost."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

logger = logging.getLogger(__name__)

MAX_EXPORTED_SPANS = 512  # in one request; the SDK's own value
MAX_ERROR_CHARACTERS = 300

_NO_ROOM = "more spans at once than OTEL_BSP_MAX_QUEUE_SIZE"
_NO_TIME = "the process ended before they were sent"


@dataclass(frozen=True)
class Pace:
    """How long things take, in seconds.

    Attributes:
        export_delay_seconds: longest time that a span waits before it is sent with others.
        export_timeout_seconds: longest time that sending takes, with its repeats; others wait meanwhile.
        close_timeout_seconds: longest time to send the rest at the end; container engines wait ten before SIGKILL, and
            the chunks in flight come first.
        tell_seconds: least time between two log lines about lost spans.
    """

    export_delay_seconds: float = 1.0
    export_timeout_seconds: float = 5.0
    close_timeout_seconds: float = 3.0
    tell_seconds: float = 60.0


class Losses:
    """Counts spans that no receiver will see, and tells of them once in a while.

    Args:
        endpoint: the receiver.
        tell_seconds: see `Pace`.
    """

    def __init__(self, endpoint: str, *, tell_seconds: float) -> None:
        self._endpoint = endpoint
        self._tell_seconds = tell_seconds
        self._why = ""
        self._lock = threading.Lock()
        self._untold = 0
        self._due = 0.0

    def explain(self, error: str) -> None:
        """Keep why exports fail now; empty when they don't."""
        self._why = error

    def add(self, spans: int) -> None:
        """Count them."""
        with self._lock:
            self._untold += spans

    def tell(self) -> None:
        """Write a line if there is something to tell and the last line is old enough."""
        if self._untold and time.monotonic() >= self._due:
            self._tell(_NO_ROOM)

    def end(self, spans: int) -> None:
        """Count the last ones, and write a line if there is something to tell."""
        self.add(spans)
        self._tell(_NO_TIME)

    def _tell(self, otherwise: str) -> None:
        with self._lock:
            spans, self._untold = self._untold, 0
            self._due = time.monotonic() + self._tell_seconds
        if spans:
            error = self._why or otherwise
            logger.warning("spans_lost", extra={"spans": spans, "endpoint": self._endpoint, "error": error})


class Exporter(SpanExporter):
    """Exports with another exporter, and counts.

    Args:
        exporter: the SDK's own, which says why it failed in its log alone.
        losses: counts what did not arrive.

    Attributes:
        finished: spans that arrived or are lost; only the thread that exports writes it.
    """

    def __init__(self, exporter: SpanExporter, losses: Losses) -> None:
        self.finished = 0
        self._exporter = exporter
        self._losses = losses
        self._words = _FirstWords(losses)
        logging.getLogger(type(exporter).__module__).addHandler(self._words)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans."""
        self._words.may_come = True
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            if result is SpanExportResult.SUCCESS:
                self._losses.explain("")
            else:
                self._losses.add(len(spans))
            self.finished += len(spans)
            self._losses.tell()
        return result

    def shutdown(self) -> None:
        """Let go of the connection."""
        logging.getLogger(type(self._exporter).__module__).removeHandler(self._words)
        self._exporter.shutdown()


class _FirstWords(logging.Handler):
    """Takes the first log message of an export for the reason of its failure; those that follow speak of repeats.

    Attributes:
        may_come: the next message is the first.
    """

    def __init__(self, losses: Losses) -> None:
        super().__init__()
        self.may_come = True
        self._losses = losses

    def emit(self, record: logging.LogRecord) -> None:
        if self.may_come:
            self.may_come = False
            self._losses.explain(record.getMessage()[:MAX_ERROR_CHARACTERS])


class Outbox(BatchSpanProcessor):
    """The SDK's queue and its thread; refuses what finds no room, where the SDK would drop what has waited longest.

    Args:
        exporter: gets the spans.
        losses: counts those that are refused.
        max_queued_spans: most spans that wait or are being exported.
        pace: how soon they are exported.
    """

    def __init__(self, exporter: Exporter, losses: Losses, *, max_queued_spans: int, pace: Pace) -> None:
        super().__init__(
            exporter,
            max_queue_size=max_queued_spans,
            schedule_delay_millis=pace.export_delay_seconds * 1000,
            max_export_batch_size=min(MAX_EXPORTED_SPANS, max_queued_spans),
            export_timeout_millis=pace.export_timeout_seconds * 1000,
        )
        self._exporter = exporter
        self._losses = losses
        self._max_queued_spans = max_queued_spans
        self._taken = 0

    @property
    def waiting(self) -> int:
        """How many spans have ended and are not exported yet."""
        return self._taken - self._exporter.finished

    @property
    def is_full(self) -> bool:
        """True when the next span would be lost."""
        return self.waiting >= self._max_queued_spans

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that has ended."""
        if self.is_full:
            self._losses.add(1)
            return
        self._taken += 1
        super().on_end(span)
