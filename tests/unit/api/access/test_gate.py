import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from api.access.gate import shown_keys
from api.access.keys import KeyRing, Role
from api.access.rules import OPEN, is_open, roles_for
from api.access.wiring import Access
from monitoring.metrics import REFUSED

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

TEXT = {"text": "$XOM raises its dividend"}


@pytest.fixture
async def guarded(serve_ready: Serve, keys: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with serve_ready(access=keys.access()) as client:
        yield client


def refused(reason: str) -> float:
    return REFUSED.labels(reason)._value.get()


@pytest.mark.parametrize("path", [*sorted(OPEN - {"/"}), "/docs/assets/start.js", "/docs/assets/swagger-ui-bundle.js"])
async def test_health_and_documentation_need_no_key(guarded: httpx.AsyncClient, path: str) -> None:
    assert (await guarded.get(path)).status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("method", "path", "roles"),
    [
        ("GET", "/models", ["read"]),
        ("GET", "/metrics", ["read"]),
        ("GET", "/drift", ["read"]),
        ("GET", "/no-such-path", ["read"]),
        ("OPTIONS", "/models", ["read"]),
        ("GET", "/version", ["feedback", "predict", "read"]),
        ("GET", "/v2", ["predict", "read"]),
        ("GET", "/v2/models/fixed", ["predict", "read"]),
        ("GET", "/v2/models/fixed/versions/batch/ready", ["predict", "read"]),
        ("POST", "/predict", ["predict"]),
        ("GET", "/predict", ["predict"]),
        ("POST", "/invocations", ["predict"]),
        ("POST", "/v2/models/fixed/infer", ["predict"]),
        ("POST", "/v2/models/fixed/versions/7/infer", ["predict"]),
        ("POST", "/feedback", ["feedback"]),
        ("POST", "/models", ["read"]),
    ],
)
async def test_a_key_opens_what_its_role_is_for_and_nothing_else(
    guarded: httpx.AsyncClient, keys: Any, method: str, path: str, roles: list[str]
) -> None:
    answers = {words: await guarded.request(method, path, headers=keys.bearer(words)) for words in keys.shown}
    without = await guarded.request(method, path)

    assert sorted(words for words, answer in answers.items() if answer.status_code not in {401, 403}) == roles
    assert [answer.status_code for words, answer in answers.items() if words not in roles] == [403] * (3 - len(roles))
    assert without.status_code == httpx.codes.UNAUTHORIZED


async def test_a_key_is_taken_in_either_header(guarded: httpx.AsyncClient, keys: Any) -> None:
    shown = keys.shown["predict"]

    answers = [
        await guarded.post("/predict", json=TEXT, headers=headers)
        for headers in (
            {"authorization": f"Bearer {shown}"},
            {"authorization": f"bEARER \t {shown} "},
            {"x-api-key": shown},
            {"x-api-key": shown, "authorization": "Basic dXNlcjpwYXNz"},
        )
    ]

    assert [answer.status_code for answer in answers] == [200] * 4


@pytest.mark.parametrize(
    ("headers", "reason", "challenge"),
    [
        ([], "no_key", 'Bearer realm="tickertape"'),
        ([("authorization", "Basic dXNlcjpwYXNz")], "no_key", 'Bearer realm="tickertape"'),
        ([("authorization", "Bearer")], "unknown_key", 'Bearer realm="tickertape", error="invalid_token"'),
        ([("authorization", "Bearer {key}x")], "unknown_key", 'Bearer realm="tickertape", error="invalid_token"'),
        ([("authorization", "Bearer {key} {key}")], "unknown_key", 'Bearer realm="tickertape", error="invalid_token"'),
        ([("authorization", "{key}")], "no_key", 'Bearer realm="tickertape"'),
        ([("x-api-key", "")], "unknown_key", 'Bearer realm="tickertape", error="invalid_token"'),
        ([("x-api-key", "ключ".encode())], "unknown_key", 'Bearer realm="tickertape", error="invalid_token"'),
        ([("x-api-key", "x" * 1_000_000)], "unknown_key", 'Bearer realm="tickertape", error="invalid_token"'),
        (
            [("x-api-key", "{key}"), ("authorization", "Bearer {key}")],
            "several_keys",
            'Bearer realm="tickertape", error="invalid_request"',
        ),
        (
            [("x-api-key", "{key}"), ("x-api-key", "{key}")],
            "several_keys",
            'Bearer realm="tickertape", error="invalid_request"',
        ),
    ],
)
async def test_what_is_no_key_is_refused_with_what_to_do_and_counted(
    guarded: httpx.AsyncClient,
    keys: Any,
    asked: list[Any],
    headers: list[tuple[str, str | bytes]],
    reason: str,
    challenge: str,
) -> None:
    shown = keys.shown["predict"]
    sent = [(name, value.format(key=shown) if isinstance(value, str) else value) for name, value in headers]
    before = refused(reason)

    answer = await guarded.post("/predict", json=TEXT, headers=sent)

    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert answer.headers["www-authenticate"] == challenge
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Unauthorized"
    assert shown not in answer.text
    assert refused(reason) == before + 1
    assert asked == []


