"""The tracer with a receiver of the test's own."""

import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from models.errors import TracingError
from monitoring.tracing.outbox import Pace
from monitoring.tracing.spans import open_tracer
from monitoring.tracing.traceparent import Parent, read_traceparent
from monitoring.tracing.tracer import OpenTelemetryTracer

Open = Callable[..., OpenTelemetryTracer]

CONSUMER = 5  # SPAN_KIND_CONSUMER


def span_of(opened: OpenTelemetryTracer, parent: Parent | None = None) -> Any:
    return opened.begin("work", kind="consumer", parent=parent, attributes={})


@pytest.fixture
def opened() -> Iterator[Open]:
    """Open tracers; closed at the end."""
    tracers: list[OpenTelemetryTracer] = []

    def open_one(endpoint: str, **options: Any) -> OpenTelemetryTracer:
        pace = Pace(export_delay_seconds=0.01)
        defaults = {"headers": {}, "service_name": "test", "max_queued_spans": 100, "pace": pace}
        tracers.append(OpenTelemetryTracer(endpoint=endpoint, **defaults | options))
        return tracers[-1]

    yield open_one
    for one in tracers:
        one.close()


@pytest.fixture
def dead_endpoint() -> Iterator[str]:
    """Give a port that refuses connections."""
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def test_span_arrives_with_its_parent_kind_time_and_attributes(opened: Open, trace_receiver: Any) -> None:
    parent = Parent(0xABC, 0xDEF, 1)
    span = opened(trace_receiver.endpoint).begin(
        "work", kind="consumer", parent=parent, attributes={"a": "b"}, start_seconds=1_000.5
    )

    assert span is not None
    span.describe({"c": 7})
    span.end()

    (received,) = trace_receiver.wait_for(1)
    assert (received.name, received.kind, received.service) == ("work", CONSUMER, "test")
    assert (received.trace_id, received.parent_id) == (f"{0xABC:032x}", f"{0xDEF:016x}")
    assert received.attributes == {"a": "b", "c": 7}
    assert received.started_at == 1_000.5
    assert received.ended_at > 1_000.5
    assert not received.is_failed


def test_traceparent_names_the_span_and_keeps_the_trace_and_its_flag(opened: Open, trace_receiver: Any) -> None:
    span = span_of(opened(trace_receiver.endpoint), Parent(0xABC, 0xDEF, 1))
    span.end()

    (received,) = trace_receiver.wait_for(1)
    assert span.traceparent == f"00-{0xABC:032x}-{received.span_id}-01".encode()


def test_span_without_a_parent_begins_a_trace_that_is_recorded(opened: Open, trace_receiver: Any) -> None:
    span = span_of(opened(trace_receiver.endpoint))
    span.end()

    (received,) = trace_receiver.wait_for(1)
    named = read_traceparent([span.traceparent])
    assert named is not None
    assert (f"{named.trace_id:032x}", f"{named.span_id:016x}") == (received.trace_id, received.span_id)
    assert named.is_sampled
    assert received.parent_id == ""


def test_span_that_fails_says_why(opened: Open, trace_receiver: Any) -> None:
    span = span_of(opened(trace_receiver.endpoint))
    span.fail("invalid_json")
    span.end()

    (received,) = trace_receiver.wait_for(1)
    assert received.is_failed
    assert received.attributes == {"error.type": "invalid_json"}


def test_requests_go_to_the_path_of_traces_with_the_headers(opened: Open, trace_receiver: Any) -> None:
    span_of(opened(trace_receiver.endpoint + "/otlp/", headers={"authorization": "Bearer x"})).end()

    trace_receiver.wait_for(1)
    ((path, headers),) = trace_receiver.requests
    assert path == "/otlp/v1/traces"
    assert headers["authorization"] == "Bearer x"
    assert headers["content-type"] == "application/x-protobuf"


