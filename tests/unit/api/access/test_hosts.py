"""A page of another server that got its name to mean this machine is not answered."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access.documentation import MISDIRECTED
from api.access.hosts import HostGate
from api.access.wiring import Access
from api.request_errors import HostRefusedError

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


async def answers_who_asks_for(*hosts: bytes) -> bool:
    passed: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        passed.append(scope)

    scope = {"type": "http", "headers": [(b"host", host) for host in hosts]}
    try:
        await HostGate(app, names=frozenset({"api", "desk.example"}))(scope, None, None)  # type: ignore[arg-type]
    except HostRefusedError:
        return False
    return len(passed) == 1


@pytest.mark.parametrize(
    "host",
    [
        b"localhost",
        b"localhost:8000",
        b"LOCALHOST:8000",
        b"localhost.",
        b"127.0.0.1:8000",
        b"192.0.2.7",
        b"[::1]:8000",
        b"[::1]",
        b"api:8000",
        b"Desk.Example",
    ],
)
async def test_own_names_and_addresses_are_answered(host: bytes) -> None:
    assert await answers_who_asks_for(host) is True


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example",
        b"evil.example:8000",
        b"localhost.evil.example",
        b"127.0.0.1.evil.example",
        b"evil.desk.example",
        b"desk.example.evil",
        b"localhost:8000:8000",
        b"localhost@evil.example",
        b"[::1].evil.example",
        b"[evil.example]",
        b"0x7f.1",
        b"",
        b"\xff",
        b"localhost evil",
    ],
)
async def test_other_names_are_refused(host: bytes) -> None:
    assert await answers_who_asks_for(host) is False


async def test_program_that_names_no_host_is_answered_and_one_that_names_two_is_not() -> None:
    assert await answers_who_asks_for() is True
    assert await answers_who_asks_for(b"localhost", b"localhost") is False


@given(st.binary(max_size=40))
async def test_no_bytes_whatever_are_a_failure(host: bytes) -> None:
    assert await answers_who_asks_for(host) in {True, False}


async def test_refusal_is_a_problem_that_says_what_to_do_and_nothing_is_classified(
    serve_ready: Serve, asked: list[Any]
) -> None:
    async with serve_ready(access=Access(hosts=frozenset({"api.test"}))) as client:
        answer = await client.post("/predict", json={"text": "a"}, headers={"host": "desk.example"})

    assert answer.status_code == httpx.codes.MISDIRECTED_REQUEST
    assert answer.json() == MISDIRECTED | {"request_id": answer.json()["request_id"]}
    assert asked == []


async def test_document_tells_of_it_where_it_is_in_force(serve_ready: Serve) -> None:
    async with serve_ready(access=Access(hosts=frozenset({"api.test"}))) as client:
        with_names = (await client.get("/openapi.json")).json()["paths"]
    async with serve_ready(access=Access()) as client:
        without = (await client.get("/openapi.json")).json()["paths"]

    assert all("421" in one["responses"] for path in with_names.values() for one in path.values())
    assert not any("421" in one["responses"] for path in without.values() for one in path.values())
