"""The live feed's answers, as OpenAPI shows them; `api.live.frames` has the records that are written."""

from typing import Literal

from pydantic import Field

from api.openapi.schemas import Body, ClassifiedTweet, ModelVersion


class LiveLatency(Body):
    """Time from a tweet's arrival in Kafka to its answer's, in milliseconds, of the last 10 to 20 seconds."""

    p50: float = Field(description="Median.")
    p99: float = Field(description="All but the slowest hundredth are as fast.")


class LiveFigure(Body):
    """How one answerer does on the last labels."""

    accuracy: float = Field(description="Share that is right.")
    labels: float = Field(description="How many labels of equal weight would say as much.")


class LiveHeadAccuracy(Body):
    """How each answerer does on one head's last labels, each scored before it was learned."""

    batch: LiveFigure
    online: LiveFigure
    served: LiveFigure


class LiveAccuracy(Body):
    """The newest report of learning."""

    at: str = Field(description="When it was told, ISO 8601 in UTC.")
    label: LiveHeadAccuracy | None = Field(description="Null without any label.")
    sentiment: LiveHeadAccuracy | None = Field(description="Null without any label.")


class LiveDrift(Body):
    """What the drift process told last."""

    state: Literal["ok", "drift", "unknown"] = Field(description="`unknown` until a window was compared.")
    window: int | None = Field(description="Its number.")
    at: str | None = Field(description="When it was told, ISO 8601 in UTC.")
    causes: list[str] = Field(description="What moved, the largest score first; at most 5.")
    report: str | None = Field(description="Path of its event; null where no report was made.")


class LiveEvent(Body):
    """A change of the models."""

    at: str = Field(description="When, ISO 8601 in UTC.")
    type: str = Field(description="`swapped`, `refused`, `contest_decision`, `drift_alarm` or `challenger_lead`.")
    text: str = Field(description="A sentence.")


class TickerActivity(Body):
    """A ticker's tweets of the last 15 minutes, of those that were read."""

    ticker: str = Field(description="Upper case, without the dollar sign.")
    tweets: int = Field(description="How many.")
    sentiment_score: float = Field(ge=-1, le=1, description="Their mean.")
    bullish: int
    bearish: int
    neutral: int


class HistoryPoint(Body):
    """Ten seconds of the past; what is not known of them is null."""

    at: str = Field(description="When they began, ISO 8601 in UTC.")
    tweets_per_second: float | None = Field(description="Exact, as of a tick.")
    latency_p50_ms: float | None = Field(description="Median.")
    labels: dict[str, int] = Field(description="Counts of what was read.")
    sentiments: dict[str, int] = Field(description="Counts of what was read.")
    batch_accuracy: float | None = Field(description="Of topics, as last reported by their end.")
    online_accuracy: float | None = Field(description="Likewise.")
    served_accuracy: float | None = Field(description="Likewise.")


class LiveTick(Body):
    """What happened since the last tick."""

    at: str = Field(description="When, ISO 8601 in UTC with milliseconds.")
    broker: Literal["connecting", "connected", "gone", "missing-topics"] = Field(description="How Kafka is.")
    model: ModelVersion | None = Field(description="What answers in this process; null until it is loaded.")
    tweets_per_second: float | None = Field(description="Of `tweets.classified`, exact; null if unknown.")
    sampled_share: float = Field(ge=0, le=1, description="Share of the tweets since the last tick that was read.")
    latency_ms: LiveLatency | None
    tweets: list[ClassifiedTweet] = Field(description="The newest that were read, newest last; at most 20.")
    labels: dict[str, int] = Field(description="Counts of what was read since the last tick.")
    sentiments: dict[str, int] = Field(description="Counts of what was read since the last tick.")
    tickers: list[TickerActivity] = Field(description="The most active of the last 15 minutes; at most 20.")
    accuracy: LiveAccuracy | None = Field(description="Null until learning was reported.")
    drift: LiveDrift
    dead_letters: dict[str, int] = Field(description="Of the last 15 minutes, by reason.")
    events: list[LiveEvent] = Field(description="Since the last tick; at most 20.")


class LiveState(LiveTick):
    """The first event: the last tick, with up to 50 tweets, the last 20 events, and the past."""

    history: list[HistoryPoint] = Field(description="The last 15 minutes, oldest first.")


class TickerWindow(Body):
    """A ticker's tweets of the last seconds, of those that were read."""

    seconds: int = Field(description="60, 300 or 900; moves in steps of ten.")
    tweets: int = Field(description="How many.")
    bearish: int
    neutral: int
    bullish: int
    sentiment_score: float | None = Field(ge=-1, le=1, description="Their mean; null without tweets.")
    sampled_share: float = Field(ge=0, le=1, description="Share of all tweets in that time that was read.")


class TickerView(Body):
    """The last minutes of one ticker."""

    ticker: str = Field(description="Upper case, without the dollar sign.")
    windows: list[TickerWindow]
    tweets: list[ClassifiedTweet] = Field(description="The newest that were read, newest last; at most 20.")
