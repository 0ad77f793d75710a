"""The windows before, read again after a restart: they belong to the long window of the next one."""

import logging
from collections.abc import Iterator, Sequence

from kafka import TopicPartition

from models.records import ModelVersion
from monitoring.drift.describing import Description
from monitoring.drift.records import DriftEvent
from monitoring.drift.references.reference import Reference
from monitoring.drift.windows import Window, window_of
from stream.drift.bucket import TokenBucket
from stream.drift.client import CALL_MS, HeldClient
from stream.drift.decoding import decode_answered
from stream.kafka.offsets import read_between

logger = logging.getLogger(__name__)


class EarlierTweets:
    """Implements `stream.drift.subjects.EarlierWindows` with a topic of Kafka.

    Args:
        consumer: without a group; nobody else uses it.
        topic: full name of the topic of classified tweets.
        bucket: holds down the reading.
    """

    def __init__(self, consumer: HeldClient, topic: str, bucket: TokenBucket) -> None:
        self._consumer, self._topic, self._bucket = consumer, topic, bucket

    def windows(self, events: Sequence[DriftEvent], reference: Reference) -> list[Window]:
        """Give the windows of events in their order; what the topic no longer holds is left out, and logged.

        Raises:
            KafkaError: no broker answers, or it refuses.
        """
        return [window for stretch in _stretches(events) for window in self._read(stretch, reference)]

    def _read(self, events: Sequence[DriftEvent], reference: Reference) -> Iterator[Window]:
        """Give the windows of events that follow each other without a hole, read in one go."""
        rows: list[list[Description]] = [[] for _ in events]
        start, end = self._held(events)
        for records in read_between(self._consumer, self._topic, start=start, end=end):
            self._bucket.allowance()
            self._bucket.take(len(records))
            for record in records:
                place = _place(events, str(record.partition), record.offset)
                answered = decode_answered(record.value)
                if answered is None or not _is_of(answered.tweet.model, events[place]):
                    continue
                row = answered.described(reference.trained)
                if row is not None:
                    rows[place].append(row)
        for event, of_event in zip(events, rows, strict=True):
            if of_event:
                yield window_of(of_event, dead_letters=event.window.dead_letters)

    def _held(self, events: Sequence[DriftEvent]) -> tuple[dict[int, int], dict[int, int]]:
        """Give start and end of the part of the windows that the topic still holds."""
        told_start, told_end = events[0].window.start, events[-1].window.end
        partitions = {number: TopicPartition(self._topic, int(number)) for number in told_start}
        wanted = list(partitions.values())
        first = self._consumer.beginning_offsets(wanted, timeout_ms=CALL_MS)
        last = self._consumer.end_offsets(wanted, timeout_ms=CALL_MS)
        start, end, gone = {}, {}, 0
        for number, tp in partitions.items():
            begin = min(max(told_start[number], first[tp]), last[tp])
            start[tp.partition], end[tp.partition] = begin, min(max(told_end[number], begin), last[tp])
            gone += told_end[number] - told_start[number] - (end[tp.partition] - begin)
        if gone:
            logger.warning("earlier_tweets_gone", extra={"window": events[0].window.number, "tweets": gone})
        return start, end


def _stretches(events: Sequence[DriftEvent]) -> list[list[DriftEvent]]:
    """Put events together that follow each other without a hole."""
    stretches: list[list[DriftEvent]] = []
    for event in events:
        if stretches and stretches[-1][-1].window.end == event.window.start:
            stretches[-1].append(event)
        else:
            stretches.append([event])
    return stretches


def _place(events: Sequence[DriftEvent], partition: str, offset: int) -> int:
    """Tell which of the events a record belongs to."""
    return next(
        (place for place, event in enumerate(events) if offset < event.window.end.get(partition, 0)), len(events) - 1
    )


def _is_of(model: ModelVersion, event: DriftEvent) -> bool:
    return (model.name, model.version) == (event.model.name, event.model.version)