async def test_a_key_of_another_role_is_told_which_it_has_and_which_is_needed(
    guarded: httpx.AsyncClient, keys: Any
) -> None:
    before = refused("role")

    answer = await guarded.post("/feedback", json={}, headers=keys.bearer("read"))

    assert answer.status_code == httpx.codes.FORBIDDEN
    assert answer.json()["detail"] == "this key may read; this path is for keys with the role feedback"
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="tickertape", error="insufficient_scope", scope="feedback"'
    )
    assert refused("role") == before + 1


async def test_below_v2_a_refusal_has_the_shape_of_that_protocol(guarded: httpx.AsyncClient, keys: Any) -> None:
    without = await guarded.get("/v2/models/fixed")
    wrong = await guarded.post("/v2/models/fixed/infer", headers=keys.bearer("read"))

    assert (without.status_code, list(without.json())) == (401, ["error"])
    assert (wrong.status_code, list(wrong.json())) == (403, ["error"])


async def test_a_refused_body_is_not_read(guarded: httpx.AsyncClient, keys: Any) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"["
        raise AssertionError("it was read")

    answer = await guarded.post("/predict", content=body(), headers=keys.bearer("read"))

    assert answer.status_code == httpx.codes.FORBIDDEN


async def test_a_key_that_is_revoked_opens_nothing_any_more(serve_ready: Serve, keys: Any) -> None:
    access: Access = keys.access()
    async with serve_ready(access=access) as client:
        before = await client.get("/models", headers=keys.bearer("read"))
        assert access.keys is not None
        access.keys.ring = KeyRing(())

        after = await client.get("/models", headers=keys.bearer("read"))

    assert (before.status_code, after.status_code) == (200, 401)


async def test_no_key_is_in_a_log_an_error_or_a_metric(
    guarded: httpx.AsyncClient, keys: Any, caplog: pytest.LogCaptureFixture
) -> None:
    shown = keys.shown["read"]

    with caplog.at_level(logging.DEBUG):
        answers = [
            await guarded.get(f"/models{path}", headers={"authorization": f"{scheme} {shown}"})
            for path in ("", "/none")
            for scheme in ("Bearer", "Token", "Bearer x")
        ]
        answers.append(await guarded.get("/metrics", headers={"x-api-key": shown}))
        answers.append(await guarded.get("/openapi.json", headers={"x-api-key": shown}))

    assert [shown in answer.text + str(answer.headers) for answer in answers] == [False] * 8
    assert [shown in str(vars(record)) for record in caplog.records] == [False] * len(caplog.records)


def test_every_route_has_the_role_that_it_is_meant_for(guarded: httpx.AsyncClient) -> None:
    app: FastAPI = guarded._transport.app  # type: ignore[attr-defined]  # the one of the fixture

    rules = {path: sorted(role.value for role in roles_for(path)) for path in paths_of(app) if not is_open(path)}

    readers = {path for path, roles in rules.items() if roles == ["read"]}
    assert rules.keys() - readers == {
        "/predict",
        "/invocations",
        "/feedback",
        "/version",
        "/v2",
        "/v2/",
        "/v2/models/{name}",
        "/v2/models/{name}/ready",
        "/v2/models/{name}/infer",
        "/v2/models/{name}/versions/{version}",
        "/v2/models/{name}/versions/{version}/ready",
        "/v2/models/{name}/versions/{version}/infer",
    }
    assert paths_of(app) >= OPEN


def paths_of(app: FastAPI) -> set[str]:
    found: set[str] = set()
    pending: list[Any] = list(app.router.routes)
    while pending:
        route = pending.pop()
        if hasattr(route, "path"):
            found.add(route.path)
        else:
            pending.extend(route.original_router.routes)
    return found


@given(st.lists(st.tuples(st.sampled_from([b"authorization", b"x-api-key", b"cookie"]), st.binary(max_size=80))))
def test_no_headers_whatever_end_the_reading(headers: list[tuple[bytes, bytes]]) -> None:
    shown = shown_keys(headers)

    assert len(shown) <= len([name for name, _ in headers if name != b"cookie"])
    assert all(key == key.strip(b" \t") for key in shown)


@given(st.text(), st.sampled_from(["/predict", "/feedback", "/models"]))
def test_no_path_is_open_because_it_looks_like_one_that_is(tail: str, path: str) -> None:
    assert not is_open(path + tail)
    assert not is_open(f"{tail}{path}") or f"{tail}{path}".startswith(("/docs/assets/", "/page/"))
    assert roles_for(path + tail) <= set(Role)
