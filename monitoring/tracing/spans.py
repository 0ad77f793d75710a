"""What is asked of a tracer, and the way to one; OpenTelemetry is imported when the way is taken."""

import importlib
from collections.abc import Mapping
from typing import Literal, Protocol

from models.errors import TracingError
from monitoring.tracing.traceparent import Parent

Attributes = Mapping[str, str | int]
"""Never the text, the id or the author of a tweet."""


class Span(Protocol):
    """One piece of work of a trace."""

    @property
    def traceparent(self) -> bytes:
        """The header that names this span to whoever goes on."""

    def rename(self, name: str) -> None:
        """Give it another name."""

    def describe(self, attributes: Attributes) -> None:
        """Say more about it."""

    def fail(self, reason: str) -> None:
        """Say that it did not end well; the reason is one of few."""

    def end(self) -> None:
        """End it now and hand it over for export; never waits, never raises."""


class Tracer(Protocol):
    """Begins spans and exports those that have ended."""

    def begin(
        self,
        name: str,
        *,
        kind: Literal["consumer", "server"],
        parent: Parent | None,
        attributes: Attributes,
        start_seconds: float | None = None,
    ) -> Span | None:
        """Begin a span; None where it would be lost, as too many wait for their export.

        Args:
            name: one of few.
            kind: what the process is for the parent.
            parent: None begins a trace.
            attributes: what is known of it.
            start_seconds: when it began, in seconds since 1970; None for now.
        """

    def close(self) -> None:
        """Export what waits; takes a few seconds at most."""


def require_opentelemetry() -> None:
    """Make sure that a tracer can be opened.

    Raises:
        TracingError: OpenTelemetry is not installed.
    """
    try:
        importlib.import_module("monitoring.tracing.tracer")
    except ModuleNotFoundError as exc:
        raise TracingError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT is set, but {exc.name} is not installed: run `make venv` or install "
            "the extra trace, or set OTEL_SDK_DISABLED=true"
        ) from exc


def open_tracer(*, endpoint: str, headers: Mapping[str, str], service_name: str, max_queued_spans: int) -> Tracer:
    """Begin to export spans.

    Args:
        endpoint: URL of an OTLP/HTTP receiver, without `/v1/traces`.
        headers: for each request to it.
        service_name: what the spans come from.
        max_queued_spans: most spans that wait for their export; further ones are lost.

    Raises:
        TracingError: OpenTelemetry is not installed.
    """
    require_opentelemetry()
    from monitoring.tracing.tracer import OpenTelemetryTracer  # noqa: PLC0415  # an extra, may be absent

    return OpenTelemetryTracer(
        endpoint=endpoint, headers=headers, service_name=service_name, max_queued_spans=max_queued_spans
    )
