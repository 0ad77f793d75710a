"""Classify a chunk: records in, the records that answer them out."""

from collections import Counter
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import cast

import msgspec

from models.contracts import Predictor, TextPredictor
from models.errors import MalformedRecordError
from models.feedback import ToLabel, Why
from models.following import answering
from models.predictions import Predictions
from models.records import utc_timestamp
from models.selection import Choice, Selection
from monitoring.tracing.spans import Span
from stream.codecs import encode
from stream.dead_letters import DeadLetter, Record, dead_letter_of
from stream.framing import AnyOutputs, Outputs
from stream.headers import AnswerHeaders
from stream.reading import PlainReading, Reading, Refuse
from stream.topics import Topics
from stream.tracing import BeginSpans, carried_traceparents, describe_answers, traceparents

ReadTexts = Callable[[Sequence[Record], Refuse], Reading]
"""Reads the records of a chunk for a predictor that needs texts alone."""


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

    outputs: list[AnyOutputs]
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
    read_texts: ReadTexts = PlainReading,
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
        read_texts: how the records are read where the predictor is a `TextPredictor`.
    """

    def refuse(record: Record, why: MalformedRecordError) -> DeadLetter:
        return dead_letter_of(record, why, topic=topics.raw.name, partition=partition, time=time)

    carried = carried_traceparents(records)
    spans = {} if begin_spans is None else begin_spans(records, carried)
    answers_now = answering(predictor)
    reading = (read_texts if isinstance(answers_now, TextPredictor) else PlainReading)(records, refuse)
    started = perf_counter()
    predictions = reading.predict(answers_now)
    scorer_seconds = perf_counter() - started
    if spans:
        describe_answers(spans, records, reading.places, reading.letters, predictions)
    headers = AnswerHeaders(topics, partition, model=predictions.model, traceparents=traceparents(carried, spans))
    answers = reading.write(predictions, headers, topics=topics, classified_at=utc_timestamp(time))
    choices = _choose(predictions, selection, time)
    to_label = Outputs(topics.to_label.name, shared_headers=headers.to_label)
    for choice in choices:
        tweet = reading.tweet(choice.place)
        tweet_id = cast("str", tweet.id)  # `decode_tweet` refuses a tweet without one
        value = ToLabel(id=tweet_id, text=tweet.text, why=choice.why, probability=choice.probability)
        own = headers.own(records[reading.places[choice.place]].offset)
        to_label.add(tweet_id.encode(), encode(value), own)
    refusals = Outputs(topics.dead_letter.name)
    for letter in reading.letters.values():
        refusals.add(letter.key, letter.value, headers.of_letter(letter))
    return Answer(
        outputs=[outputs for outputs in (*answers, to_label, refusals) if outputs.count],
        classified=len(predictions),
        to_label=dict(Counter(choice.why for choice in choices)),
        refused=dict(Counter(letter.reason for letter in reading.letters.values())),
        scorer_seconds=scorer_seconds,
        spans=list(spans.values()),
    )


def _choose(predictions: Predictions, selection: Selection | None, time: float) -> list[Choice]:
    if selection is None:
        return []
    return selection.choose(1 - predictions.columns.label_scores[:, 0], predictions.disputes(), time=time)
