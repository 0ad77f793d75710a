from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.access.headers import SECURITY_HEADERS
from api.access.wiring import Access

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

ORIGIN = "https://desk.example"
PREFLIGHT = {"origin": ORIGIN, "access-control-request-method": "POST"}
EXPECTED = {name.decode(): value.decode() for name, value in SECURITY_HEADERS.items()}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health/live"),
        ("GET", "/none"),
        ("POST", "/predict"),
        ("PUT", "/predict"),
        ("GET", "/v2"),
    ],
)
async def test_every_answer_has_the_security_headers_once(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)

    assert {name: answer.headers.get_list(name) for name in EXPECTED} == {
        name: [value] for name, value in EXPECTED.items()
    }


async def test_a_page_keeps_its_own_policy(client: httpx.AsyncClient) -> None:
    answer = await client.get("/docs")

    [policy] = answer.headers.get_list("content-security-policy")
    assert "script-src 'self'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_an_answer_that_depends_on_a_key_is_kept_nowhere(serve_ready: Serve, keys: Any) -> None:
    async with serve_ready(access=keys.access()) as client:
        answers = [await client.get(path, headers=keys.bearer("read")) for path in ("/models", "/none", "/drift")]
        without = await client.get("/models")
        asset = await client.get("/docs/assets/swagger-ui.css")

    assert [answer.headers.get_list("cache-control") for answer in (*answers, without)] == [["no-store"]] * 4
    assert asset.headers["cache-control"] == "max-age=86400"


async def test_pages_of_other_servers_may_read_nothing_unless_they_are_named(client: httpx.AsyncClient) -> None:
    asked = await client.options("/predict", headers=PREFLIGHT)
    got = await client.get("/version", headers={"origin": ORIGIN})

    assert asked.status_code == httpx.codes.METHOD_NOT_ALLOWED
    assert [name for answer in (asked, got) for name in answer.headers if name.startswith("access-control")] == []


async def test_a_page_of_an_origin_that_is_named_may_ask_with_a_key(serve_ready: Serve, keys: Any) -> None:
    wanted = {"access-control-request-headers": "authorization,content-type,x-api-key,x-request-id"}
    async with serve_ready(access=keys.access(origins=(ORIGIN,))) as client:
        asked = await client.options("/predict", headers=PREFLIGHT | wanted)
        answer = await client.post("/predict", json={"text": "x"}, headers={"origin": ORIGIN} | keys.bearer("predict"))
        refused = await client.post("/predict", json={"text": "x"}, headers={"origin": ORIGIN})

    assert asked.status_code == httpx.codes.OK
    assert {answer.headers["access-control-allow-origin"] for answer in (asked, answer, refused)} == {ORIGIN}
    assert (answer.status_code, refused.status_code) == (200, 401)
    assert "access-control-allow-credentials" not in asked.headers
    assert answer.headers["access-control-expose-headers"] == "x-request-id, retry-after, ratelimit, ratelimit-policy"


@pytest.mark.parametrize(
    "origin", ["https://desk.example.evil", "http://desk.example", "null", "https://desk.example/"]
)
async def test_a_page_of_another_origin_may_not(serve_ready: Serve, origin: str) -> None:
    async with serve_ready(access=Access(origins=(ORIGIN,))) as client:
        asked = await client.options("/predict", headers=PREFLIGHT | {"origin": origin})
        got = await client.get("/version", headers={"origin": origin})

    assert asked.status_code == httpx.codes.BAD_REQUEST
    assert "access-control-allow-origin" not in {*asked.headers, *got.headers}
    assert "Origin" in got.headers["vary"]


async def test_a_report_of_drift_keeps_its_own_headers(serve_ready: Serve, tmp_path: Path, keys: Any) -> None:
    async with serve_ready(access=keys.access(), reports=tmp_path) as client:
        answer = await client.get("/drift/0a1b2c3d-00000042/report", headers=keys.bearer("read"))

    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.headers.get_list("cache-control") == ["no-store"]
