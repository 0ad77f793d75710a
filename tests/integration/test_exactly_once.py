"""Workers with `DELIVERY=exactly_once`: who reads only what is committed sees each tweet once, whatever happens."""

import asyncio
import contextlib
import json
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka import TopicPartition as AsyncPartition
from faust.types import TP
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from stream.framing import Outputs, varint
from stream.kafka.connection import KafkaConnection
from stream.transport.delivery import ChunkOutputs, PartitionMovedError
from stream.transport.partition_transactions import PartitionTransactions
from stream.transport.transactions import Transactions
from stream.verifying.judge import Judge

pytestmark = pytest.mark.integration

Cluster = Any
StartWorker = Callable[..., Any]
Verdicts = list[Any]
EXACTLY_ONCE = {"DELIVERY": "exactly_once", "STREAM_SESSION_TIMEOUT_SECONDS": 6}
SMALL_STEPS = EXACTLY_ONCE | {"STREAM_CHUNK_SIZE_TWEETS": 20}
ANSWERED_SECONDS = 120


def tweets(count: int, *, start: int = 0) -> list[tuple[bytes, bytes]]:
    return [
        (str(number).encode(), json.dumps({"id": str(number), "text": f"$AAPL beats Q{number} estimates"}).encode())
        for number in range(start, start + count)
    ]


def judged(cluster: Cluster) -> Verdicts:
    judge = Judge(
        KafkaConnection(cluster.servers),
        cluster.topics,
        group=f"{cluster.prefix}group",
        isolation_level="read_committed",
    )
    return judge.verdicts(None, cluster.ends(cluster.topics.raw.name), outputs_from=None)


def is_right(verdicts: Verdicts) -> bool:
    return all(verdict.is_right(repeats_allowed=False) for verdict in verdicts)


@contextlib.contextmanager
def progress(cluster: Cluster) -> Iterator[Callable[[], dict[int, int]]]:
    """Give what tells how many inputs of each partition are committed."""
    consumer = KafkaConsumer(
        bootstrap_servers=cluster.servers, group_id=f"{cluster.prefix}group", enable_auto_commit=False
    )
    name = cluster.topics.raw.name
    with contextlib.closing(consumer):
        yield lambda: {number: consumer.committed(TopicPartition(name, number)) or 0 for number in range(4)}


def committed(cluster: Cluster) -> int:
    with progress(cluster) as by_partition:
        return sum(by_partition().values())


def wait_until_committed(cluster: Cluster, count: int) -> int:
    deadline = time.monotonic() + ANSWERED_SECONDS
    with progress(cluster) as by_partition:
        while (done := sum(by_partition().values())) < count:
            assert time.monotonic() < deadline, f"{done} of {count} were committed in {ANSWERED_SECONDS} s"
            time.sleep(0.02)
    return done


def test_worker_killed_at_any_moment_repeats_nothing(cluster: Cluster, start_worker: StartWorker) -> None:
    moments = random.Random(20_261_127)
    sent = cluster.publish([*tweets(10_000), *[(b"x", b"{")] * 500, *tweets(10_000, start=10_000)])
    seen = 0
    for _ in range(3):
        worker = start_worker(**SMALL_STEPS)
        seen = wait_until_committed(cluster, seen + 500)
        time.sleep(moments.uniform(0, 0.1))
        assert worker.stop(signal.SIGKILL) == -signal.SIGKILL
    assert seen < len(sent)

    start_worker(**EXACTLY_ONCE)
    wait_until_committed(cluster, len(sent))

    verdicts = judged(cluster)
    assert is_right(verdicts)
    assert sum(verdict.classified for verdict in verdicts) == 20_000
    assert sum(verdict.dead_letters for verdict in verdicts) == 500


def test_compressed_outputs_are_answered_once_too(cluster: Cluster, start_worker: StartWorker) -> None:
    worker = start_worker(**EXACTLY_ONCE, STREAM_COMPRESSION="zstd")

    cluster.publish(tweets(500))
    wait_until_committed(cluster, 500)

    assert is_right(judged(cluster))
    assert worker.stop() == 0


@pytest.mark.slow
def test_partitions_that_move_under_load_are_answered_once(cluster: Cluster, start_worker: StartWorker) -> None:
    first = start_worker(**SMALL_STEPS)
    sent = cluster.publish(tweets(20_000))
    with ThreadPoolExecutor(1) as beside:
        starting = beside.submit(start_worker, **SMALL_STEPS)
        while not starting.done():  # however long the second takes to start
            if len(sent) - committed(cluster) < 15_000:
                sent += cluster.publish(tweets(10_000, start=len(sent)))
    second = starting.result()
    moved_at = committed(cluster)
    assert first.stop() == 0
    wait_until_committed(cluster, len(sent))

    assert moved_at < len(sent)
    assert second.stop() == 0
    assert is_right(judged(cluster))


@pytest.mark.slow
def test_worker_frozen_past_its_session_changes_nothing_when_it_wakes(
    cluster: Cluster, start_worker: StartWorker
) -> None:
    frozen = start_worker(**SMALL_STEPS)
    cluster.publish(tweets(20_000))
    frozen_at = wait_until_committed(cluster, 200)
    frozen.process.send_signal(signal.SIGSTOP)
    try:
        other = start_worker(**EXACTLY_ONCE)
        wait_until_committed(cluster, 20_000)
    finally:
        frozen.process.send_signal(signal.SIGCONT)
    assert frozen_at < 20_000
    assert is_right(judged(cluster))

    frozen.wait_for("partition_fenced")
    cluster.publish(tweets(2_000, start=20_000))
    wait_until_committed(cluster, 22_000)
    assert [other.stop(), frozen.stop()] == [0, 0]
    assert is_right(judged(cluster))


def limit_messages(cluster: Cluster, topic: str, max_bytes: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=cluster.servers)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(max_bytes)})])
    admin.close()


def test_chunk_whose_outputs_are_refused_in_part_leaves_nothing_behind(
    cluster: Cluster, start_worker: StartWorker
) -> None:
    limit_messages(cluster, cluster.topics.dead_letter.name, 5_000)
    worker = start_worker(**EXACTLY_ONCE)
    cluster.publish([*tweets(50), (b"1", b"{" + b"x" * 10_000)])

    assert worker.process.wait(timeout=60) == 1

    assert "outputs could not be delivered (MessageSizeTooLargeError" in worker.log
    visible = sum(verdict.classified for verdict in judged(cluster))
    assert visible == committed(cluster) < 51  # other partitions may have been done
    limit_messages(cluster, cluster.topics.dead_letter.name, 2_000_000)
    start_worker(**EXACTLY_ONCE)
    wait_until_committed(cluster, 51)
    assert is_right(judged(cluster))


def test_worker_goes_on_where_one_that_repeats_left_off(cluster: Cluster, start_worker: StartWorker) -> None:
    cluster.publish(tweets(1_000))
    worker = start_worker(STREAM_SESSION_TIMEOUT_SECONDS=6)
    wait_until_committed(cluster, 1_000)
    assert worker.stop() == 0

    worker = start_worker(**EXACTLY_ONCE)
    cluster.publish(tweets(1_000, start=1_000))
    wait_until_committed(cluster, 2_000)
    assert worker.stop() == 0

    start_worker(STREAM_SESSION_TIMEOUT_SECONDS=6)
    cluster.publish(tweets(1_000, start=2_000))
    wait_until_committed(cluster, 3_000)
    assert is_right(judged(cluster))


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
