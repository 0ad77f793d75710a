"""Offsets by partition, as people write them and as records are read between them."""

import re
from collections.abc import Iterator, Mapping

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from models.errors import BrokerError
from stream.kafka.clients import CONNECT_TIMEOUT_MS, POLL_MS

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


def format_offsets(offsets: Offsets) -> str:
    """Write offsets as `parse_offsets` reads them.

    >>> format_offsets({1: 1187, 0: 1200})
    '0:1200,1:1187'
    """
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(offsets.items()))


def read_between(
    consumer: KafkaConsumer, topic: str, *, start: Offsets, end: Offsets
) -> Iterator[list[ConsumerRecord]]:
    """Give the records between offsets of a topic, some of one partition at a time.

    Args:
        consumer: reads it; is assigned these partitions.
        topic: its full name.
        start: first offset of each partition to read.
        end: offset after the last of each of these partitions.

    Raises:
        BrokerError: the topic does not hold all of it.
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
    for tp, number in partitions.items():
        if not first[tp] <= start[number] <= end[number] <= last[tp]:
            raise BrokerError(
                f"partition {number} of {topic} holds the offsets {first[tp]} to {last[tp]}, asked for were "
                f"{start[number]} to {end[number]}"
            )
    unread = {tp for tp, number in partitions.items() if start[number] < end[number]}
    consumer.assign(list(unread))
    for tp in unread:
        consumer.seek(tp, start[partitions[tp]])
    while unread:
        for tp, records in consumer.poll(timeout_ms=POLL_MS).items():
            wanted = [record for record in records if record.offset < end[partitions[tp]]]
            if wanted:
                yield wanted
        finished = {tp for tp in unread if consumer.position(tp, timeout_ms=CONNECT_TIMEOUT_MS) >= end[partitions[tp]]}
        if finished:
            unread -= finished
            # Not paused: what is fetched of a partition that is paused the client may keep for ever.
            consumer.assign(list(unread))
