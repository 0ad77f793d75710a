import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from anyio import to_thread

from api.request_ids import AddRequestId, RequestIds, current_request_id

Serve = Callable[..., Any]


@pytest.mark.parametrize("given", ["a", "trace-7/b:c", "!" * 128, "~"])
async def test_id_that_the_client_sends_comes_back_in_the_answer(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/health/live", headers={"x-request-id": given})

    assert response.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"x" * 129,
        b"two words",
        b"a\tb",
        b"a\x00b",
        b"a\r\nset-cookie: b",
        b"a\nlevel=error",
        b"\x7f",
        "ü".encode("latin-1"),
        "id\u2028".encode(),
    ],
)
async def test_id_that_is_not_sane_is_replaced_by_a_made_one(given: bytes) -> None:
    sent = await headers_of(given)

    [(name, value)] = sent
    assert name == b"x-request-id"
    assert len(value) == 32
    assert int(value, 16) > 0


async def test_every_request_without_an_id_gets_another_one(client: httpx.AsyncClient) -> None:
    ids = {(await client.get("/health/live")).headers["x-request-id"] for _ in range(20)}

    assert len(ids) == 20


async def test_spaces_around_an_id_are_not_its_own() -> None:
    assert await headers_of(b"  desk-7 \t") == [(b"x-request-id", b"desk-7")]


async def test_the_first_sane_one_of_several_ids_counts() -> None:
    assert await headers_of(b"not sane", b"first", b"second") == [(b"x-request-id", b"first")]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("DELETE", "/predict"), ("POST", "/predict"), ("GET", "/args")]
)
async def test_a_problem_names_the_request(client: httpx.AsyncClient, method: str, path: str) -> None:
    response = await client.request(method, path, headers={"x-request-id": "desk-7"})

    assert response.status_code >= 400
    assert response.json()["request_id"] == response.headers["x-request-id"] == "desk-7"


async def test_log_lines_of_a_request_have_its_id_in_its_threads_too_and_others_have_none() -> None:
    lines: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.addFilter(AddRequestId())
    handler.emit = lines.append  # type: ignore[method-assign]  # the handler of the test
    logger = logging.Logger("test")  # noqa: LOG001  # of the test alone
    logger.addHandler(handler)

    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        logger.warning("in its task")
        await to_thread.run_sync(logger.warning, "in its thread")
        await send({"type": "http.response.start", "status": 200})

    async def drop(_: Any) -> None:
        pass

    await RequestIds(answer)({"type": "http", "headers": [(b"x-request-id", b"desk-7")]}, drop, drop)
    logger.warning("outside")

    seen = [(line.getMessage(), vars(line).get("request_id")) for line in lines]
    assert seen == [("in its task", "desk-7"), ("in its thread", "desk-7"), ("outside", None)]
    assert current_request_id() == ""


async def headers_of(*given: bytes) -> list[tuple[bytes, bytes]]:
    """Give the headers that an answer without headers gets, for a request with these ids."""
    started: list[dict[str, Any]] = []

    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204})

    async def keep(message: dict[str, Any]) -> None:
        started.append(message)

    async def nothing() -> Any:
        raise AssertionError("nothing is read")

    await RequestIds(answer)({"type": "http", "headers": [(b"x-request-id", one) for one in given]}, nothing, keep)
    [message] = started
    headers: list[tuple[bytes, bytes]] = message["headers"]
    return headers