def test_variables_of_the_environment_do_not_override_what_is_given(
    opened: Open, trace_receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/elsewhere")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "elsewhere")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "never")

    span_of(opened(trace_receiver.endpoint)).end()

    (received,) = trace_receiver.wait_for(1)
    assert received.service == "test"


def test_closing_exports_what_waits(trace_receiver: Any, opened: Open) -> None:
    one = opened(trace_receiver.endpoint, pace=Pace(export_delay_seconds=3600))
    for _ in range(20):
        span_of(one).end()

    one.close()

    assert len(trace_receiver.spans) == 20


def test_refusal_of_the_receiver_is_told_with_its_reason(
    opened: Open, trace_receiver: Any, caplog: pytest.LogCaptureFixture
) -> None:
    trace_receiver.status = 404
    one = opened(trace_receiver.endpoint)
    span_of(one).end()

    one.close()

    (line,) = [record for record in caplog.records if record.message == "spans_lost"]
    assert (line.levelno, line.spans, line.endpoint) == (logging.WARNING, 1, trace_receiver.endpoint)
    assert "404" in line.error
    assert "Not Found" in line.error


def test_loss_is_told_once_in_a_while_and_not_for_each_export(
    opened: Open, trace_receiver: Any, caplog: pytest.LogCaptureFixture
) -> None:
    trace_receiver.status = 400
    one = opened(trace_receiver.endpoint)
    for number in range(1, 6):
        span_of(one).end()
        trace_receiver.wait_for(number)

    one.close()

    told = [record.spans for record in caplog.records if record.message == "spans_lost"]
    assert len(trace_receiver.requests) == 5
    assert told == [1, 4]


def test_spans_beyond_the_queue_are_refused_counted_and_free_again_after_an_export(
    opened: Open, trace_receiver: Any, caplog: pytest.LogCaptureFixture
) -> None:
    trace_receiver.may_answer.clear()
    one = opened(trace_receiver.endpoint, max_queued_spans=3)
    begun = [span_of(one) for _ in range(5)]
    for span in begun:
        span.end()

    assert span_of(one) is None
    trace_receiver.may_answer.set()
    trace_receiver.wait_for(3)
    while (span := span_of(one)) is None:
        time.sleep(0.01)
    span.end()
    one.close()

    told = [(record.spans, record.error) for record in caplog.records if record.message == "spans_lost"]
    assert len(trace_receiver.spans) == 4
    assert sum(spans for spans, _ in told) >= 3
    assert {error for _, error in told} == {"more spans at once than OTEL_BSP_MAX_QUEUE_SIZE"}


def test_silent_receiver_keeps_nobody_from_closing(
    opened: Open, trace_receiver: Any, caplog: pytest.LogCaptureFixture
) -> None:
    trace_receiver.may_answer.clear()
    one = opened(trace_receiver.endpoint, pace=Pace(close_timeout_seconds=0.2))
    span_of(one).end()

    one.close()  # the test would hang here, for as long as the receiver does

    assert not trace_receiver.may_answer.is_set()
    told = [(record.spans, record.error) for record in caplog.records if record.message == "spans_lost"]
    assert told == [(1, "the process ended before they were sent")]
    trace_receiver.may_answer.set()
    for thread in threading.enumerate():
        if thread.name == "close-tracer":
            thread.join()


def test_dead_endpoint_is_told_as_one(opened: Open, dead_endpoint: str, caplog: pytest.LogCaptureFixture) -> None:
    one = opened(dead_endpoint, pace=Pace(export_delay_seconds=0.01, export_timeout_seconds=1.5))
    span_of(one).end()

    one.close()

    (line,) = [record for record in caplog.records if record.message == "spans_lost"]
    assert line.spans == 1
    assert "Connection refused" in line.error


def test_missing_packages_are_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "monitoring.tracing.tracer")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)

    with pytest.raises(TracingError, match=r"ENDPOINT is set, but opentelemetry\S+ is not installed: run `make"):
        open_tracer(endpoint="http://127.0.0.1:4318", headers={}, service_name="test", max_queued_spans=1)


def test_doors_import_no_sdk_until_a_tracer_is_opened() -> None:
    program = "import sys, stream.app, api.app, api.commands.serve; print('opentelemetry.sdk' in sys.modules)"

    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert found.stdout == "False\n"
