"""What the API answers of its process and its models; answers to texts are the records that all packages share.

Tests hold them to the schemas of the OpenAPI document.
"""

from typing import Any, Literal

import msgspec

from models.records import ClassifiedTweet, ModelChange, ModelVersion


class Refusal(msgspec.Struct, frozen=True):
    """A version that the registry's alias named and that does not answer.

    Attributes:
        version: its version.
        reasons: why it was refused, a sentence each.
        time: when, ISO 8601 in UTC with milliseconds.
    """

    version: str
    reasons: tuple[str, ...]
    time: str


class Ready(msgspec.Struct, frozen=True):
    """The model is loaded and has answered once.

    Attributes:
        status: always `ready`.
        model: the version that answers now.
        last_refusal: the version that was refused last since the process started.
    """

    status: Literal["ready"]
    model: ModelVersion
    last_refusal: Refusal | None = None


class Version(msgspec.Struct, frozen=True):
    """What runs.

    Attributes:
        name: always `tickertape`.
        package: the version of the installed package.
        api: the version of the API; another one breaks clients.
        model: the versions that answer now; None while the model is loaded.
    """

    name: Literal["tickertape"]
    package: str
    api: str
    model: ModelVersion | None


class AnsweringChange(msgspec.Struct, frozen=True):
    """Another model answers a head in this process.

    Attributes:
        head: `topic` or `sentiment`.
        answers: who does from then on: `batch` or `online`.
        before: who did.
        online_version: after how many records of feedback.
        time: when, ISO 8601 in UTC with milliseconds.
    """

    head: str
    answers: str
    before: str
    online_version: int
    time: str


class Models(msgspec.Struct, frozen=True):
    """Who answers in this process, and what changed since it started.

    Attributes:
        model: the versions that answer now.
        answering: by head, `topic` and `sentiment`: `batch` or `online`.
        answering_changes: the last 20, oldest first.
        model_changes: the last 20, oldest first.
    """

    model: ModelVersion
    answering: dict[str, str]
    answering_changes: tuple[AnsweringChange, ...]
    model_changes: tuple[ModelChange, ...]


class Performance(msgspec.Struct, frozen=True):
    """How the champion did on held-out tweets.

    Attributes:
        model_version: the version that the report is about.
        answering_version: the version that answers now.
        is_of_answering_model: False where the figures are another version's.
        run_id: its run in MLflow.
        data_sha256: hash of the labelled tweets.
        held_out: where the held-out tweets came from.
        performance: by head, `labels` and `sentiments`, or the part that was asked for.
    """

    model_version: str
    answering_version: str
    is_of_answering_model: bool
    run_id: str
    data_sha256: str
    held_out: str
    performance: dict[str, dict[str, Any]]


class Arguments(msgspec.Struct, frozen=True):
    """What the champion was trained with.

    Attributes:
        model_version: the version that the report is about.
        answering_version: the version that answers now.
        is_of_answering_model: False where the arguments are another version's.
        args: by name.
    """

    model_version: str
    answering_version: str
    is_of_answering_model: bool
    args: dict[str, Any]


class OnlinePerformance(msgspec.Struct, frozen=True):
    """How the models do on the labels that came, each scored before it was learned.

    Attributes:
        online_version: how many records of feedback were learned or refused.
        answering: by head, `topic` and `sentiment`: `batch` or `online`.
        heads: by head `window` and `fading`, of each the figures of `batch`, `online` and `served`.
    """

    online_version: int
    answering: dict[str, str]
    heads: dict[str, dict[str, Any]]


class TickerWindow(msgspec.Struct, frozen=True):
    """A ticker's tweets of the last seconds, of those that the server read.

    Attributes:
        seconds: 60, 300 or 900; moves in steps of ten.
        tweets: how many.
        bearish: how many are.
        neutral: how many are.
        bullish: how many are.
        sentiment_score: their mean, -1 to 1; None without tweets.
        sampled_share: share of all tweets in that time that was read, 0 to 1.
    """

    seconds: int
    tweets: int
    bearish: int
    neutral: int
    bullish: int
    sentiment_score: float | None
    sampled_share: float


class Ticker(msgspec.Struct, frozen=True):
    """The last minutes of one ticker.

    Attributes:
        ticker: upper case, without the dollar sign.
        windows: the shortest first.
        tweets: the newest that were read, newest last; at most 20.
    """

    ticker: str
    windows: tuple[TickerWindow, ...]
    tweets: tuple[ClassifiedTweet, ...]
