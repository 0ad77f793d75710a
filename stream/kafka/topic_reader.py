"""Read a topic as far as it goes, again and again, without a group."""

from collections.abc import Iterator
from contextlib import suppress

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError, KafkaTimeoutError

from models.errors import BrokerError
from stream.kafka.clients import CONNECT_TIMEOUT_MS, POLL_MS, open_consumer
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import broker_error
from stream.kafka.rights import check_rights

FETCH_BYTES = 16_777_216  # a snapshot of the online model may have half of it


class TopicReader:
    """Reads a topic from its beginning, each time as far as it goes by then; not safe from two threads.

    Args:
        kafka: how to reach the cluster.
        topic: its full name; must exist.
    """

    def __init__(self, kafka: KafkaConnection, topic: str) -> None:
        self._kafka = kafka
        self._topic = topic
        self._consumer: KafkaConsumer | None = None

    def read_to_end(self) -> Iterator[ConsumerRecord]:
        """Give the records that were not given yet, up to what the topic holds now; connects the first time.

        Raises:
            BrokerError: no broker answers, or it refuses to give the topic.
        """
        try:
            if self._consumer is None:
                self._consumer = self._opened()
            consumer = self._consumer
            ends = consumer.end_offsets(list(consumer.assignment()))
            while any(_position(consumer, tp) < end for tp, end in ends.items()):
                for records in consumer.poll(timeout_ms=POLL_MS).values():
                    yield from records
        except KafkaError as exc:
            self.close()
            raise broker_error(f"can't read {self._topic}", self._kafka, exc) from exc

    def close(self) -> None:
        """Let go of the connection; the next read begins anew."""
        if self._consumer is not None:
            with suppress(KafkaError):
                self._consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)
            self._consumer = None

    def _opened(self) -> KafkaConsumer:
        consumer = open_consumer(self._kafka, max_partition_bytes=FETCH_BYTES)
        numbers = consumer.partitions_for_topic(self._topic)
        if not numbers:
            check_rights(self._kafka, reads=[self._topic])
            raise BrokerError(
                f"there is no topic {self._topic} at {self._kafka.bootstrap_servers}: start a worker again"
            )
        consumer.assign([TopicPartition(self._topic, number) for number in sorted(numbers)])
        consumer.seek_to_beginning()
        return consumer


def _position(consumer: KafkaConsumer, partition: TopicPartition) -> int:
    position: int | None = consumer.position(partition, timeout_ms=CONNECT_TIMEOUT_MS)
    if position is None:
        raise KafkaTimeoutError(f"no offset of partition {partition.partition} in {CONNECT_TIMEOUT_MS} ms")
    return position


def end_offset(kafka: KafkaConnection, topic: str) -> int:
    """Give the offset after the last record of a topic's first partition.

    Raises:
        BrokerError: the topic can't be read.
    """
    partition = TopicPartition(topic, 0)
    consumer = open_consumer(kafka)
    try:
        return int(consumer.end_offsets([partition])[partition])
    except KafkaError as exc:
        raise broker_error(f"can't read {topic}", kafka, exc) from exc
    finally:
        consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)
