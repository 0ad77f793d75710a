"""The calls of the API: what is sent, and how the answer is read; no connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Generic, TypeVar
from urllib.parse import quote

import msgspec

from models.explanations import ExplainedTweet
from models.records import ClassifiedTweet
from monitoring.drift.records import DriftEvent
from tickertape.client.answers import Arguments, Models, OnlinePerformance, Performance, Ready, Ticker, Version
from tickertape.client.errors import Problem, ProblemError, UnexpectedAnswerError, WrongInputError, problem_error

Result = TypeVar("Result")
Answer = TypeVar("Answer", bound=ClassifiedTweet)

PROBLEM = "application/problem+json"
SHOWN_CHARACTERS = 200  # of an answer that is none of ours, enough to see whose it is


@dataclass(frozen=True)
class Call(Generic[Result]):
    """One request.

    Attributes:
        path: below the API's URL.
        result: what its answer is read as.
        query: parameters of the URL, without those that are None.
        body: JSON in UTF-8; None for a GET.
        may_wait: whether it is sent again where the server says when to come back.
    """

    path: str
    result: type[Result]
    query: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    may_wait: bool = True

    @property
    def method(self) -> str:
        """POST where there is a body."""
        return "GET" if self.body is None else "POST"

    @property
    def headers(self) -> dict[str, str]:
        """Say what the body is, where there is one."""
        return {} if self.body is None else {"content-type": "application/json"}

    def read(self, status: int, headers: Mapping[str, str], content: bytes) -> Result:
        """Read the answer.

        Args:
            status: of HTTP.
            headers: names in lower case.
            content: the answer's body.

        Raises:
            ProblemError: the API says why it does not answer.
            UnexpectedAnswerError: it is no answer of this API.
        """
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise failure(status, headers, content)
        try:
            return msgspec.json.decode(content, type=self.result)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise UnexpectedAnswerError(
                f"the answer of {self.path} is not what this version of the client knows: {exc}; "
                "is it Tickertape's API, and of the same version?"
            ) from exc


class Predictions(msgspec.Struct, Generic[Answer], frozen=True):
    """The answer of `POST /predict`."""

    predictions: tuple[Answer, ...]


class Accepted(msgspec.Struct, frozen=True):
    """The answer of `POST /feedback`."""

    accepted: int


class DriftEvents(msgspec.Struct, frozen=True):
    """The answer of `GET /drift`."""

    events: tuple[DriftEvent, ...]


class Live(msgspec.Struct, frozen=True):
    """The answer of `GET /health/live`."""

    status: str


LIVE = Call("/health/live", Live, may_wait=False)
READY = Call("/health/ready", Ready, may_wait=False)
VERSION = Call("/version", Version)
MODELS = Call("/models", Models)
ONLINE_PERFORMANCE = Call("/performance/online", OnlinePerformance)
ARGUMENTS = Call("/args", Arguments)
LATEST_DRIFT = Call("/drift/latest", DriftEvent)


def predict(body: bytes, *, top_k: int | None, model: str | None) -> Call[Predictions[ClassifiedTweet]]:
    """Classify texts."""
    return Call("/predict", Predictions[ClassifiedTweet], query=_query(top_k=top_k, model=model), body=body)


def explain(body: bytes, *, top_k: int | None, model: str | None) -> Call[Predictions[ExplainedTweet]]:
    """Classify texts and say why."""
    query = _query(explain="true", top_k=top_k, model=model)
    return Call("/predict", Predictions[ExplainedTweet], query=query, body=body)


def feedback(body: bytes) -> Call[Accepted]:
    """Give labels to tweets."""
    return Call("/feedback", Accepted, body=body)


def performance(part: str | None) -> Call[Performance]:
    """Ask how the champion did on held-out tweets."""
    return Call("/performance", Performance, query=_query(filter=part))


def argument(name: str) -> Call[Arguments]:
    """Ask for one argument of the training."""
    return Call(f"/args/{_part(name)}", Arguments)


def drift(limit: int | None) -> Call[DriftEvents]:
    """Ask for the windows that have a drift report."""
    return Call("/drift", DriftEvents, query=_query(limit=limit))


def drift_event(report: str) -> Call[DriftEvent]:
    """Ask for the window of one drift report."""
    return Call(f"/drift/{_part(report)}", DriftEvent)


def ticker(symbol: str) -> Call[Ticker]:
    """Ask for the last minutes of one ticker."""
    return Call(f"/tickers/{_part(symbol)}", Ticker)


def answers_of(answer: Predictions[Answer], *, texts: int) -> tuple[Answer, ...]:
    """Give one answer for each text.

    Raises:
        UnexpectedAnswerError: there are more or fewer.
    """
    if len(answer.predictions) != texts:
        raise UnexpectedAnswerError(f"{texts} texts got {len(answer.predictions)} answers")
    return answer.predictions


def failure(status: int, headers: Mapping[str, str], content: bytes) -> ProblemError | UnexpectedAnswerError:
    """Give the exception of an answer that is none; arguments are those of `Call.read`."""
    if headers.get("content-type", "").partition(";")[0].strip() == PROBLEM:
        try:
            return problem_error(msgspec.json.decode(content, type=Problem))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    shown = content[:SHOWN_CHARACTERS].decode("utf-8", "replace")
    return UnexpectedAnswerError(f"status {status} with no problem of this API: {shown!r}")


def _query(**parameters: str | int | None) -> dict[str, str]:
    return {name: str(value) for name, value in parameters.items() if value is not None}


def _part(name: str) -> str:
    """Make a name one part of a path, whatever it is: dots alone would lead to another path.

    >>> _part("BRK.B"), _part("a/b"), _part("..")
    ('BRK.B', 'a%2Fb', '%2E%2E')
    """
    try:
        part = quote(name, safe="")
    except UnicodeEncodeError as exc:
        raise WrongInputError("a name has a lone surrogate, which is no text") from exc
    return part if part.strip(".") else part.replace(".", "%2E")
