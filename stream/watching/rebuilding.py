"""The windows before, read again after a restart: they belong to the long window of the next one."""

import logging
from collections.abc import Sequence

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from models.errors import BrokerError
from monitoring.drift.describing import Description
from monitoring.drift.records import DriftEvent, Span
from monitoring.drift.reference import Reference
from monitoring.drift.windows import Window, window_of
from stream.following import connect
from stream.ranges import read_with
from stream.topics import CONNECT_TIMEOUT_MS
from stream.watching.bucket import TokenBucket
from stream.watching.decoding import decode_answered

logger = logging.getLogger(__name__)


class EarlierTweets:
    """Implements `stream.watching.subjects.Earlier` with a topic of Kafka.

    Args:
        bootstrap_servers: comma-separated host:port list.
        topic: full name of the topic of classified tweets.
        isolation_level: `read_committed` or `read_uncommitted`.
        bucket: holds down the reading.
    """

    def __init__(self, bootstrap_servers: str, topic: str, *, isolation_level: str, bucket: TokenBucket) -> None:
        self._bootstrap_servers, self._topic = bootstrap_servers, topic
        self._isolation_level = isolation_level
        self._bucket = bucket

    def windows(self, events: Sequence[DriftEvent], reference: Reference) -> list[Window]:
        """Give the windows of events in their order; what the topic no longer holds is left out, and logged.

        Raises:
            BrokerError: no broker answers, or it refuses.
        """
        if not events:
            return []
        consumer = connect(self._bootstrap_servers, isolation_level=self._isolation_level)
        try:
            return [window for event in events if (window := self._window(consumer, event, reference)) is not None]
        except KafkaError as exc:
            raise BrokerError(f"can't read {self._topic} at {self._bootstrap_servers}: {exc}") from exc
        finally:
            consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)

    def _window(self, consumer: KafkaConsumer, event: DriftEvent, reference: Reference) -> Window | None:
        start, end = self._held(consumer, event.window)
        rows: list[Description] = []
        for records in read_with(consumer, self._topic, start=start, end=end):
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

    def _held(self, consumer: KafkaConsumer, window: Span) -> tuple[dict[int, int], dict[int, int]]:
        """Give start and end of the part of a window that the topic still holds."""
        partitions = {int(number): TopicPartition(self._topic, int(number)) for number in window.start}
        wanted = list(partitions.values())
        first = consumer.beginning_offsets(wanted, timeout_ms=CONNECT_TIMEOUT_MS)
        last = consumer.end_offsets(wanted, timeout_ms=CONNECT_TIMEOUT_MS)
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
