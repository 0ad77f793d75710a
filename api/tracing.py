"""A span for each request that is traced."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.tracing.sampling import Sampler
from monitoring.tracing.spans import Span, Tracer
from monitoring.tracing.traceparent import read_traceparent

HEADER = b"traceparent"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"})
OTHER_METHOD = "_OTHER"  # a client may write anything there
FIRST_SERVER_FAULT = 500


@dataclass(frozen=True)
class Traces:
    """What it takes to trace requests.

    Attributes:
        tracer: makes the spans.
        sampler: draws among the requests that come without a trace.
    """

    tracer: Tracer
    sampler: Sampler


class RequestTraces:
    """ASGI middleware that makes the spans; around all others, so that it sees every answer.

    Paths and queries are in no span, only the route that took them: a stranger may have written anything there.

    Args:
        app: what answers.
        traces: what makes them.
    """

    def __init__(self, app: ASGIApp, *, traces: Traces) -> None:
        self._app = app
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        span = self._begin(scope) if scope["type"] == "http" else None
        if span is None:
            await self._app(scope, receive, send)
            return
        status = 0

        async def send_seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_seen)
        except Exception as exc:
            span.fail(type(exc).__name__)
            raise
        finally:
            _describe(span, scope, status)
            span.end()

    def _begin(self, scope: Scope) -> Span | None:
        parent = read_traceparent([value for name, value in scope["headers"] if name == HEADER])
        if not self._traces.sampler.takes(parent):
            return None
        method = _method(scope)
        return self._traces.tracer.begin(
            method,
            kind="server",
            parent=parent,
            attributes={"http.request.method": method, "url.scheme": scope["scheme"]},
        )


def _describe(span: Span, scope: Scope, status: int) -> None:
    """Say which route answered, and with which status; 0 where the client left before."""
    if (route := scope.get("route")) is not None:
        span.rename(f"{_method(scope)} {route.path}")
        span.describe({"http.route": route.path})
    if status:
        span.describe({"http.response.status_code": status})
    if status >= FIRST_SERVER_FAULT:
        span.fail(str(status))


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in METHODS else OTHER_METHOD
