from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import httpx


async def test_versions_of_package_api_and_model_are_told(client: httpx.AsyncClient) -> None:
    answer = await client.get("/version")

    assert answer.json() == {
        "name": "tickertape",
        "package": version("tickertape"),
        "api": "1",
        "model": {"name": "fixed", "version": "7", "online_version": 2},
    }


async def test_there_is_no_model_while_it_is_loaded(serve: Callable[..., Any]) -> None:
    async with serve(_never_loaded) as client:
        answer = await client.get("/version")

    assert (answer.status_code, answer.json()["model"]) == (httpx.codes.OK, None)


def _never_loaded() -> Any:
    raise FileNotFoundError
