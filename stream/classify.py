"""The heart of the worker: a chunk of records in, the messages that answer them out."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import msgspec

from models.contracts import Predictor
from models.errors import MalformedRecordError
from models.records import ModelVersion, Prediction, Tweet, classified_tweet, tweet_sentiment, utc_timestamp
from stream.codecs import decode_tweet, encode
from stream.dead_letters import DeadLetter, Headers
from stream.topics import Topics

SOURCE = b"/tickertape/worker"
CLASSIFIED_TYPE = b"tickertape.tweet.classified.v1"
SENTIMENT_TYPE = b"tickertape.tweet.sentiment.v1"
DEAD_LETTER_TYPE = b"tickertape.tweet.dead-letter.v1"
JSON = b"application/json"
BYTES = b"application/octet-stream"


class Record(Protocol):
    """What is read of a Kafka record."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    offset: int


class Message(msgspec.Struct, frozen=True, gc=False):
    """One record to send."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


class Answer(msgspec.Struct, frozen=True):
    """What became of a chunk.

    Attributes:
        messages: in the order of the input; two for a tweet, one for a dead letter.
        classified: how many tweets were classified.
        refused: how many records became dead letters, by reason.
    """

    messages: list[Message]
    classified: int
    refused: dict[str, int]


def classify(records: Sequence[Record], *, partition: int, topics: Topics, predictor: Predictor, time: float) -> Answer:
    """Classify the records of one partition; no record is passed over and none can raise.

    Args:
        records: n records of `topics.raw`, in offset order.
        partition: the partition that they came from.
        topics: where the messages go.
        predictor: answers all tweets of the chunk at once.
        time: when this happens, in seconds since 1970.
    """
    read = [_read(record, topics.raw.name, partition, time) for record in records]
    tweets = [tweet for tweet in read if isinstance(tweet, Tweet)]
    write = _Writer(topics, partition, model=predictor.model, classified_at=utc_timestamp(time))
    predictions = iter(predictor.predict(tweets))
    messages: list[Message] = []
    for record, tweet in zip(records, read, strict=True):
        if isinstance(tweet, DeadLetter):
            messages.append(write.refusal(record, tweet))
        else:
            messages += write.answers(record, tweet, next(predictions))
    refused = Counter(letter.reason for letter in read if isinstance(letter, DeadLetter))
    return Answer(messages=messages, classified=len(tweets), refused=dict(refused))


def _read(record: Record, topic: str, partition: int, time: float) -> Tweet | DeadLetter:
    try:
        return decode_tweet(record.value)
    except MalformedRecordError as exc:
        return DeadLetter(
            key=record.key,
            value=record.value,
            reason=exc.reason,
            error=str(exc),
            topic=topic,
            partition=partition,
            offset=record.offset,
            time=time,
        )


class _Writer:
    """Writes the messages of one chunk; what they share is made once.

    The headers are CloudEvents in Kafka's binary mode; `ce_id` names the input, so that a repeat is recognised.
    """

    def __init__(self, topics: Topics, partition: int, *, model: ModelVersion, classified_at: str) -> None:
        self._topics = topics
        self._id_prefix = f"{topics.raw.name}-{partition}-"
        self._classified_at = classified_at
        shared = [("ce_source", SOURCE), ("ce_specversion", b"1.0"), ("model-version", model.version.encode())]
        self._classified = [("ce_type", CLASSIFIED_TYPE), ("content-type", JSON), *shared]
        self._sentiment = [("ce_type", SENTIMENT_TYPE), ("content-type", JSON), *shared]
        self._dead_letter = [("ce_type", DEAD_LETTER_TYPE), ("content-type", BYTES), *shared]

    def answers(self, record: Record, tweet: Tweet, prediction: Prediction) -> tuple[Message, Message]:
        """Give the classified tweet and its sentiment."""
        key = None if tweet.id is None else tweet.id.encode()
        own = self._own_headers(record)
        classified = classified_tweet(tweet, prediction, classified_at=self._classified_at)
        sentiment = tweet_sentiment(tweet, prediction, classified_at=self._classified_at)
        return (
            Message(self._topics.classified.name, key, encode(classified), own + self._classified),
            Message(self._topics.sentiment.name, key, encode(sentiment), own + self._sentiment),
        )

    def refusal(self, record: Record, letter: DeadLetter) -> Message:
        """Give the dead letter."""
        headers = self._own_headers(record) + self._dead_letter + letter.headers()
        return Message(self._topics.dead_letter.name, letter.key, letter.value, headers)

    def _own_headers(self, record: Record) -> Headers:
        own = [("ce_id", f"{self._id_prefix}{record.offset}".encode())]
        own += [(name, value) for name, value in record.headers if name == "traceparent" and value][:1]
        return own
