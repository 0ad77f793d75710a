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
    model = predictor.model
    predictions = iter(predictor.predict(tweets))
    messages: list[Message] = []
    for record, tweet in zip(records, read, strict=True):
        headers = _EventHeaders(record, f"{topics.raw.name}-{partition}-{record.offset}", model)
        if isinstance(tweet, DeadLetter):
            messages.append(_refusal(tweet, headers, topics))
        else:
            messages.extend(_answers(tweet, next(predictions), headers, topics, utc_timestamp(time)))
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


def _answers(
    tweet: Tweet, prediction: Prediction, headers: "_EventHeaders", topics: Topics, classified_at: str
) -> tuple[Message, Message]:
    key = None if tweet.id is None else tweet.id.encode()
    return (
        Message(
            topic=topics.classified.name,
            key=key,
            value=encode(classified_tweet(tweet, prediction, classified_at=classified_at)),
            headers=headers.of(CLASSIFIED_TYPE, JSON),
        ),
        Message(
            topic=topics.sentiment.name,
            key=key,
            value=encode(tweet_sentiment(tweet, prediction, classified_at=classified_at)),
            headers=headers.of(SENTIMENT_TYPE, JSON),
        ),
    )


def _refusal(letter: DeadLetter, headers: "_EventHeaders", topics: Topics) -> Message:
    return Message(
        topic=topics.dead_letter.name,
        key=letter.key,
        value=letter.value,
        headers=headers.of(DEAD_LETTER_TYPE, BYTES) + letter.headers(),
    )


class _EventHeaders:
    """The CloudEvents headers (Kafka binding, binary mode) that all outputs of one record share."""

    def __init__(self, record: Record, event_id: str, model: ModelVersion) -> None:
        self._id = ("ce_id", event_id.encode())
        self._shared: Headers = (
            ("ce_source", SOURCE),
            ("ce_specversion", b"1.0"),
            ("model-version", model.version.encode()),
        )
        self._trace: Headers = tuple(
            (name, value) for name, value in record.headers if name == "traceparent" and value
        )[:1]

    def of(self, event_type: bytes, content_type: bytes) -> Headers:
        return (self._id, ("ce_type", event_type), ("content-type", content_type), *self._shared, *self._trace)
