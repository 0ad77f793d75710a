"""The records that all packages share: a tweet, and what a model says of it."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from models.taxonomy import ANSWERS, Answer, Label, Sentiment

# What schemas say of these values; they are written, so no reader pays for a check.
Probability = Annotated[float, msgspec.Meta(extra_json_schema={"minimum": 0, "maximum": 1})]
Leaning = Annotated[float, msgspec.Meta(extra_json_schema={"minimum": -1, "maximum": 1})]
"""P(bullish) - P(bearish)."""
Timestamp = Annotated[
    str,
    msgspec.Meta(extra_json_schema={"pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"}),
]
"""See `utc_timestamp`."""
_Answered = Annotated[str, msgspec.Meta(extra_json_schema={"enum": [*ANSWERS]})]


class Tweet(msgspec.Struct, frozen=True, gc=False):
    """One tweet, as it came.

    Attributes:
        text: as published, HTML entities and all; 1 to `models.tweets.MAX_TEXT_CHARACTERS` characters.
        id: 1 to 19 digits, or None for a text that came over HTTP without one.
        created_at: ISO 8601 with zone, as it came, or None.
        tickers: upper case, without the dollar sign, each once, in order of appearance.
    """

    text: str
    id: str | None = None
    created_at: str | None = None
    tickers: tuple[str, ...] = ()


class ModelVersion(msgspec.Struct, frozen=True):
    """The versions that made an answer.

    Attributes:
        name: name of the registered model.
        version: version in the registry, or `pretrained-` and the first 8 digits of the weights' sha256.
        online_version: how many records of feedback the online model that took part had seen; 0 where none took part.
    """

    name: str
    version: str
    online_version: int = 0


class ModelChange(msgspec.Struct, frozen=True):
    """What became of a version that was to answer; the value of `tweets.metrics`.

    Attributes:
        outcome: `swapped`: it answers now; `refused`: the previous one goes on.
        name: name of the registered model.
        version: the version that was to answer.
        previous_version: the one that answered before.
        reasons: why it was refused, a sentence each; empty for one that was not.
        time: when this was decided, ISO 8601 in UTC with milliseconds.
    """

    outcome: Literal["swapped", "refused"]
    name: str
    version: str
    previous_version: str
    reasons: tuple[str, ...]
    time: Timestamp


class Opinion(msgspec.Struct, frozen=True, gc=False):
    """What one model says by itself of a tweet, whoever answers; the fields are those of `Prediction`."""

    label: Label
    label_score: Probability
    sentiment: Sentiment
    sentiment_score: Leaning


class Prediction(msgspec.Struct, frozen=True, gc=False):
    """What a model says of one tweet.

    Attributes:
        label: the most probable topic, or `other` when the model abstains.
        label_score: the largest probability of a topic, 0 to 1; abstaining leaves it and `labels` as they are.
        labels: the k most probable topics with their probabilities, largest first.
        sentiment: the most probable sentiment.
        sentiment_score: P(bullish) - P(bearish), -1 to 1.
        answered_by: who gave the label: `batch` is the registered model alone, `online` it with what was learned from
            late labels, `teacher` it and its teacher together.
        sentiment_answered_by: who gave the sentiment.
        opinions: what `batch` and `online` say by themselves, where they differ in label or sentiment; else empty.
        model: the versions behind the answer.
    """

    label: Answer
    label_score: Probability
    labels: dict[Label, Probability]
    sentiment: Sentiment
    sentiment_score: Leaning
    answered_by: str
    sentiment_answered_by: str
    opinions: dict[str, Opinion]
    model: ModelVersion

    @property
    def best_label(self) -> Label:
        """The most probable topic, whether the model abstains or not."""
        return next(iter(self.labels))


class ClassifiedTweet(msgspec.Struct, frozen=True, gc=False):
    """The value of `tweets.classified`, and one element of `predictions` over HTTP.

    Attributes:
        label: one of `models.taxonomy.ANSWERS`; msgspec can't decode the type `Answer`, so readers check it.
        classified_at: when the answer was made, ISO 8601 in UTC with milliseconds.
    """

    id: str | None
    text: str
    created_at: str | None
    tickers: tuple[str, ...]
    label: _Answered
    label_score: Probability
    labels: dict[Label, Probability]
    sentiment: Sentiment
    sentiment_score: Leaning
    answered_by: str
    sentiment_answered_by: str
    opinions: dict[str, Opinion]
    model: ModelVersion
    classified_at: Timestamp


class TweetSentiment(msgspec.Struct, frozen=True, gc=False):
    """The value of `tweets.sentiment`: the small record for who needs nothing else."""

    id: str | None
    created_at: str | None
    tickers: tuple[str, ...]
    sentiment: Sentiment
    sentiment_score: Leaning
    model: ModelVersion
    classified_at: Timestamp


def classified_tweet(tweet: Tweet, prediction: Prediction, *, classified_at: str) -> ClassifiedTweet:
    """Join a tweet with what a model says of it."""
    return ClassifiedTweet(
        id=tweet.id,
        text=tweet.text,
        created_at=tweet.created_at,
        tickers=tweet.tickers,
        label=prediction.label,
        label_score=prediction.label_score,
        labels=prediction.labels,
        sentiment=prediction.sentiment,
        sentiment_score=prediction.sentiment_score,
        answered_by=prediction.answered_by,
        sentiment_answered_by=prediction.sentiment_answered_by,
        opinions=prediction.opinions,
        model=prediction.model,
        classified_at=classified_at,
    )


def tweet_sentiment(tweet: Tweet, prediction: Prediction, *, classified_at: str) -> TweetSentiment:
    """Join a tweet with its sentiment alone."""
    return TweetSentiment(
        id=tweet.id,
        created_at=tweet.created_at,
        tickers=tweet.tickers,
        sentiment=prediction.sentiment,
        sentiment_score=prediction.sentiment_score,
        model=prediction.model,
        classified_at=classified_at,
    )


def utc_timestamp(seconds: float) -> str:
    """Render seconds since 1970 as ISO 8601 in UTC with milliseconds.

    >>> utc_timestamp(1_767_225_600.25)
    '2026-01-01T00:00:00.250Z'
    """
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
