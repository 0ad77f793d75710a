"""The classified tweets as the drift process reads them: in the order of their time, from and to known offsets."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from kafka import TopicPartition
from kafka.structs import OffsetAndMetadata

from stream.drift.client import CALL_MS, HeldClient
from stream.drift.ordering import TimedRecord, TimeOrder
from stream.kafka.clients import FETCH_WAIT_MS
from stream.kafka.following import TOPIC_CHECK_SECONDS
from stream.kafka.offsets import Offsets

READ_MS = 500  # how long a read waits for tweets
BUFFERED_TWEETS = 2_000  # of all partitions together; about 3 MB
FEWEST_BUFFERED = 20  # of a partition
FETCH_BYTES = 262_144  # from a partition at once
ALL_RECORDS = 1_000_000_000
PARTITIONS_CHECK_SECONDS = 10.0

logger = logging.getLogger(__name__)


class Feed(Protocol):
    """Where the tweets come from."""

    def read(self, most: int) -> list[TimedRecord]:
        """Give the next records, at most so many, the oldest first; waits some time for one, and gives none then."""

    def positions(self) -> dict[int, int]:
        """Give the offset of the next record of each partition."""

    def ends(self) -> dict[int, int]:
        """Give the offset after the last record that there is, by partition."""

    def is_drained(self) -> bool:
        """Tell whether all that there was at the last read has been given."""

    def move_to(self, offsets: Offsets) -> None:
        """Go on from other offsets; partitions that are not named stay where they are."""

    def commit(self, offsets: Offsets) -> None:
        """Let others see how far this process is."""


class KafkaFeed:
    """Implements `Feed` with a topic of Kafka, all partitions of which it takes, also those that come to be.

    Args:
        consumer: with the group whose offsets are committed; nobody else uses it.
        topic: full name; must exist.
        clock: gives seconds that only grow.
    """

    def __init__(self, consumer: HeldClient, topic: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._consumer, self._topic, self._clock = consumer, topic, clock
        self._order = TimeOrder()
        self._partitions: dict[int, TopicPartition] = {}
        self._checked_at = clock()

    def begin(self, offsets: Offsets) -> None:
        """Read from here on; must name all partitions that there are."""
        self._assign(offsets)

    def read(self, most: int) -> list[TimedRecord]:
        """Give the next records, at most `most`, the oldest first.

        Waits up to `READ_MS` for one. Where a partition has more to come than could be fetched, its records may be older
        than what others hold; that is waited for as long as a fetch takes.

        Raises:
            KafkaError: Kafka refuses to give them.
        """
        self._look_for_partitions()
        self._fetch(timeout_ms=0 if len(self._order) else READ_MS)
        while self._unfinished():
            if not self._fetch(timeout_ms=2 * FETCH_WAIT_MS):
                return self._order.take(most, unfinished=())
        return self._order.take(most, unfinished=self._behind())

    def positions(self) -> dict[int, int]:
        """Give the offset of the next record of each partition."""
        found = {}
        for number, tp in self._partitions.items():
            waiting = self._order.next_offset(number)
            found[number] = self._position(tp) if waiting is None else waiting
        return found

    def ends(self) -> dict[int, int]:
        """Give the offset after the last record that there is, by partition.

        Raises:
            KafkaError: no broker answers.
        """
        ends = self._consumer.end_offsets(list(self._partitions.values()), timeout_ms=CALL_MS)
        return {tp.partition: int(end) for tp, end in ends.items()}

    def is_drained(self) -> bool:
        """Tell whether all that there was at the last read has been given."""
        return not len(self._order) and not self._behind()

    def move_to(self, offsets: Offsets) -> None:
        """Go on from other offsets; partitions that are not named stay where they are."""
        self._assign({**self.positions(), **offsets})

    def commit(self, offsets: Offsets) -> None:
        """Let others see how far this process is.

        Raises:
            KafkaError: Kafka refuses, or no broker answers.
        """
        committed = {TopicPartition(self._topic, number): _at(offset) for number, offset in offsets.items()}
        self._consumer.commit(committed, timeout_ms=CALL_MS)

    def _assign(self, offsets: Offsets) -> None:
        self._order.clear()
        self._partitions = {number: TopicPartition(self._topic, number) for number in sorted(offsets)}
        self._consumer.assign(list(self._partitions.values()))
        for number, tp in self._partitions.items():
            self._consumer.seek(tp, offsets[number])

    def _look_for_partitions(self) -> None:
        if self._clock() - self._checked_at < PARTITIONS_CHECK_SECONDS:
            return
        self._checked_at = self._clock()
        new = self._consumer.partitions_for_topic(self._topic) - set(self._partitions)
        if new:
            logger.info("partitions_found", extra={"topic": self._topic, "partitions": sorted(new)})
            self._assign({**self.positions(), **dict.fromkeys(new, 0)})  # nothing of it can have been read before

    def _fetch(self, *, timeout_ms: int) -> bool:
        """Fetch what there is of partitions that have few records left; False where nothing came."""
        most = max(BUFFERED_TWEETS // len(self._partitions), FEWEST_BUFFERED)
        for number, tp in self._partitions.items():
            (self._consumer.pause if self._order.count(number) >= most else self._consumer.resume)(tp)
        # All that was fetched: records that the client keeps of a partition that is paused then, it may keep for ever.
        fetched: Mapping[TopicPartition, list[TimedRecord]] = self._consumer.poll(
            timeout_ms=timeout_ms, max_records=ALL_RECORDS
        )
        for tp, records in fetched.items():
            self._order.add(tp.partition, records)
        return bool(fetched)

    def _unfinished(self) -> bool:
        return bool(self._behind()) and len(self._order) > 0

    def _behind(self) -> list[int]:
        """Give the partitions that have nothing left here, but more in Kafka."""
        return [
            number for number, tp in self._partitions.items() if not self._order.count(number) and self._has_more(tp)
        ]

    def _has_more(self, tp: TopicPartition) -> bool:
        """Tell whether Kafka has more of a partition, or has not said yet."""
        highwater = self._consumer.highwater(tp)
        return highwater is None or self._position(tp) < int(highwater)

    def _position(self, tp: TopicPartition) -> int:
        return int(self._consumer.position(tp, timeout_ms=CALL_MS) or 0)


def await_topic(consumer: HeldClient, topic: str) -> list[TopicPartition]:
    """Wait until a topic is there, and give its partitions."""
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        logger.info("topic_awaited", extra={"topic": topic})
    while not numbers:
        time.sleep(TOPIC_CHECK_SECONDS)
        numbers = consumer.partitions_for_topic(topic)
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def _at(offset: int) -> OffsetAndMetadata:
    return OffsetAndMetadata(offset, "", -1)
