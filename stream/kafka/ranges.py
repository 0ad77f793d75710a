"""A range of a topic, from one position to another; a position is given by offsets or by a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from models.errors import BrokerError
from stream.kafka.clients import CONNECT_TIMEOUT_MS, open_consumer
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import broker_error
from stream.kafka.offsets import Offsets, parse_offsets, read_between
from stream.kafka.rights import check_rights

Position = dict[int, int] | datetime
"""An offset of each partition, or a time."""
BEGINNING = datetime.fromtimestamp(0, UTC)
"""The position of the first record that a topic still holds."""


@dataclass(frozen=True)
class TopicRange:
    """Where a range of a topic begins and ends.

    Attributes:
        start: first offset of each partition.
        end: offset after the last of each partition.
    """

    start: Offsets
    end: Offsets


def parse_position(text: str) -> Position:
    """Read `PARTITION:OFFSET`, several with commas between, or a time in ISO 8601; without a zone it is UTC.

    Raises:
        ValueError: the text is something else, or names a partition twice.

    >>> parse_position("0:1200,1:1187"), parse_position("2026-01-05T14:30Z").isoformat()
    ({0: 1200, 1: 1187}, '2026-01-05T14:30:00+00:00')
    """
    if ":" in text and "-" not in text:
        return parse_offsets(text)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        moment.timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is neither like 0:1200,1:1187 nor a time like 2026-01-05T14:30:00Z") from None
    return moment


class RangeReader:
    """Reads a range of a topic, without a consumer group.

    Args:
        kafka: how to reach the cluster.
        topic: its full name.
        start: where to begin; a time stands for the first record since then, of all partitions.
        end: where to end; None for what the topic holds now.
        isolation_level: `read_committed` or `read_uncommitted`.

    Attributes:
        bounds: the offsets that these positions stand for; known when the first records come.
    """

    def __init__(
        self, kafka: KafkaConnection, topic: str, *, start: Position, end: Position | None, isolation_level: str
    ) -> None:
        self._kafka, self._topic = kafka, topic
        self._start, self._end = start, end
        self._isolation_level = isolation_level
        self.bounds = TopicRange({}, {})

    def records(self) -> Iterator[list[ConsumerRecord]]:
        """Give the records, some of one partition at a time.

        Raises:
            BrokerError: no broker answers, it refuses, or the topic does not hold the whole range.
        """
        consumer = open_consumer(self._kafka, isolation_level=self._isolation_level)
        try:
            self.bounds = self._located(consumer)
            yield from read_between(consumer, self._topic, start=self.bounds.start, end=self.bounds.end)
        except KafkaError as exc:
            raise broker_error(f"can't read {self._topic}", self._kafka, exc) from exc
        finally:
            consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)

    def _located(self, consumer: KafkaConsumer) -> TopicRange:
        there = consumer.partitions_for_topic(self._topic)
        if not there:
            check_rights(self._kafka, reads=[self._topic])
            raise BrokerError(
                f"there is no topic {self._topic} at {self._kafka.bootstrap_servers}: start a worker first"
            )
        named = next((set(position) for position in (self._start, self._end) if isinstance(position, dict)), there)
        if missing := named - there:
            raise BrokerError(f"{self._topic} has no partition {min(missing)}, it has {min(there)} to {max(there)}")
        partitions = [TopicPartition(self._topic, number) for number in sorted(named)]
        last = {
            tp.partition: end for tp, end in consumer.end_offsets(partitions, timeout_ms=CONNECT_TIMEOUT_MS).items()
        }
        start = self._offsets(consumer, self._start, partitions, last)
        end = dict(last) if self._end is None else self._offsets(consumer, self._end, partitions, last)
        if set(start) != set(end):
            raise BrokerError("--to must name the same partitions as --from, as in --from 0:12,1:11 --to 0:22,1:21")
        return TopicRange(start, end)

    def _offsets(
        self, consumer: KafkaConsumer, position: Position, partitions: list[TopicPartition], last: Offsets
    ) -> dict[int, int]:
        if isinstance(position, dict):
            return position
        times = dict.fromkeys(partitions, max(round(position.timestamp() * 1000), 0))
        found = consumer.offsets_for_times(times, timeout_ms=CONNECT_TIMEOUT_MS)
        return {tp.partition: last[tp.partition] if at is None else at.offset for tp, at in found.items()}
