"""The heart of the worker: a chunk of records in, the records that answer them out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import cast

import msgspec

from models.contracts import Predictor
from models.errors import MalformedRecordError
from models.feedback import ToLabel, Why
from models.predictions import Predictions
from models.records import ModelVersion, Tweet, utc_timestamp
from models.selection import Choice, Selection
from monitoring.tracing.spans import Span
from stream.codecs import decode_tweet, encode
from stream.dead_letters import DeadLetter, Record, refused
from stream.framing import Header, Outputs, encode_headers, varint
from stream.topics import Topics
from stream.tracing import HEADER, BeginSpans, carried_traceparents, describe_answers, traceparents
from stream.writing import write_answers

SOURCE = b"/tickertape/worker"
CLASSIFIED_TYPE = b"tickertape.tweet.classified.v1"
SENTIMENT_TYPE = b"tickertape.tweet.sentiment.v1"
TO_LABEL_TYPE = b"tickertape.tweet.to-label.v1"
DEAD_LETTER_TYPE = b"tickertape.tweet.dead-letter.v1"
JSON = b"application/json"
BYTES = b"application/octet-stream"


class Answer(msgspec.Struct, frozen=True):
    """What became of a chunk.

    Attributes:
        outputs: in the order of the input; a record of two topics for a tweet, of a third for one that is sent out for
            labelling, of one for a dead letter.
        classified: how many tweets were classified.
        to_label: how many tweets are sent out for labelling, by what they were chosen for.
        refused: how many records became dead letters, by reason.
        scorer_seconds: how long the predictor took.
        spans: of the records that are traced; to be ended when the outputs are delivered.
    """

    outputs: list[Outputs]
    classified: int
    to_label: dict[Why, int]
    refused: dict[str, int]
    scorer_seconds: float
    spans: list[Span]


def classify(
    records: Sequence[Record],
    *,
    partition: int,
    topics: Topics,
    predictor: Predictor,
    time: float,
    selection: Selection | None = None,
    begin_spans: BeginSpans | None = None,
) -> Answer:
    """Classify the records of one partition; no record is passed over and none can raise.

    Args:
        records: n records of `topics.raw`, in offset order.
        partition: the partition that they came from.
        topics: where the answers go.
        predictor: answers all tweets of the chunk at once.
        time: when this happens, in seconds since 1970.
        selection: chooses the tweets that are sent out for labelling; None for none.
        begin_spans: begins the spans of the records that are traced; None for none.
    """
    carried = carried_traceparents(records)
    spans = {} if begin_spans is None else begin_spans(records, carried)
    read = [_read(record, topics.raw.name, partition, time) for record in records]
    tweets = [tweet for tweet in read if isinstance(tweet, Tweet)]
    started = perf_counter()
    predictions = predictor.predict(tweets)
    scorer_seconds = perf_counter() - started
    if spans:
        describe_answers(spans, records, read, predictions)
    write = _Writer(topics, partition, model=predictions.model, traceparents=traceparents(carried, spans))
    answers = write_answers(tweets, predictions, classified_at=utc_timestamp(time))
    for record, tweet in zip(records, read, strict=True):
        if isinstance(tweet, DeadLetter):
            write.refusal(record, tweet)
        else:
            write.answers(record, tweet, *next(answers))
    choices = _choose(predictions, selection, time)
    if choices:
        sources = [record for record, tweet in zip(records, read, strict=True) if isinstance(tweet, Tweet)]
        for choice in choices:
            write.to_label(sources[choice.place], tweets[choice.place], choice)
    return Answer(
        outputs=write.outputs(),
        classified=len(tweets),
        to_label=dict(Counter(choice.why for choice in choices)),
        refused=dict(Counter(letter.reason for letter in read if isinstance(letter, DeadLetter))),
        scorer_seconds=scorer_seconds,
        spans=list(spans.values()),
    )


def _choose(predictions: Predictions, selection: Selection | None, time: float) -> list[Choice]:
    if selection is None:
        return []
    return selection.choose(1 - predictions.columns.label_scores[:, 0], predictions.disputes(), time=time)


def _read(record: Record, topic: str, partition: int, time: float) -> Tweet | DeadLetter:
    try:
        return decode_tweet(record.value)
    except MalformedRecordError as exc:
        return refused(record, exc, topic=topic, partition=partition, time=time)


class _Writer:
    """Collects the output records of one chunk; what they share is made once.

    The headers are CloudEvents in Kafka's binary mode; `ce_id` names the input, so that a repeat is recognised.
    """

    def __init__(
        self, topics: Topics, partition: int, *, model: ModelVersion, traceparents: Mapping[int, bytes]
    ) -> None:
        self._traceparents = traceparents
        self._id_prefix = f"{topics.raw.name}-{partition}-"
        shared = [("ce_source", SOURCE), ("ce_specversion", b"1.0"), ("model-version", model.version.encode())]
        of_answers = [("content-type", JSON), *shared]
        self._shared_count = len(of_answers) + 1  # with the type, which is each topic's own
        self._classified = _outputs(topics.classified.name, [("ce_type", CLASSIFIED_TYPE), *of_answers])
        self._sentiment = _outputs(topics.sentiment.name, [("ce_type", SENTIMENT_TYPE), *of_answers])
        self._to_label = _outputs(topics.to_label.name, [("ce_type", TO_LABEL_TYPE), *of_answers])
        self._dead_letter = Outputs(topics.dead_letter.name)
        self._of_letters = [("ce_type", DEAD_LETTER_TYPE), ("content-type", BYTES), *shared]

    def answers(self, record: Record, tweet: Tweet, classified: bytes, sentiment: bytes) -> None:
        """Add both answers to a tweet."""
        key = None if tweet.id is None else tweet.id.encode()
        headers = self._start(record, self._shared_count)
        self._classified.add(key, classified, headers)
        self._sentiment.add(key, sentiment, headers)

    def to_label(self, record: Record, tweet: Tweet, choice: Choice) -> None:
        """Add a tweet that is sent out for labelling."""
        tweet_id = cast("str", tweet.id)  # `decode_tweet` refuses a tweet without one
        value = ToLabel(id=tweet_id, text=tweet.text, why=choice.why, probability=choice.probability)
        self._to_label.add(tweet_id.encode(), encode(value), self._start(record, self._shared_count))

    def refusal(self, record: Record, letter: DeadLetter) -> None:
        """Add a dead letter."""
        more = self._of_letters + letter.headers()
        self._dead_letter.add(letter.key, letter.value, self._start(record, len(more)) + encode_headers(more))

    def outputs(self) -> list[Outputs]:
        """Give the records of each topic that has any."""
        all_outputs = (self._classified, self._sentiment, self._to_label, self._dead_letter)
        return [outputs for outputs in all_outputs if outputs.keys]

    def _start(self, record: Record, more: int) -> bytes:
        """Encode the count of a record's headers, with those that follow, and its own."""
        own = [("ce_id", f"{self._id_prefix}{record.offset}".encode())]
        if self._traceparents and (traceparent := self._traceparents.get(record.offset)):
            own.append((HEADER, traceparent))
        return varint(len(own) + more) + encode_headers(own)


def _outputs(topic: str, shared_headers: Sequence[Header]) -> Outputs:
    return Outputs(topic, shared_headers=encode_headers(shared_headers))
