"""Which tweets of a chunk are traced, and what their spans say."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from models.predictions import Predictions
from models.taxonomy import ANSWERS, SENTIMENTS
from monitoring.tracing.sampling import Sampler
from monitoring.tracing.spans import Span, Tracer
from monitoring.tracing.traceparent import Parent, read_traceparent
from stream.dead_letters import DeadLetter, Record
from stream.fetched import FetchedRecords
from stream.transport.delivery import Event

HEADER = "traceparent"
SPAN_NAME = "classify tweet"

Carried = Sequence[tuple[Record, bytes]]
"""The records that have a `traceparent`, with the first of its values."""

BeginSpans = Callable[[Sequence[Record], Carried], dict[int, Span]]
"""Begins the spans of a chunk, by offset."""

_MAY_BE_SAMPLED = frozenset(b"%x" % digit for digit in range(1, 16, 2))
_FLAG = slice(54, 55)  # where the digit with the sampled flag stands


def carried_traceparents(records: Sequence[Record]) -> Carried:
    """Find the records that have a `traceparent`, whatever it says."""
    with_headers = records.with_headers() if isinstance(records, FetchedRecords) else records
    return [
        (record, value)
        for record in with_headers
        if record.headers
        for value in [value for name, value in record.headers if name == HEADER and value][:1]
    ]


class TweetTraces:
    """Begins the spans of the tweets that are traced; a chunk without one costs a few microseconds.

    Args:
        tracer: makes the spans.
        sampler: draws among the tweets that come without a trace.
        topic: full name of the topic that the tweets come from.
        group: the worker's consumer group.
    """

    def __init__(self, tracer: Tracer, *, sampler: Sampler, topic: str, group: str) -> None:
        self._tracer = tracer
        self._sampler = sampler
        self._shared = {
            "messaging.system": "kafka",
            "messaging.operation.name": "classify",
            "messaging.operation.type": "process",
            "messaging.destination.name": topic,
            "messaging.consumer.group.name": group,
        }

    def begin(
        self, records: Sequence[Record], carried: Carried, *, partition: int, fetched_at: float
    ) -> dict[int, Span]:
        """Begin the spans of a chunk.

        Args:
            records: the whole chunk.
            carried: see `carried_traceparents`.
            partition: that they came from.
            fetched_at: when they came, in seconds since 1970.

        Returns:
            By offset; leaves out what can't be exported now.
        """
        parents: dict[int, Parent | None] = {}
        for record in [record for record, value in carried if value[_FLAG] in _MAY_BE_SAMPLED]:
            parent = _parent(record)
            if parent is not None and parent.is_sampled:
                parents[record.offset] = parent
        for record in [records[place] for place in self._sampler.draw(len(records))]:
            if _parent(record) is None:
                parents[record.offset] = None
        spans = {
            offset: self._tracer.begin(
                SPAN_NAME,
                kind="consumer",
                parent=parent,
                attributes={
                    **self._shared,
                    "messaging.destination.partition.id": str(partition),
                    "messaging.kafka.offset": offset,
                },
                start_seconds=fetched_at,
            )
            for offset, parent in parents.items()
        }
        return {offset: span for offset, span in spans.items() if span is not None}


def traceparents(carried: Carried, spans: Mapping[int, Span]) -> dict[int, bytes]:
    """Give the header of each record's outputs, by offset: the span of one that is traced, else what it came with."""
    return {record.offset: value for record, value in carried} | {
        offset: span.traceparent for offset, span in spans.items()
    }


def describe_answers(
    spans: Mapping[int, Span],
    records: Sequence[Record],
    places: Sequence[int],
    letters: Mapping[int, DeadLetter],
    predictions: Predictions,
) -> None:
    """Say in each span what became of its record.

    Args:
        spans: by offset.
        records: the chunk, in offset order.
        places: of the tweets among them, in order.
        letters: those of the records that are no tweets, by their place.
        predictions: of the tweets.
    """
    answers, sentiments = predictions.answers(), predictions.columns.sentiments
    for offset, span in spans.items():
        place = bisect_left(records, offset, key=lambda record: record.offset)
        if place in letters:
            span.fail(letters[place].reason)
            continue
        tweet = bisect_left(places, place)
        span.describe(
            {
                "tickertape.model.version": predictions.model.version,
                "tickertape.model.online_version": predictions.model.online_version,
                "tickertape.label": str(ANSWERS[answers[tweet]]),
                "tickertape.sentiment": str(SENTIMENTS[sentiments[tweet]]),
            }
        )


class TracedEvent:
    """A chunk's event whose spans end when it is acknowledged; implements `stream.transport.delivery.Event`."""

    def __init__(self, event: Event, spans: Sequence[Span]) -> None:
        self._event = event
        self._spans = spans

    def ack(self) -> None:
        """Mark the chunk as done."""
        self._event.ack()
        for span in self._spans:
            span.end()

    def leave(self) -> None:
        """Let go of the chunk; its spans are not exported."""
        self._event.leave()


def _parent(record: Record) -> Parent | None:
    return read_traceparent([value for name, value in record.headers or () if name == HEADER])
