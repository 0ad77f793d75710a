from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access.accounts import Accounts, Rate, Unit
from api.access.rates import client_of
from api.access.wiring import Access

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

TEXT = {"text": "$XOM raises its dividend"}


def accounts(**limits: float) -> Accounts:
    """Give accounts with a clock that stands still, of so many requests and texts each."""
    rates = [Rate(Unit(unit), 1.0, burst, f"API_{unit}") for unit, burst in limits.items()]
    return Accounts(tuple(rates), clock=lambda: 0.0)


async def test_requests_beyond_the_rate_are_told_when_to_come_back(serve_ready: Serve, asked: list[Any]) -> None:
    async with serve_ready(access=Access(accounts=accounts(requests=2))) as client:
        answers = [await client.post("/predict", json=TEXT) for _ in range(3)]

    refused = answers[-1]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit"] for answer in answers] == [
        '"requests";r=1;t=1',
        '"requests";r=0;t=2',
        '"requests";r=0;t=2',
    ]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"requests";q=2;w=2'}
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["detail"] == ("more than 1 requests a second were asked for (API_requests): come back in 1 s")
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", {"texts": ["a"] * 30}),
        ("/predict", {"texts": ["a" * 1000] * 30}),
        ("/invocations", {"inputs": ["a"] * 30}),
        (
            "/v2/models/fixed/infer",
            {"inputs": [{"name": "text", "shape": [30], "datatype": "BYTES", "data": ["a"] * 30}]},
        ),
        ("/feedback", {"feedback": [{"tweet_id": "1", "label": "IPO"}] * 30}),
    ],
)
async def test_texts_are_counted_wherever_they_are_sent(serve_ready: Serve, path: str, body: dict[str, Any]) -> None:
    async with serve_ready(access=Access(accounts=accounts(texts=100))) as client:
        answer = await client.post(path, json=body)

    assert answer.is_success
    assert answer.headers["ratelimit"] == '"texts";r=70;t=30'


async def test_who_has_used_up_its_texts_may_still_look(serve_ready: Serve) -> None:
    async with serve_ready(access=Access(accounts=accounts(texts=20))) as client:
        await client.post("/predict", json={"texts": ["a"] * 30})
        more = await client.post("/predict", json=TEXT)
        look = await client.get("/models")

    assert (more.status_code, look.status_code) == (429, 200)
    assert more.headers["retry-after"] == "11"


async def test_a_wrong_body_costs_a_request_and_no_text(serve_ready: Serve) -> None:
    async with serve_ready(access=Access(accounts=accounts(requests=10, texts=10))) as client:
        answer = await client.post("/predict", json={"texts": ["a", ""]})

    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY


async def test_health_is_never_refused_for_its_rate(serve_ready: Serve) -> None:
    async with serve_ready(access=Access(accounts=accounts(requests=1))) as client:
        answers = [await client.get("/health/ready") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert "ratelimit" not in answers[0].headers


async def test_each_key_has_a_rate_of_its_own_and_a_refused_key_uses_none(serve_ready: Serve, keys: Any) -> None:
    limits = accounts(requests=1)
    async with serve_ready(access=keys.access(accounts=limits)) as client:
        first = await client.get("/version", headers=keys.bearer("read"))
        again = await client.get("/version", headers=keys.bearer("read"))
        other = await client.get("/version", headers=keys.bearer("predict"))
        strangers = [await client.get("/version") for _ in range(3)]

    assert (first.status_code, again.status_code, other.status_code) == (200, 429, 200)
    assert [answer.status_code for answer in strangers] == [401] * 3
    assert len(limits) == 2


async def test_below_v2_too_much_has_the_shape_of_that_protocol(serve_ready: Serve) -> None:
    async with serve_ready(access=Access(accounts=accounts(requests=1))) as client:
        await client.get("/v2")
        answer = await client.get("/v2")

    assert (answer.status_code, list(answer.json())) == (429, ["error"])


@pytest.mark.parametrize(
    ("scope", "client"),
    [
        ({"client": ("192.0.2.7", 5)}, "192.0.2.7"),
        ({"client": ("2001:db8:1:2:3:4:5:6", 5)}, "2001:db8:1:2::/64"),
        ({"client": ("2001:DB8:1:2::", 5)}, "2001:db8:1:2::/64"),
        ({"client": ("fe80::1%eth0", 5)}, "fe80::/64"),
        ({"client": ("x:" * 500, 5)}, "x:" * 32),
        ({"client": None}, "nobody"),
        ({}, "nobody"),
        ({"client": ("192.0.2.7", 5), "tickertape.key": "desk"}, "key desk"),
    ],
)
def test_a_client_is_known_by_its_key_or_its_address_or_its_network(scope: dict[str, Any], client: str) -> None:
    assert client_of(scope) == client


@given(st.text())
def test_no_address_whatever_that_a_proxy_tells_is_a_failure_or_long(host: str) -> None:
    assert len(client_of({"client": (host, 0)})) <= 64
