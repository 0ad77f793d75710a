"""Read back what learners before left in their topics."""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Protocol

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError, KafkaTimeoutError

from models.errors import BrokerError, MalformedRecordError
from models.feedback import LabelledTweet
from models.online.corrections import StoredSnapshot, later
from stream.codecs import decode_labelled
from stream.kafka.clients import CONNECT_TIMEOUT_MS, refused
from stream.kafka.connection import KafkaConnection
from stream.kafka.following import POLL_MS, connect
from stream.kafka.rights import check_rights

logger = logging.getLogger(__name__)

OFFSET_HEADER = "feedback-offset"
OFFSET = re.compile(rb"[0-9]{1,18}")  # fits into the 64 bits that a snapshot has for it
FETCH_BYTES = 16_777_216  # a snapshot may have half of it


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
            raise refused(f"can't read {self._topic}", self._kafka, exc) from exc

    def close(self) -> None:
        """Let go of the connection; the next read begins anew."""
        if self._consumer is not None:
            with suppress(KafkaError):
                self._consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)
            self._consumer = None

    def _opened(self) -> KafkaConsumer:
        consumer = connect(self._kafka, max_partition_bytes=FETCH_BYTES)
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
    consumer = connect(kafka)
    try:
        return int(consumer.end_offsets([partition])[partition])
    except KafkaError as exc:
        raise refused(f"can't read {topic}", kafka, exc) from exc
    finally:
        consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)


class Archive(Protocol):
    """What learners before left."""

    def snapshots(self) -> list[StoredSnapshot]:
        """Give the last snapshot of each batch model."""

    def labelled(self) -> Iterator[LabelledTweet]:
        """Give all that was learned, in the order of its feedback; repeats may be among them."""


class TopicArchive:
    """Implements `Archive` with the topics `models.online` and `tweets.labelled`."""

    def __init__(self, kafka: KafkaConnection, *, online: str, labelled: str) -> None:
        self._kafka, self._online, self._labelled = kafka, online, labelled

    def snapshots(self) -> list[StoredSnapshot]:
        """Give the last snapshot of each batch model.

        Raises:
            BrokerError: the topic can't be read.
        """
        reader = TopicReader(self._kafka, self._online)
        try:
            return latest_snapshots(reader.read_to_end())
        finally:
            reader.close()

    def labelled(self) -> Iterator[LabelledTweet]:
        """Give all that was learned, in the order of its feedback; repeats may be among them.

        Raises:
            BrokerError: the topic can't be read.
        """
        reader = TopicReader(self._kafka, self._labelled)
        unreadable, last_offset = 0, 0
        try:
            for record in reader.read_to_end():
                try:
                    yield decode_labelled(record.value)
                except MalformedRecordError:
                    unreadable, last_offset = unreadable + 1, record.offset
        finally:
            reader.close()
            if unreadable:
                extra = {"records": unreadable, "last_offset": last_offset}
                logger.warning("labelled_tweets_unreadable", extra=extra)


def latest_snapshots(records: Iterable[ConsumerRecord]) -> list[StoredSnapshot]:
    """Read records of `models.online`; give of each batch model the snapshot of most feedback, wherever it stands.

    A learner that was frozen while another took over may add an older one when it wakes up.
    """
    latest: dict[str, StoredSnapshot] = {}
    for record in records:
        snapshot = _stored(record)
        if snapshot is not None:
            latest[snapshot.batch_sha256] = later(latest.get(snapshot.batch_sha256, snapshot), snapshot)
    return list(latest.values())


def _stored(record: ConsumerRecord) -> StoredSnapshot | None:
    """Read a record; None for what is none of ours."""
    offset = dict(record.headers).get(OFFSET_HEADER) or b""
    if record.key is None or record.value is None or not OFFSET.fullmatch(offset):
        logger.warning("snapshot_unreadable", extra={"topic": record.topic, "offset": record.offset})
        return None
    return StoredSnapshot(record.key.decode("ascii", "replace"), int(offset), record.value)
