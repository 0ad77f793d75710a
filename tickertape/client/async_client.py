"""`AsyncClient`: the API as coroutines; what `Client` does, without holding its thread."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self

import httpx

from models.explanations import ExplainedTweet
from models.feedback import FeedbackFields
from models.records import ClassifiedTweet
from monitoring.drift.records import DriftEvent
from tickertape.client import calls
from tickertape.client.answers import Arguments, Models, OnlinePerformance, Performance, Ready, Ticker, Version
from tickertape.client.calls import Call, Result, answers_of, failure
from tickertape.client.connecting import CONNECT_SECONDS, connection_options, no_answer
from tickertape.client.errors import NoAnswerError, UnavailableError
from tickertape.client.events import EVENT_STREAM, PATH, QUIET_SECONDS, EventReader, LiveEvent
from tickertape.client.inputs import Given, Text, label_bodies, text_bodies
from tickertape.client.retrying import Retries, wait_seconds


class AsyncClient:
    """The API of one server, for an event loop; closed by `aclose` or at the end of `async with`.

    Arguments, methods and errors are those of `Client`; each method is awaited.

    Args:
        url: see `Client`.
        api_key: see `Client`.
        timeout_seconds: see `Client`.
        max_texts: see `Client`.
        retries: see `Client`.
        transport: see `Client`.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        timeout_seconds: float = 30.0,
        max_texts: int = 1000,
        retries: Retries = Retries(),  # noqa: B008  # it is frozen
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        options = connection_options(url, api_key=api_key, timeout_seconds=timeout_seconds)
        self._http = httpx.AsyncClient(**options, transport=transport)
        self._max_texts, self._retries, self._sleep = max_texts, retries, sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._http.aclose()

    async def predict(self, text: Text, *, top_k: int | None = None, model: str | None = None) -> ClassifiedTweet:
        """Classify one text or tweet."""
        return (await self.predict_many([text], top_k=top_k, model=model))[0]

    async def predict_many(
        self, texts: Iterable[Text], *, top_k: int | None = None, model: str | None = None
    ) -> list[ClassifiedTweet]:
        """Classify any number of texts; gives the answers in their order. `predict` describes the arguments."""
        return [
            answer
            for body, size in text_bodies(texts, most=self._max_texts)
            for answer in answers_of(await self._ask(calls.predict(body, top_k=top_k, model=model)), texts=size)
        ]

    async def explain(self, text: Text, *, top_k: int | None = None, model: str | None = None) -> ExplainedTweet:
        """Classify one text and say which terms carried the answer. `predict` describes the arguments."""
        return (await self.explain_many([text], top_k=top_k, model=model))[0]

    async def explain_many(
        self, texts: Iterable[Text], *, top_k: int | None = None, model: str | None = None
    ) -> list[ExplainedTweet]:
        """Do the same with any number of texts."""
        return [
            answer
            for body, size in text_bodies(texts, most=self._max_texts)
            for answer in answers_of(await self._ask(calls.explain(body, top_k=top_k, model=model)), texts=size)
        ]

    async def feedback(
        self,
        tweet_id: str,
        *,
        label: str | None = None,
        sentiment: str | None = None,
        text: str | None = None,
        source: str | None = None,
    ) -> int:
        """Say what a tweet really is; returns how many labels Kafka has, which is 1."""
        return await self.feedback_many([FeedbackFields(tweet_id, label, sentiment, text, source)])

    async def feedback_many(self, labels: Iterable[Given]) -> int:
        """Say what tweets really are; returns how many labels Kafka has.

        Where this fails, send all again: the learner recognises what it has.
        """
        bodies = label_bodies(labels, most=self._max_texts)
        return sum([(await self._ask(calls.feedback(body))).accepted for body, _ in bodies])

    async def models(self) -> Models:
        """Tell who answers, and what changed."""
        return await self._ask(calls.MODELS)

    async def performance(self, part: str | None = None) -> Performance:
        """Tell how the champion did on held-out tweets."""
        return await self._ask(calls.performance(part))

    async def online_performance(self) -> OnlinePerformance:
        """Tell how batch and online model do on the labels that came."""
        return await self._ask(calls.ONLINE_PERFORMANCE)

    async def arguments(self) -> Arguments:
        """Tell what the champion was trained with."""
        return await self._ask(calls.ARGUMENTS)

    async def argument(self, name: str) -> Arguments:
        """Tell one argument of the training."""
        return await self._ask(calls.argument(name))

    async def drift(self, *, limit: int | None = None) -> tuple[DriftEvent, ...]:
        """Give the windows that have a drift report, the newest first; 20 at most, or `limit`."""
        return (await self._ask(calls.drift(limit))).events

    async def latest_drift(self) -> DriftEvent:
        """Give the newest window that has a drift report."""
        return await self._ask(calls.LATEST_DRIFT)

    async def drift_event(self, report: str) -> DriftEvent:
        """Give the window of one drift report, by the report's id."""
        return await self._ask(calls.drift_event(report))

    async def ticker(self, symbol: str) -> Ticker:
        """Tell the last minutes of one ticker: its sentiment, and its newest tweets."""
        return await self._ask(calls.ticker(symbol))

    async def live(self) -> AsyncIterator[LiveEvent]:
        """Give what happens in the stream as it happens: its state, then a tick a second, until the server ends.

        Raises:
            UnavailableError: the server has no feed, or too many streams are open.
        """
        timeout = httpx.Timeout(QUIET_SECONDS, connect=CONNECT_SECONDS)
        try:
            async with self._http.stream("GET", PATH, headers={"accept": EVENT_STREAM}, timeout=timeout) as response:
                if not response.headers.get("content-type", "").startswith(EVENT_STREAM):
                    raise failure(response.status_code, response.headers, await response.aread())
                reader = EventReader()
                async for content in response.aiter_bytes():
                    for event in reader.read(content):
                        yield event
        except httpx.RequestError as exc:
            raise no_answer(exc, self._http.base_url) from exc

    async def version(self) -> Version:
        """Tell which versions run."""
        return await self._ask(calls.VERSION)

    async def ready(self) -> Ready:
        """Tell which version answers; raises `UnavailableError` while the model is loaded, without waiting."""
        return await self._ask(calls.READY)

    async def is_ready(self) -> bool:
        """Tell whether requests are answered."""
        try:
            await self._ask(calls.READY)
        except (NoAnswerError, UnavailableError):
            return False
        return True

    async def is_live(self) -> bool:
        """Tell whether the process runs."""
        try:
            await self._ask(calls.LIVE)
        except NoAnswerError:
            return False
        return True

    async def _ask(self, call: Call[Result]) -> Result:
        response = await self._sent(call)
        for _ in range(self._retries.most if call.may_wait else 0):
            pause = wait_seconds(response.status_code, response.headers, retries=self._retries)
            if pause is None:
                break
            await self._sleep(pause)
            response = await self._sent(call)
        return call.read(response.status_code, response.headers, response.content)

    async def _sent(self, call: Call[Result]) -> httpx.Response:
        try:
            return await self._http.request(
                call.method, call.path, params=call.query, content=call.body, headers=call.headers
            )
        except httpx.RequestError as exc:
            raise no_answer(exc, self._http.base_url) from exc
