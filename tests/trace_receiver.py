"""An OTLP/HTTP receiver of the test's own."""

import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as a receiver reads it; ids in hex, `parent_id` empty for the first of a trace; times since 1970."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str | int]
    is_failed: bool
    started_at: float
    ended_at: float
    service: str


class TraceReceiver(ThreadingHTTPServer):
    """An OTLP/HTTP receiver of the test's own.

    Attributes:
        status: what it answers.
        may_answer: it answers once this is set.
        requests: path and headers of each request.
        spans: what came, whatever was answered.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _TraceHandler)
        self.status = 200
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.spans: list[ReceivedSpan] = []
        self.endpoint = f"http://127.0.0.1:{self.server_port}"

    def wait_for(self, count: int, *, timeout_seconds: float = 30.0) -> list[ReceivedSpan]:
        """Wait until so many spans came; gives all."""
        deadline = time.monotonic() + timeout_seconds
        while len(self.spans) < count:
            assert time.monotonic() < deadline, f"{len(self.spans)} of {count} spans came in {timeout_seconds} s"
            time.sleep(0.02)
        return list(self.spans)


class _TraceHandler(BaseHTTPRequestHandler):
    server: TraceReceiver

    def do_POST(self) -> None:  # http.server's
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.server.spans += received_spans(body)
        self.server.may_answer.wait()
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def received_spans(body: bytes) -> list[ReceivedSpan]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: PLC0415
    from opentelemetry.proto.trace.v1.trace_pb2 import Status  # noqa: PLC0415  # few tests need it

    def values(attributes: Any) -> dict[str, Any]:
        return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}

    return [
        ReceivedSpan(
            name=span.name,
            kind=span.kind,
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            attributes=values(span.attributes),
            is_failed=span.status.code == Status.STATUS_CODE_ERROR,
            started_at=span.start_time_unix_nano / 1e9,
            ended_at=span.end_time_unix_nano / 1e9,
            service=values(resource.resource.attributes)["service.name"],
        )
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
