"""`Client`: the API as methods that wait for their answer."""

import time
from collections.abc import Callable, Iterable, Iterator
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


class Client:
    """The API of one server; safe from several threads, closed by `close` or at the end of `with`.

    Every method raises a `ClientError`: a `ProblemError` where the API says why it does not answer, with its status, title
    and detail. What the API can't do now (429, 503) is asked again as it says in `Retry-After`.

    Args:
        url: of the API; the setting TICKERTAPE_API_URL if left out.
        api_key: the setting TICKERTAPE_API_KEY if left out; empty for none.
        timeout_seconds: longest wait for a part of an answer.
        max_texts: texts or labels in one request; more are sent in several. The server's limit is API_MAX_TEXTS.
        retries: how often and how long to wait for a server that asks for it.
        transport: carries requests in place of the network, as `httpx.MockTransport` does in your tests.
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
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        options = connection_options(url, api_key=api_key, timeout_seconds=timeout_seconds)
        self._http = httpx.Client(**options, transport=transport)
        self._max_texts, self._retries, self._sleep = max_texts, retries, sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def predict(self, text: Text, *, top_k: int | None = None, model: str | None = None) -> ClassifiedTweet:
        """Classify one text or tweet.

        Args:
            text: a string, a `Tweet`, or a tweet as X API v2 gives it.
            top_k: labels with their probability in the answer.
            model: `champion`, `batch`, `online` or a version; the champion if left out.
        """
        return self.predict_many([text], top_k=top_k, model=model)[0]

    def predict_many(
        self, texts: Iterable[Text], *, top_k: int | None = None, model: str | None = None
    ) -> list[ClassifiedTweet]:
        """Classify any number of texts; gives the answers in their order. `predict` describes the arguments."""
        return [
            answer
            for body, size in text_bodies(texts, most=self._max_texts)
            for answer in answers_of(self._ask(calls.predict(body, top_k=top_k, model=model)), texts=size)
        ]

    def explain(self, text: Text, *, top_k: int | None = None, model: str | None = None) -> ExplainedTweet:
        """Classify one text and say which terms carried the answer. `predict` describes the arguments."""
        return self.explain_many([text], top_k=top_k, model=model)[0]

    def explain_many(
        self, texts: Iterable[Text], *, top_k: int | None = None, model: str | None = None
    ) -> list[ExplainedTweet]:
        """Do the same with any number of texts."""
        return [
            answer
            for body, size in text_bodies(texts, most=self._max_texts)
            for answer in answers_of(self._ask(calls.explain(body, top_k=top_k, model=model)), texts=size)
        ]

    def feedback(
        self,
        tweet_id: str,
        *,
        label: str | None = None,
        sentiment: str | None = None,
        text: str | None = None,
        source: str | None = None,
    ) -> int:
        """Say what a tweet really is; returns how many labels Kafka has, which is 1.

        Args:
            tweet_id: 1 to 19 digits.
            label: one of the 20 topics; this or the sentiment is needed.
            sentiment: `bearish`, `neutral` or `bullish`.
            text: of the tweet; needed where it was not sent out for labelling.
            source: who says so; `api` if left out.
        """
        return self.feedback_many([FeedbackFields(tweet_id, label, sentiment, text, source)])

    def feedback_many(self, labels: Iterable[Given]) -> int:
        """Say what tweets really are; returns how many labels Kafka has.

        Where this fails, send all again: the learner recognises what it has.
        """
        bodies = label_bodies(labels, most=self._max_texts)
        return sum(self._ask(calls.feedback(body)).accepted for body, _ in bodies)

    def models(self) -> Models:
        """Tell who answers, and what changed."""
        return self._ask(calls.MODELS)

    def performance(self, part: str | None = None) -> Performance:
        """Tell how the champion did on held-out tweets.

        Args:
            part: `labels`, `sentiments`, `overall` or `classes`; all if left out.
        """
        return self._ask(calls.performance(part))

    def online_performance(self) -> OnlinePerformance:
        """Tell how batch and online model do on the labels that came."""
        return self._ask(calls.ONLINE_PERFORMANCE)

    def arguments(self) -> Arguments:
        """Tell what the champion was trained with."""
        return self._ask(calls.ARGUMENTS)

    def argument(self, name: str) -> Arguments:
        """Tell one argument of the training."""
        return self._ask(calls.argument(name))

    def drift(self, *, limit: int | None = None) -> tuple[DriftEvent, ...]:
        """Give the windows that have a drift report, the newest first; 20 at most, or `limit`."""
        return self._ask(calls.drift(limit)).events

    def latest_drift(self) -> DriftEvent:
        """Give the newest window that has a drift report."""
        return self._ask(calls.LATEST_DRIFT)

    def drift_event(self, report: str) -> DriftEvent:
        """Give the window of one drift report, by the report's id."""
        return self._ask(calls.drift_event(report))

    def ticker(self, symbol: str) -> Ticker:
        """Tell the last minutes of one ticker: its sentiment, and its newest tweets.

        Args:
            symbol: `TSLA` and `$tsla` alike.

        Raises:
            NotFoundError: the server read no tweet of it in the last 15 minutes.
            UnavailableError: the server has no feed, or Kafka is away.
        """
        return self._ask(calls.ticker(symbol))

    def live(self) -> Iterator[LiveEvent]:
        """Give what happens in the stream as it happens: its state, then a tick a second, until the server ends.

        Raises:
            UnavailableError: the server has no feed, or too many streams are open.
        """
        timeout = httpx.Timeout(QUIET_SECONDS, connect=CONNECT_SECONDS)
        try:
            with self._http.stream("GET", PATH, headers={"accept": EVENT_STREAM}, timeout=timeout) as response:
                if not response.headers.get("content-type", "").startswith(EVENT_STREAM):
                    raise failure(response.status_code, response.headers, response.read())
                reader = EventReader()
                for content in response.iter_bytes():
                    yield from reader.read(content)
        except httpx.RequestError as exc:
            raise no_answer(exc, self._http.base_url) from exc

    def version(self) -> Version:
        """Tell which versions run."""
        return self._ask(calls.VERSION)

    def ready(self) -> Ready:
        """Tell which version answers; raises `UnavailableError` while the model is loaded, without waiting."""
        return self._ask(calls.READY)

    def is_ready(self) -> bool:
        """Tell whether requests are answered."""
        try:
            self._ask(calls.READY)
        except (NoAnswerError, UnavailableError):
            return False
        return True

    def is_live(self) -> bool:
        """Tell whether the process runs."""
        try:
            self._ask(calls.LIVE)
        except NoAnswerError:
            return False
        return True

    def _ask(self, call: Call[Result]) -> Result:
        response = self._sent(call)
        for _ in range(self._retries.most if call.may_wait else 0):
            pause = wait_seconds(response.status_code, response.headers, retries=self._retries)
            if pause is None:
                break
            self._sleep(pause)
            response = self._sent(call)
        return call.read(response.status_code, response.headers, response.content)

    def _sent(self, call: Call[Result]) -> httpx.Response:
        try:
            return self._http.request(
                call.method, call.path, params=call.query, content=call.body, headers=call.headers
            )
        except httpx.RequestError as exc:
            raise no_answer(exc, self._http.base_url) from exc
