"""The work that all contestants but ours do: a tweet's bytes in, its two output records out.

Written apart from `stream.worker.classify`, as a user of another framework would, from the same public pieces; the runner
compares what arrives with what this makes, ours too: same key, same value, same headers.
"""

import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from peers.feed import labelled

from config.settings import KafkaSettings, ProjectSettings, StreamSettings, TopicSettings
from models.predictor import pretrained_predictor
from models.records import ModelVersion, Prediction, Tweet, classified_tweet, tweet_sentiment, utc_timestamp
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment
from stream.codecs import decode_tweet, encode
from stream.topics import Topics, declare_topics

TOP_K = 3
TRAINING_TWEETS = 6_000  # enough for a vocabulary of the usual size; fitted in seconds
Headers = list[tuple[str, bytes]]


class Place(NamedTuple):
    """Where an input record lies."""

    partition: int
    offset: int


class Answer(NamedTuple):
    """Both output records of one tweet."""

    key: bytes
    classified: bytes
    classified_headers: Headers
    sentiment: bytes
    sentiment_headers: Headers


class Task(NamedTuple):
    """What a contestant is told, through the same environment that our worker reads."""

    servers: str
    group: str
    topics: Topics


def task() -> Task:
    """Read the task from the environment."""
    return Task(KafkaSettings().bootstrap_servers, StreamSettings().group, declare_topics(TopicSettings()))


class Predictor(Protocol):
    """What is asked of the models here: records, as any program outside would take them."""

    @property
    def model(self) -> ModelVersion:
        """The versions that answer."""

    def predict(self, tweets: Sequence[Tweet]) -> Sequence[Prediction]:
        """Classify n tweets."""


class Answerer:
    """Answers tweets with one predictor.

    Args:
        predictor: answers all tweets of a call at once.
        raw: name of the input topic, for `ce_id`.
    """

    def __init__(self, predictor: Predictor, raw: str) -> None:
        self._predictor = predictor
        self._raw = raw
        shared = [
            ("content-type", b"application/json"),
            ("ce_source", b"/tickertape/worker"),
            ("ce_specversion", b"1.0"),
            ("model-version", predictor.model.version.encode()),
        ]
        self._classified = [("ce_type", b"tickertape.tweet.classified.v1"), *shared]
        self._sentiment = [("ce_type", b"tickertape.tweet.sentiment.v1"), *shared]

    def __call__(self, values: Sequence[bytes], places: Sequence[Place]) -> list[Answer]:
        """Answer n records; raises for a malformed one, of which the benchmark's feed has none."""
        tweets = [decode_tweet(value) for value in values]
        now = utc_timestamp(time.time())
        return [
            self._answer(tweet, prediction, place, now)
            for tweet, prediction, place in zip(tweets, self._predictor.predict(tweets), places, strict=True)
        ]

    def _answer(self, tweet: Tweet, prediction: Prediction, place: Place, now: str) -> Answer:
        ce_id = ("ce_id", f"{self._raw}-{place.partition}-{place.offset}".encode())
        return Answer(
            (tweet.id or "").encode(),
            encode(classified_tweet(tweet, prediction, classified_at=now)),
            [ce_id, *self._classified],
            encode(tweet_sentiment(tweet, prediction, classified_at=now)),
            [ce_id, *self._sentiment],
        )


class ConstantPredictor:
    """Says the same of every tweet, in as many bytes as a real answer has."""

    model = ModelVersion("tickertape", "pretrained-00000000")

    def predict(self, tweets: Sequence[Tweet]) -> list[Prediction]:
        answer = Prediction(
            label=Label.EARNINGS,
            label_score=0.912345,
            labels={Label.EARNINGS: 0.912345, Label.MACRO: 0.051234, Label.STOCK_COMMENTARY: 0.021234},
            sentiment=Sentiment.BULLISH,
            sentiment_score=0.512345,
            answered_by="batch",
            sentiment_answered_by="batch",
            opinions={},
            model=self.model,
        )
        return [answer] * len(tweets)


class PipelinePredictor:
    """What a user would write first: a scikit-learn pipeline a head, asked for its decision function."""

    model = ModelVersion("tickertape", "scikit-learn")

    def __init__(self, data_dir: Path) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  # one contestant of all needs it
        from sklearn.pipeline import make_pipeline  # noqa: PLC0415  # as above
        from sklearn.svm import LinearSVC  # noqa: PLC0415  # as above

        self._heads: list[Any] = [
            make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LinearSVC()).fit(texts, classes)
            for texts, classes in labelled(data_dir, TRAINING_TWEETS)
        ]

    def predict(self, tweets: Sequence[Tweet]) -> list[Prediction]:
        texts = [tweet.text for tweet in tweets]
        labels, sentiments = (head.decision_function(texts) for head in self._heads)
        return [self._prediction(*row) for row in zip(labels.tolist(), sentiments.tolist(), strict=True)]

    def _prediction(self, label_margins: list[float], sentiment_margins: list[float]) -> Prediction:
        columns, chances = _softmax(label_margins, self._heads[0].classes_), {}
        for column in sorted(columns, key=columns.__getitem__, reverse=True)[:TOP_K]:
            chances[LABELS[column]] = round(columns[column], 6)
        leaning = _softmax(sentiment_margins, self._heads[1].classes_)
        best = next(iter(chances))
        return Prediction(
            label=best,
            label_score=chances[best],
            labels=chances,
            sentiment=SENTIMENTS[max(leaning, key=leaning.__getitem__)],
            sentiment_score=round(leaning[1] - leaning[0], 6),
            answered_by="batch",
            sentiment_answered_by="batch",
            opinions={},
            model=self.model,
        )


def _softmax(margins: list[float], classes: Sequence[int]) -> dict[int, float]:
    weights = [math.exp(margin - max(margins)) for margin in margins]
    total = sum(weights)
    return {int(column): weight / total for column, weight in zip(classes, weights, strict=True)}


PREDICTORS: dict[str, Callable[[], Predictor]] = {
    "scorer": lambda: pretrained_predictor(TOP_K),
    "constant": ConstantPredictor,
    "sklearn": lambda: PipelinePredictor(ProjectSettings().data_dir),
}
MODEL_VARIABLE = "BENCH_MODEL"


def answerer(topics: Topics) -> Answerer:
    """Make the contestant's answerer, with the model that the runner chose for it, and warm it."""
    predictor = PREDICTORS[os.environ[MODEL_VARIABLE]]()
    predictor.predict([Tweet(text="Shares of $AAPL rise 3% https://t.co/a", id="1")])
    return Answerer(predictor, topics.raw.name)
