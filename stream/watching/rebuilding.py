"""The windows before, read again after a restart: they belong to the long window of the next one."""

import logging
from collections.abc import Sequence

from kafka import TopicPartition

from monitoring.drift.describing import Description
from monitoring.drift.records import DriftEvent, Span
from monitoring.drift.reference import Reference
from monitoring.drift.windows import Window, window_of
from stream.ranges import read_with
from stream.watching.bucket import TokenBucket
from stream.watching.client import CALL_MS, HeldClient
from stream.watching.decoding import decode_answered

logger = logging.getLogger(__name__)


class EarlierTweets:
    """Implements `stream.watching.subjects.Earlier` with a topic of Kafka.

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
        return [window for event in events if (window := self._window(event, reference)) is not None]

    def _window(self, event: DriftEvent, reference: Reference) -> Window | None:
        start, end = self._held(event.window)
        rows: list[Description] = []
        for records in read_with(self._consumer, self._topic, start=start, end=end):
            self._bucket.allowance()
            self._bucket.take(len(records))
            for record in records:
                answered = decode_answered(record.value)
                model = None if answered is None else answered.tweet.model
                if answered is None or model is None or (model.name, model.version) != _version(event):
                    continue
                row = answered.described(reference.trained)
                if row is not None:
                    rows.append(row)
        return window_of(rows, dead_letters=event.window.dead_letters) if rows else None

    def _held(self, window: Span) -> tuple[dict[int, int], dict[int, int]]:
        """Give start and end of the part of a window that the topic still holds."""
        partitions = {int(number): TopicPartition(self._topic, int(number)) for number in window.start}
        wanted = list(partitions.values())
        first = self._consumer.beginning_offsets(wanted, timeout_ms=CALL_MS)
        last = self._consumer.end_offsets(wanted, timeout_ms=CALL_MS)
        start, end, gone = {}, {}, 0
        for number, tp in partitions.items():
            told_start, told_end = window.start[str(number)], window.end[str(number)]
            start[number] = min(max(told_start, first[tp]), last[tp])
            end[number] = min(max(told_end, start[number]), last[tp])
            gone += told_end - told_start - (end[number] - start[number])
        if gone:
            logger.warning("earlier_tweets_gone", extra={"window": window.number, "tweets": gone})
        return start, end


def _version(event: DriftEvent) -> tuple[str, str]:
    return event.model.name, event.model.version
