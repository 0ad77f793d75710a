"""Spans by OpenTelemetry's SDK."""

import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import Literal

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from monitoring.tracing.outbox import Exporter, Losses, Outbox, Pace
from monitoring.tracing.spans import Attributes
from monitoring.tracing.traceparent import Parent

TRACES_PATH = "/v1/traces"

_KINDS = {"consumer": SpanKind.CONSUMER, "server": SpanKind.SERVER}


class OpenTelemetryTracer:
    """Implements `monitoring.tracing.spans.Tracer`; all spans end in one thread.

    What is sampled is decided before, so the SDK records every span that it is asked for.

    Args:
        endpoint: see `monitoring.tracing.spans.open_tracer`.
        headers: as above.
        service_name: as above.
        max_queued_spans: as above.
        pace: how soon spans are exported, and how long the end may take.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        headers: Mapping[str, str],
        service_name: str,
        max_queued_spans: int,
        pace: Pace = Pace(),  # noqa: B008  # frozen
    ) -> None:
        self._losses = Losses(endpoint, tell_seconds=pace.tell_seconds)
        self._close_timeout_seconds = pace.close_timeout_seconds
        exporter = OTLPSpanExporter(
            endpoint=endpoint.rstrip("/") + TRACES_PATH,
            headers=headers,
            timeout=pace.export_timeout_seconds,
            compression=Compression.NoCompression,
        )
        self._outbox = Outbox(
            Exporter(exporter, self._losses), self._losses, max_queued_spans=max_queued_spans, pace=pace
        )
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource.create({SERVICE_NAME: service_name, SERVICE_VERSION: version("tickertape")}),
            shutdown_on_exit=False,  # it would wait for half a minute
        )
        self._provider.add_span_processor(self._outbox)
        self._tracer = self._provider.get_tracer("tickertape", version("tickertape"))

    def begin(
        self,
        name: str,
        *,
        kind: Literal["consumer", "server"],
        parent: Parent | None,
        attributes: Attributes,
        start_seconds: float | None = None,
    ) -> "OpenTelemetrySpan | None":
        """Begin a span; None where it would be lost."""
        if self._outbox.is_full:
            self._losses.add(1)
            self._losses.tell()
            return None
        span = self._tracer.start_span(
            name,
            context=_context(parent),
            kind=_KINDS[kind],
            attributes=attributes,
            start_time=None if start_seconds is None else int(start_seconds * 1e9),
        )
        return OpenTelemetrySpan(span)

    def close(self) -> None:
        """Export what waits; takes a few seconds at most, then the rest is lost."""
        closing = threading.Thread(target=self._provider.shutdown, name="close-tracer", daemon=True)
        closing.start()
        closing.join(self._close_timeout_seconds)
        self._losses.end(self._outbox.waiting)


class OpenTelemetrySpan:
    """Implements `monitoring.tracing.spans.Span`.

    Attributes:
        traceparent: the header that names this span.
    """

    def __init__(self, span: Span) -> None:
        context = span.get_span_context()
        self._span = span
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}".encode()

    def rename(self, name: str) -> None:
        """Give it another name."""
        self._span.update_name(name)

    def describe(self, attributes: Attributes) -> None:
        """Say more about it."""
        self._span.set_attributes(attributes)

    def fail(self, reason: str) -> None:
        """Say that it did not end well."""
        self._span.set_attribute("error.type", reason)
        self._span.set_status(StatusCode.ERROR)

    def end(self) -> None:
        """End it now and hand it over for export."""
        self._span.end()


def _context(parent: Parent | None) -> Context:
    """Name the parent to the SDK; without one the context is empty, and never what else runs in this thread."""
    if parent is None:
        return Context()
    remote = SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=TraceFlags(parent.flags))
    return set_span_in_context(NonRecordingSpan(remote), Context())
