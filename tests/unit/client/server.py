"""An API of the test's own behind both clients: what it answers, and how each client asks it."""

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import httpx

from tickertape.client import (
    AsyncClient,
    Client,
)

PROBLEM = {"content-type": "application/problem+json"}
VERSION = {"name": "tickertape", "package": "0.1.0", "api": "1", "model": None}
ACCEPTED = httpx.Response(202, json={"accepted": 1})


class Server:
    """Answers with what it is told, one after the other, the last again and again; keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


Ask = Callable[..., Any]


def ask_waiting(server: Server, method: str, *words: Any, **options: Any) -> Any:
    keywords = options.pop("keywords", {})
    with Client("http://api.test", transport=httpx.MockTransport(server), sleep=server.waits.append, **options) as api:
        return getattr(api, method)(*words, **keywords)


def ask_async(server: Server, method: str, *words: Any, **options: Any) -> Any:
    keywords = options.pop("keywords", {})

    async def ask() -> Any:
        transport = httpx.MockTransport(server)
        async with AsyncClient("http://api.test", transport=transport, sleep=server.sleep, **options) as api:
            return await getattr(api, method)(*words, **keywords)

    result: list[Any] = []

    def run() -> None:  # a loop of its own, whatever the test runs in
        try:
            result.append(asyncio.run(ask()))
        except Exception as exc:  # noqa: BLE001  # it is raised again where the test waits
            result.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(result[0], Exception):
        raise result[0]
    return result[0]


def problem(status: int, title: str = "No", detail: str = "why", **more: Any) -> httpx.Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": "/x", **more}
    return httpx.Response(status, headers=PROBLEM, json=body)


def busy(status: int, retry_after: str) -> httpx.Response:
    return httpx.Response(
        status, headers=PROBLEM | {"retry-after": retry_after}, json=json.loads(problem(status).content)
    )


def predictions(*tweet_ids: str) -> httpx.Response:
    answer = {
        "text": "up",
        "created_at": None,
        "tickers": [],
        "label": "other",
        "label_score": 0.5,
        "labels": {"Macro": 0.5},
        "sentiment": "bullish",
        "sentiment_score": 0.5,
        "answered_by": "batch",
        "sentiment_answered_by": "batch",
        "opinions": {},
        "model": {"name": "tickertape", "version": "7", "online_version": 0},
        "classified_at": "2026-01-31T09:30:00.412Z",
    }
    return httpx.Response(200, json={"predictions": [{"id": one, **answer} for one in tweet_ids]})
