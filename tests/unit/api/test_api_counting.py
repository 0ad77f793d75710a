from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from api.counting import RequestCount
from api.routes.predict import explained_answer_to
from models.predictor import pretrained_predictor
from monitoring.metrics import exposition

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


def values() -> dict[str, float]:
    """Read the samples of requests and texts, but for buckets and times."""
    rows = [line.rpartition(" ") for line in exposition().decode().splitlines()]
    return {
        name: float(value)
        for name, _, value in rows
        if name.startswith(("tickertape_http_requests_total{", "tickertape_http_request_seconds_count{"))
        or name == "tickertape_texts_predicted_total"
    }


def added_since(before: dict[str, float]) -> dict[str, float]:
    return {name: value - before.get(name, 0) for name, value in values().items() if value != before.get(name, 0)}


def counted(route: str, method: str, status: str, times: int = 1) -> dict[str, float]:
    labels = f'method="{method}",route="{route}",status="{status}"'
    return {
        f"tickertape_http_requests_total{{{labels}}}": times,
        f'tickertape_http_request_seconds_count{{route="{route}"}}': times,
    }


async def test_request_is_counted_by_route_method_and_status_with_its_texts(client: httpx.AsyncClient) -> None:
    before = values()

    await client.post("/predict", json={"texts": [{"text": "$AAPL up"}, {"text": "$F flat"}]})

    assert added_since(before) == counted("/predict", "POST", "200") | {"tickertape_texts_predicted_total": 2}


def test_texts_of_an_answer_that_is_explained_are_counted() -> None:
    before = values()

    explained_answer_to(b'{"texts":[{"text":"$AAPL up"}]}', predictor=pretrained_predictor(1), max_texts=5)

    assert added_since(before) == {"tickertape_texts_predicted_total": 1}


async def test_texts_of_a_request_that_is_refused_are_not_counted(client: httpx.AsyncClient) -> None:
    before = values()

    await client.post("/predict", json={"texts": [1]})

    assert added_since(before) == counted("/predict", "POST", "422")


async def test_path_with_a_parameter_is_counted_under_its_template(client: httpx.AsyncClient) -> None:
    before = values()

    await client.get("/args/learning_rate")
    await client.get("/args/whisper")

    assert added_since(before) == counted("/args/{arg}", "GET", "404", times=2)


async def test_unknown_paths_are_one_value(client: httpx.AsyncClient) -> None:
    before = values()

    for path in ("/whisper", "/wp-admin.php", "/predict/"):
        await client.get(path)

    assert added_since(before) == counted("unknown", "GET", "404", times=3)
    assert "whisper" not in exposition().decode()


async def test_method_that_a_route_does_not_take_is_counted_there_and_invented_ones_are_one_value(
    client: httpx.AsyncClient,
) -> None:
    before = values()

    await client.get("/predict")
    assert added_since(before) == counted("/predict", "GET", "405")

    before = values()
    await client.request("WHISPER", "/predict")
    await client.request("MURMUR", "/predict")
    assert added_since(before) == counted("/predict", "other", "405", times=2)


async def test_body_that_is_refused_before_a_route_is_found_is_counted(serve_ready: Serve) -> None:
    async with serve_ready(max_body_bytes=1024) as client:
        before = values()
        await client.post("/predict", content=b"x" * 2000)

        assert added_since(before) == counted("unknown", "POST", "413")


async def test_request_whose_client_left_is_counted_without_a_status() -> None:
    async def leaves(*_: Any) -> None:
        pass

    before = values()

    await RequestCount(leaves)({"type": "http", "method": "POST"}, None, None)  # type: ignore[arg-type]

    assert added_since(before) == counted("unknown", "POST", "none")


async def test_request_that_fails_is_counted_and_the_failure_goes_on() -> None:
    async def fails(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise OSError("disk")

    async def send(_: Any) -> None:
        pass

    before = values()

    with pytest.raises(OSError, match="disk"):
        await RequestCount(fails)({"type": "http", "method": "GET"}, None, send)  # type: ignore[arg-type]

    assert added_since(before) == counted("unknown", "GET", "200")


async def test_what_is_no_request_passes_uncounted() -> None:
    passed = []

    async def app(scope: Any, *_: Any) -> None:
        passed.append(scope)

    before = values()

    await RequestCount(app)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]

    assert passed == [{"type": "lifespan"}]
    assert added_since(before) == {}
