"""Which requests are traced, and what their spans say."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.request_errors import FeedbackNotDeliveredError
from api.tracing import RequestTraces, Traces
from monitoring.tracing.sampling import Sampler
from monitoring.tracing.traceparent import Parent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
PARENT = Parent(int(TRACE, 16), int(SPAN, 16), 1)

Serve = Callable[..., Any]


def traces(tracer: Any, *, share: float = 0) -> Traces:
    return Traces(tracer, Sampler(share))


async def test_request_of_a_recorded_trace_has_a_span_with_route_and_status(
    serve_ready: Serve, recording_tracer: Any
) -> None:
    async with serve_ready(traces=traces(recording_tracer)) as client:
        await client.post("/predict", json={"texts": [{"text": "up"}]}, headers=SAMPLED)

    (span,) = recording_tracer.spans
    assert (span.name, span.kind, span.parent, span.error, span.is_ended) == (
        "POST /predict",
        "server",
        PARENT,
        "",
        True,
    )
    assert span.attributes == {
        "http.request.method": "POST",
        "url.scheme": "http",
        "http.route": "/predict",
        "http.response.status_code": 200,
    }


async def test_route_is_named_by_its_template_and_never_by_what_the_client_wrote(
    serve_ready: Serve, recording_tracer: Any
) -> None:
    async with serve_ready(traces=traces(recording_tracer)) as client:
        await client.get("/args/secret?more=secret", headers=SAMPLED)
        await client.get("/secret", headers=SAMPLED)
        await client.request("SECRET", "/predict", headers=SAMPLED)

    args, unknown, odd = recording_tracer.spans
    assert (args.name, args.attributes["http.route"]) == ("GET /args/{arg}", "/args/{arg}")
    assert (unknown.name, unknown.attributes["http.response.status_code"]) == ("GET", 404)
    assert "http.route" not in unknown.attributes
    assert odd.attributes["http.request.method"] == "_OTHER"
    assert "secret" not in repr(recording_tracer.spans).lower()


async def test_fault_of_the_client_is_no_failure_and_ours_is(
    serve_ready: Serve, publisher: Any, recording_tracer: Any
) -> None:
    publisher.failure = FeedbackNotDeliveredError("Kafka is away")
    feedback = {"feedback": [{"tweet_id": "1", "label": "Macro", "source": "desk"}]}

    async with serve_ready(traces=traces(recording_tracer)) as client:
        await client.post("/predict", content=b"{", headers=SAMPLED | {"content-type": "application/json"})
        await client.post("/feedback", json=feedback, headers=SAMPLED)

    said = [(span.attributes["http.response.status_code"], span.error) for span in recording_tracer.spans]
    assert said == [(400, ""), (503, "503")]


async def test_request_without_a_valid_trace_is_drawn(serve_ready: Serve, recording_tracer: Any) -> None:
    async with serve_ready(traces=traces(recording_tracer, share=1)) as client:
        recording_tracer.spans.clear()
        await client.get("/health/live")
        await client.get("/health/live", headers={"traceparent": "00-nonsense-01"})
        await client.get("/health/live", headers=[("traceparent", SAMPLED["traceparent"])] * 2)

    assert [span.parent for span in recording_tracer.spans] == [None, None, None]


@pytest.mark.parametrize("share", [0, 1])
async def test_request_of_an_unrecorded_trace_has_no_span(
    serve_ready: Serve, recording_tracer: Any, share: float
) -> None:
    async with serve_ready(traces=traces(recording_tracer, share=share)) as client:
        recording_tracer.spans.clear()
        await client.get("/health/live", headers={"traceparent": f"00-{TRACE}-{SPAN}-00"})

    assert recording_tracer.spans == []


async def test_requests_are_answered_when_no_span_can_be_made(serve_ready: Serve, recording_tracer: Any) -> None:
    recording_tracer.is_full = True

    async with serve_ready(traces=traces(recording_tracer, share=1)) as client:
        answer = await client.post("/predict", json={"texts": [{"text": "up"}]}, headers=SAMPLED)

    assert answer.status_code == httpx.codes.OK
    assert recording_tracer.spans == []


async def test_tracer_is_closed_with_the_application(serve_ready: Serve, recording_tracer: Any) -> None:
    async with serve_ready(traces=traces(recording_tracer)):
        assert not recording_tracer.is_closed

    assert recording_tracer.is_closed


async def test_exception_ends_the_span_as_failed_and_goes_on(recording_tracer: Any) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    app = RequestTraces(fail, traces=traces(recording_tracer, share=1))
    scope = {"type": "http", "method": "GET", "scheme": "http", "headers": []}

    with pytest.raises(RuntimeError, match="secret"):
        await app(scope, None, None)  # type: ignore[arg-type]  # neither is called

    (span,) = recording_tracer.spans
    assert (span.error, span.is_ended) == ("RuntimeError", True)
    assert "http.response.status_code" not in span.attributes
