"""The transactions of one partition with a real Kafka and no worker: what fences, what is refused, what is ended."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka import TopicPartition as AsyncPartition
from faust.types import TP
from kafka import KafkaConsumer, TopicPartition

from stream.framing import Outputs, varint
from stream.transport.delivery import ChunkOutputs, PartitionMovedError
from stream.transport.partition_transactions import PartitionTransactions
from stream.transport.transactions import Transactions

pytestmark = pytest.mark.integration

Cluster = Any


class Opened:
    """Producers of the tests' own, kept to be closed."""

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self.producers: list[AIOKafkaProducer] = []

    def open(self, transactional_id: str) -> AIOKafkaProducer:
        self.producers.append(AIOKafkaProducer(bootstrap_servers=self._servers, transactional_id=transactional_id))
        return self.producers[-1]


@pytest.fixture
async def opened(cluster: Cluster) -> AsyncIterator[Opened]:
    some = Opened(cluster.servers)
    yield some
    for producer in some.producers:
        await producer.stop()


def transactions(cluster: Cluster, opened: Opened, *, fenced_seconds: float = 10.0) -> Transactions:
    return Transactions(
        opened.open,
        topic=cluster.topics.raw.name,
        group=f"{cluster.prefix}group",
        max_batch_bytes=100_000,
        fenced_seconds=fenced_seconds,
    )


def chunk(cluster: Cluster, first: int, *, generation: int = 1, count: int = 10) -> ChunkOutputs:
    offsets = range(first, first + count)
    outputs = Outputs(cluster.topics.classified.name)
    for offset in offsets:
        outputs.add(b"k", b"%d" % offset, varint(0))
    return ChunkOutputs(
        TP(cluster.topics.raw.name, 0),
        first_offset=first,
        next_offset=first + count,
        generation=generation,
        outputs=[outputs],
        partitions={outputs.topic: 0},
    )


def values(cluster: Cluster) -> list[int]:
    consumer = KafkaConsumer(
        bootstrap_servers=cluster.servers, enable_auto_commit=False, isolation_level="read_committed"
    )
    tp = TopicPartition(cluster.topics.classified.name, 0)
    consumer.assign([tp])
    consumer.seek_to_beginning(tp)
    found: list[int] = []
    while polled := consumer.poll(timeout_ms=1_000):
        found += [int(record.value) for records in polled.values() for record in records]
    consumer.close()
    return found


def committed(cluster: Cluster) -> int:
    consumer = KafkaConsumer(
        bootstrap_servers=cluster.servers, group_id=f"{cluster.prefix}group", enable_auto_commit=False
    )
    with contextlib.closing(consumer):
        return consumer.committed(TopicPartition(cluster.topics.raw.name, 0)) or 0


async def test_producer_is_replaced_before_its_sequence_numbers_end(cluster: Cluster, opened: Opened) -> None:
    tp = TP(cluster.topics.raw.name, 0)
    held = PartitionTransactions(
        lambda: opened.open(f"{cluster.prefix}id"),
        tp=tp,
        group=f"{cluster.prefix}group",
        generation=1,
        max_batch_bytes=100_000,
        fenced_seconds=10.0,
        renew_records=25,
    )
    await held.start()

    for first in range(0, 100, 10):
        await held.send(chunk(cluster, first))
    await held.stop()

    assert len(opened.producers) == 4
    assert values(cluster) == list(range(100))
    assert committed(cluster) == 100


async def test_who_takes_a_partition_over_fences_its_last_holder(cluster: Cluster, opened: Opened) -> None:
    tp = TP(cluster.topics.raw.name, 0)
    old, new = transactions(cluster, opened), transactions(cluster, opened)
    await old.take_over([tp], 1)
    [delivered] = await old.send_chunk(chunk(cluster, 0))
    await delivered

    await new.take_over([tp], 1)
    [late] = await old.send_chunk(chunk(cluster, 10))
    [delivered] = await new.send_chunk(chunk(cluster, 10))
    await delivered
    old.hurry()

    with pytest.raises(PartitionMovedError, match="was taken over by another worker"):
        await late
    [later] = await old.send_chunk(chunk(cluster, 20))
    with pytest.raises(PartitionMovedError, match="was taken over by another worker"):
        await later
    assert values(cluster) == list(range(20))
    await asyncio.gather(old.close(), new.close())


async def test_fenced_without_a_rebalance_is_a_failure(cluster: Cluster, opened: Opened) -> None:
    tp = TP(cluster.topics.raw.name, 0)
    old, new = transactions(cluster, opened, fenced_seconds=0.2), transactions(cluster, opened)
    await old.take_over([tp], 1)
    await new.take_over([tp], 1)

    [late] = await old.send_chunk(chunk(cluster, 0))

    with pytest.raises(Exception, match="newer producer using the same transactional_id"):
        await late
    [later] = await old.send_chunk(chunk(cluster, 10))
    with pytest.raises(Exception, match="newer producer using the same transactional_id"):
        await later
    await asyncio.gather(old.close(), new.close())


async def test_chunk_from_before_a_rebalance_is_not_sent(cluster: Cluster, opened: Opened) -> None:
    tp = TP(cluster.topics.raw.name, 0)
    mine = transactions(cluster, opened)
    await mine.take_over([tp], 2)

    [before] = await mine.send_chunk(chunk(cluster, 0, generation=1))
    [delivered] = await mine.send_chunk(chunk(cluster, 0, generation=2))
    await delivered
    await mine.give_up([tp])
    [after] = await mine.send_chunk(chunk(cluster, 10, generation=2))

    for gone in (before, after):
        with pytest.raises(PartitionMovedError):
            await gone
    assert values(cluster) == list(range(10))


async def test_chunk_that_goes_back_is_refused(cluster: Cluster, opened: Opened) -> None:
    tp = TP(cluster.topics.raw.name, 0)
    mine = transactions(cluster, opened)
    await mine.take_over([tp], 1)
    await mine.send_chunk(chunk(cluster, 0))

    with pytest.raises(ValueError, match=r"went back to 5 from 10"):
        await mine.send_chunk(chunk(cluster, 5))

    await mine.close()


async def test_transaction_that_its_holder_left_open_is_ended_by_the_next(cluster: Cluster, opened: Opened) -> None:
    tp = TP(cluster.topics.raw.name, 0)
    gone = opened.open(f"{cluster.prefix}group.{tp.topic}.0")
    await gone.start()
    await gone.begin_transaction()
    await gone.send_and_wait(cluster.topics.classified.name, b"-1", partition=0)
    await gone.send_offsets_to_transaction({AsyncPartition(*tp): 10}, f"{cluster.prefix}group")

    mine = transactions(cluster, opened)
    await mine.take_over([tp], 1)

    assert committed(cluster) == 0
    [delivered] = await mine.send_chunk(chunk(cluster, 0))
    await delivered
    await mine.close()
    assert values(cluster) == list(range(10))
    assert committed(cluster) == 10
