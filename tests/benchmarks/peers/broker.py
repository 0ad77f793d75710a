"""Topics of the benchmark on its own broker: made with broker times, counted, and read back record by record."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

PARTITIONS = 4
READ_RECORDS = 10_000
READ_WAIT_SECONDS = 0.1  # a read waits as long for a full handful, also at the topic's end
READ_TIMEOUT_SECONDS = 30.0
ADMIN_TIMEOUT_SECONDS = 30.0
RETRY_SECONDS = 0.1
QUIET = {"log_level": 0}  # else librdkafka complains when the broker ends before its clients


class Broker:
    """The broker, as the referee sees it.

    Args:
        servers: comma-separated host:port list.
    """

    def __init__(self, servers: str) -> None:
        self.servers = servers
        self._admin = self._connect()
        self._partitions: dict[str, int] = {}

    def create(self, *names: str, partitions: int = PARTITIONS, configs: Mapping[str, str] | None = None) -> None:
        """Create topics whose records carry the time at which the broker appended them, in ms."""
        self._partitions |= dict.fromkeys(names, partitions)
        stamped = {"message.timestamp.type": "LogAppendTime", **(configs or {})}
        made = self._admin.create_topics([NewTopic(name, partitions, 1, config=stamped) for name in names])
        for future in made.values():
            future.result(ADMIN_TIMEOUT_SECONDS)

    def delete(self, *names: str) -> None:
        """Delete topics, which frees their disk space."""
        for future in self._admin.delete_topics(list(names)).values():
            future.result(ADMIN_TIMEOUT_SECONDS)

    def count(self, topic: str) -> int:
        """Count the records that were ever appended, by end offsets."""
        partitions = {TopicPartition(topic, number): OffsetSpec.latest() for number in range(self._partitions[topic])}
        deadline = time.monotonic() + ADMIN_TIMEOUT_SECONDS
        while True:
            try:
                found = self._admin.list_offsets(partitions, request_timeout=ADMIN_TIMEOUT_SECONDS)
                return sum(future.result().offset for future in found.values())
            except KafkaException:  # a topic just made has no leader for some moments
                if time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_SECONDS)
                self._admin = self._connect()  # the client would remember for long that there was none

    def read(self, topic: str) -> Iterator[Message]:
        """Read what is in a topic, to its end."""
        consumer = self._consumer()
        consumer.assign([TopicPartition(topic, number, 0) for number in range(self._partitions[topic])])
        ended, last_read = 0, time.monotonic()
        try:
            while ended < self._partitions[topic]:
                records = consumer.consume(READ_RECORDS, timeout=READ_WAIT_SECONDS)
                if records:
                    last_read = time.monotonic()
                elif time.monotonic() - last_read > READ_TIMEOUT_SECONDS:
                    raise SystemExit(f"{topic} can't be read to its end: look at Kafka's log")
                for record in records:
                    if record.error() is None:
                        yield record
                    elif record.error().code() == KafkaError._PARTITION_EOF:
                        ended += 1
                    else:
                        raise SystemExit(f"{topic} can't be read: {record.error()}")
        finally:
            consumer.close()

    def _connect(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.servers, **QUIET})

    def _consumer(self) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.servers,
                "group.id": "referee",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                **QUIET,
            }
        )


Place = tuple[int, int]
"""Partition and offset of an input record."""


def answered_place(record: Message) -> Place:
    """Give the input that an output record answers, from its `ce_id`."""
    ce_id = dict(record.headers())["ce_id"]
    _, partition, offset = ce_id.rsplit(b"-", 2)
    return int(partition), int(offset)


def append_ms(record: Message) -> int:
    """Give the time at which the broker appended a record, in ms since 1970."""
    kind, milliseconds = record.timestamp()
    assert kind == TIMESTAMP_LOG_APPEND_TIME
    return int(milliseconds)


@dataclass
class Tally:
    """What arrived in one output topic.

    Attributes:
        answered: how often each input was answered.
        first_ms: when the first output was appended; 0 while there is none.
        last_ms: when the last was.
        odd: records that are not what was expected.
    """

    answered: Counter[Place] = field(default_factory=Counter)
    first_ms: int = 0
    last_ms: int = 0
    odd: int = 0

    def add(self, record: Message, place: Place) -> None:
        """Count a record."""
        at_ms = append_ms(record)
        self.answered[place] += 1
        self.first_ms = min(self.first_ms or at_ms, at_ms)
        self.last_ms = max(self.last_ms, at_ms)

    def repeated(self) -> int:
        """Count the outputs beyond the first of each input."""
        return self.answered.total() - len(self.answered)
