"""What is sent to who listens: the events of `/live` and the answer of `/tickers/{symbol}`, and their bytes."""

from typing import Literal

import msgspec

from models.records import ModelVersion

Broker = Literal["connecting", "connected", "gone", "missing-topics"]

RETRY_MS = 2_000
RETRY = b"retry: %d\n\n" % RETRY_MS
KEEP_ALIVE = b": nothing new\n\n"

_encoder = msgspec.json.Encoder()


class Latency(msgspec.Struct, frozen=True):
    """Time from a tweet's arrival in Kafka to its answer's, in milliseconds."""

    p50: float
    p99: float


class Figure(msgspec.Struct, frozen=True):
    """How one answerer does on the last labels.

    Attributes:
        accuracy: share that is right, 0 to 1.
        labels: how many labels of equal weight would say as much.
    """

    accuracy: float
    labels: float


class HeadAccuracy(msgspec.Struct, frozen=True):
    """How each answerer does on one head's last labels, each scored before it was learned."""

    batch: Figure
    online: Figure
    served: Figure


class Accuracy(msgspec.Struct, frozen=True):
    """The newest report of learning; a head without any label is null."""

    at: str
    label: HeadAccuracy | None
    sentiment: HeadAccuracy | None


class Drift(msgspec.Struct, frozen=True):
    """What the drift process told last.

    Attributes:
        state: `unknown` until a window that could be compared was told.
        window: its number; None where none was told.
        at: when it was told.
        causes: what moved, the largest score first, a few words each.
        report: path of the report's event in this API; None where none was made.
    """

    state: Literal["ok", "drift", "unknown"] = "unknown"
    window: int | None = None
    at: str | None = None
    causes: tuple[str, ...] = ()
    report: str | None = None


class Event(msgspec.Struct, frozen=True):
    """A change of the models, told on `tweets.metrics`.

    Attributes:
        at: when, ISO 8601 in UTC.
        type: `swapped`, `refused`, `contest_decision`, `drift_alarm` or `challenger_lead`.
        text: a sentence.
    """

    at: str
    type: str
    text: str


class TickerActivity(msgspec.Struct, frozen=True):
    """A ticker's tweets of the last 15 minutes, of those that were read.

    Attributes:
        ticker: upper case, without the dollar sign.
        tweets: how many.
        sentiment_score: their mean, -1 to 1.
        bullish: how many are.
        bearish: how many are.
        neutral: how many are.
    """

    ticker: str
    tweets: int
    sentiment_score: float
    bullish: int
    bearish: int
    neutral: int


class HistoryPoint(msgspec.Struct, frozen=True):
    """Ten seconds of the past; what is not known of them is null.

    Attributes:
        at: when they began.
        tweets_per_second: exact.
        latency_p50_ms: median.
        labels: of the tweets that were read.
        sentiments: likewise.
        batch_accuracy: of the label head, as last reported by their end.
        online_accuracy: likewise.
        served_accuracy: likewise.
    """

    at: str
    tweets_per_second: float | None
    latency_p50_ms: float | None
    labels: dict[str, int]
    sentiments: dict[str, int]
    batch_accuracy: float | None
    online_accuracy: float | None
    served_accuracy: float | None


class Tick(msgspec.Struct, frozen=True):
    """What happened since the last tick; see docs/reference/api.md."""

    at: str
    broker: Broker
    model: ModelVersion | None
    tweets_per_second: float | None
    sampled_share: float
    latency_ms: Latency | None
    tweets: list[msgspec.Raw]
    labels: dict[str, int]
    sentiments: dict[str, int]
    tickers: list[TickerActivity]
    accuracy: Accuracy | None
    drift: Drift
    dead_letters: dict[str, int]
    events: list[Event]


class State(Tick, frozen=True):
    """What is sent first: the last tick, with more tweets and the last 15 minutes, oldest first."""

    history: list[HistoryPoint]


class TickerWindow(msgspec.Struct, frozen=True):
    """A ticker's tweets of the last seconds, of those that were read.

    Attributes:
        seconds: how long ago the window began; up to ten seconds less, as it moves in steps.
        tweets: how many.
        bearish: how many are.
        neutral: how many are.
        bullish: how many are.
        sentiment_score: their mean, -1 to 1; None without tweets.
        sampled_share: share of all tweets in the window that was read, 0 to 1.
    """

    seconds: int
    tweets: int
    bearish: int
    neutral: int
    bullish: int
    sentiment_score: float | None
    sampled_share: float


class TickerView(msgspec.Struct, frozen=True):
    """The answer of `GET /tickers/{symbol}`; the tweets are the newest, newest last."""

    ticker: str
    windows: list[TickerWindow]
    tweets: list[msgspec.Raw]


def encode(record: msgspec.Struct) -> bytes:
    """Write a record as JSON in UTF-8."""
    return _encoder.encode(record)


def event(kind: str, number: int, content: object) -> bytes:
    """Write an event of the stream; JSON of one line, as encoders write it, needs no other framing.

    Args:
        kind: `state` or `tick`.
        number: of the tick.
        content: its data.
    """
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, kind.encode(), _encoder.encode(content))
