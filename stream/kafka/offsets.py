"""Read a part of a topic by offsets, without a consumer group."""

import re
from collections.abc import Iterator, Mapping

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from models.errors import BrokerError
from stream.kafka.clients import CONNECT_TIMEOUT_MS, refused
from stream.kafka.connection import KafkaConnection
from stream.kafka.following import POLL_MS, connect
from stream.kafka.rights import check_rights

Offsets = Mapping[int, int]
"""Partition -> offset."""

_SPEC = re.compile(r"[0-9]{1,9}:[0-9]{1,18}(,[0-9]{1,9}:[0-9]{1,18})*", re.ASCII)


def parse_offsets(text: str) -> dict[int, int]:
    """Read `PARTITION:OFFSET`, several with commas between.

    Raises:
        ValueError: the text is something else, or names a partition twice.

    >>> parse_offsets("0:1200,1:1187")
    {0: 1200, 1: 1187}
    """
    if not _SPEC.fullmatch(text):
        raise ValueError(f"{text!r} is not like 0:1200,1:1187")
    pairs = [pair.split(":") for pair in text.split(",")]
    offsets = {int(partition): int(offset) for partition, offset in pairs}
    if len(offsets) < len(pairs):
        raise ValueError(f"{text!r} names a partition twice")
    return offsets


def read_range(
    kafka: KafkaConnection, topic: str, *, start: Offsets, end: Offsets | None, isolation_level: str
) -> Iterator[list[bytes | None]]:
    """Give the values of a range of a topic, some of one partition at a time.

    Args:
        kafka: how to reach the cluster.
        topic: its full name.
        start: first offset of each partition to read.
        end: offset after the last of each partition; None for what the topic holds now.
        isolation_level: `read_committed` or `read_uncommitted`.

    Raises:
        BrokerError: no broker answers, it refuses, or the topic does not hold the whole range.
    """
    check_rights(kafka, reads=[topic])
    consumer = connect(kafka, isolation_level=isolation_level)
    try:
        for records in read_with(consumer, topic, start=start, end=end):
            yield [record.value for record in records]
    except KafkaError as exc:
        raise refused(f"can't read {topic}", kafka, exc) from exc
    finally:
        consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)


def read_with(
    consumer: KafkaConsumer, topic: str, *, start: Offsets, end: Offsets | None
) -> Iterator[list[ConsumerRecord]]:
    """Give the records of a range of a topic, some of one partition at a time.

    Args:
        consumer: reads it; is assigned these partitions.
        topic: its full name.
        start: first offset of each partition to read.
        end: offset after the last of each partition; None for what the topic holds now.

    Raises:
        BrokerError: the topic does not hold the whole range.
        KafkaError: no broker answers, or it refuses.
    """
    partitions = {TopicPartition(topic, number): number for number in start}
    missing = set(start) - (consumer.partitions_for_topic(topic) or set())
    if missing:
        raise BrokerError(f"{topic} has no partition {min(missing)}; see what there is with Kafka's own tools")
    first, last = (
        offsets(list(partitions), timeout_ms=CONNECT_TIMEOUT_MS)
        for offsets in (consumer.beginning_offsets, consumer.end_offsets)
    )
    ends = {}
    for tp, number in partitions.items():
        ends[tp] = last[tp] if end is None else end[number]
        if not first[tp] <= start[number] <= ends[tp] <= last[tp]:
            raise BrokerError(
                f"partition {number} of {topic} holds the offsets {first[tp]} to {last[tp]}, asked for were "
                f"{start[number]} to {ends[tp]}"
            )
    unread = {tp for tp, number in partitions.items() if start[number] < ends[tp]}
    consumer.assign(list(unread))
    for tp in unread:
        consumer.seek(tp, start[partitions[tp]])
    while unread:
        for tp, records in consumer.poll(timeout_ms=POLL_MS).items():
            wanted = [record for record in records if record.offset < ends[tp]]
            if wanted:
                yield wanted
        finished = {tp for tp in unread if consumer.position(tp, timeout_ms=CONNECT_TIMEOUT_MS) >= ends[tp]}
        if finished:
            unread -= finished
            consumer.assign(
                list(unread)
            )  # and not paused: what is fetched of a paused one the client may keep for ever


def shown(offsets: Offsets) -> str:
    """Write offsets as `parse_offsets` reads them.

    >>> shown({1: 1187, 0: 1200})
    '0:1200,1:1187'
    """
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(offsets.items()))
