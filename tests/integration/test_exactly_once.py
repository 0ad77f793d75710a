"""Workers with `DELIVERY=exactly_once`: who reads only what is committed sees each tweet once, whatever happens."""

import contextlib
import json
import random
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from stream.kafka.connection import KafkaConnection
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
