import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from api.errors import STATUS_OF, Problems
from api.request_errors import RefusedError, RequestError
from models.errors import BrokerError, DriftReportNotFoundError, ModelNotExplainableError

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


def all_kinds(kind: type[Exception]) -> set[type[Exception]]:
    return {found for child in kind.__subclasses__() for found in {child} | all_kinds(child)}


def test_every_request_error_of_the_project_has_its_status() -> None:
    assert set(STATUS_OF) == all_kinds(RequestError) - {RefusedError} | {
        DriftReportNotFoundError,
        ModelNotExplainableError,
    }


@pytest.mark.parametrize(
    ("method", "path", "headers", "content", "status", "title"),
    [
        ("GET", "/nothing", {}, b"", 404, "Not Found"),
        ("POST", "/predict/", {"content-type": "application/json"}, b"{}", 404, "Not Found"),
        ("GET", "/predict", {}, b"", 405, "Method Not Allowed"),
        ("POST", "/predict", {"content-type": "application/json"}, b"{", 400, "Bad Request"),
        ("POST", "/predict", {"content-type": "text/plain"}, b"{}", 415, "Unsupported Media Type"),
        ("POST", "/predict", {"content-type": "application/json"}, b"{}", 422, "Unprocessable Content"),
        ("POST", "/predict", {"content-type": "application/json"}, b" " * 4_194_305, 413, "Content Too Large"),
        ("GET", "/docs/assets/nothing.js", {}, b"", 404, "Not Found"),
    ],
)
async def test_every_failure_is_a_problem_with_all_members(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], content: bytes, status: int, title: str
) -> None:
    response = await client.request(method, f"{path}?q=1", headers=headers, content=content)

    problem = response.json()
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert problem.pop("detail")
    problem.pop("errors", None)
    assert problem == {
        "type": "about:blank",
        "title": title,
        "status": status,
        "instance": path,
        "request_id": response.headers["x-request-id"],
    }


async def test_a_method_that_is_not_allowed_is_told_which_are(client: httpx.AsyncClient) -> None:
    response = await client.delete("/predict")

    assert response.headers["allow"] == "POST"
    assert response.json()["detail"] == "/predict does not take DELETE, it takes POST"


async def test_an_unsupported_body_is_told_what_is_read(client: httpx.AsyncClient) -> None:
    response = await client.post("/predict", content=b"x", headers={"content-type": "text/csv"})

    assert response.json()["detail"] == "content-type is 'text/csv': send application/json"
    assert response.headers["accept"] == "application/json"


async def test_wrong_fields_are_listed_with_their_place(client: httpx.AsyncClient) -> None:
    response = await client.post("/predict", json={"texts": [{"text": "a"}, {"text": " "}, {"text": 1}]})

    problem = response.json()
    assert problem["detail"] == "texts[1].text: text must hold more than white space, and 1 more (see errors)"
    assert problem["errors"] == [
        {"field": "texts[1].text", "reason": "empty_text", "detail": "text must hold more than white space"},
        {"field": "texts[2].text", "reason": "wrong_type", "detail": "Expected `str`, got `int`"},
    ]


async def test_a_fault_of_ours_is_logged_and_not_described_to_the_client(caplog: pytest.LogCaptureFixture) -> None:
    response = await answer_of(ValueError("the secret"), caplog)

    assert response.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert "secret" not in response.text
    assert response.json()["instance"] == "/predict"
    [record] = caplog.records
    assert (record.message, record.path, record.method) == ("request_failed", "/predict", "POST")
    assert record.exc_info[1].args == ("the secret",)


async def test_a_project_error_that_no_request_can_cause_is_a_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    response = await answer_of(BrokerError("inner address"), caplog)

    assert response.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert "inner address" not in response.text


async def test_a_client_that_leaves_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    async def leaves(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ClientDisconnect

    sent: list[object] = []

    async def send(message: Message) -> None:
        sent.append(message)

    with caplog.at_level(logging.INFO):
        await Problems(leaves)({"type": "http", "headers": []}, never_received, send)

    assert sent == []
    assert caplog.records == []


async def test_a_failure_after_the_answer_has_begun_is_raised_not_answered_twice() -> None:
    sent: list[object] = []

    async def breaks(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ArithmeticError

    async def send(message: Message) -> None:
        sent.append(message["type"])

    with pytest.raises(ArithmeticError):
        await Problems(breaks)({"type": "http", "headers": []}, never_received, send)

    assert sent == ["http.response.start"]


async def test_requests_that_are_too_many_get_503(serve_ready: Serve) -> None:
    async with serve_ready(max_requests=1) as client:
        held, may_end = asyncio.Event(), asyncio.Event()

        async def slow_body() -> AsyncIterator[bytes]:
            held.set()
            await may_end.wait()
            yield b'{"texts": [{"text": "slow"}]}'

        headers = {"content-type": "application/json"}
        slow = asyncio.create_task(client.post("/predict", content=slow_body(), headers=headers))
        await held.wait()
        refused = await client.post("/predict", json={"texts": [{"text": "x"}]})
        may_end.set()
        answered = await slow
        later = await client.post("/predict", json={"texts": [{"text": "x"}]})

    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert refused.json()["detail"] == "1 requests are in progress (API_MAX_REQUESTS): try again in a moment"
    assert (answered.status_code, later.status_code) == (httpx.codes.OK, httpx.codes.OK)


async def test_a_body_that_never_ends_gets_408_and_gives_its_slot_back(serve_ready: Serve) -> None:
    async def endless_body() -> AsyncIterator[bytes]:
        yield b'{"texts":'
        await asyncio.Event().wait()

    async with serve_ready(max_requests=1, body_timeout_seconds=0.01) as client:
        slow = await client.post("/predict", content=endless_body(), headers={"content-type": "application/json"})
        later = await client.post("/predict", json={"texts": [{"text": "x"}]})

    assert slow.status_code == httpx.codes.REQUEST_TIMEOUT
    assert slow.json()["detail"].startswith("the body did not arrive in 0.01 seconds")
    assert later.status_code == httpx.codes.OK


async def answer_of(exc: Exception, caplog: pytest.LogCaptureFixture) -> httpx.Response:
    async def fails(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise exc

    with caplog.at_level(logging.INFO, logger="api"):
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(Problems(fails)), base_url="http://api.test"
        ) as client:
            return await client.post("/predict")


async def never_received() -> Message:
    raise AssertionError("nothing is read")
