"""What is shown of a partition while the worker is at it, stands still, or is done."""

import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from monitoring.metrics import exposition
from monitoring.recording import show_partitions
from stream.kafka.connection import KafkaConnection
from stream.transport.chunked_app import ChunkedApp, ChunkOptions
from stream.worker.progress import HeldPartition, Progress, watch_partitions

TOPIC = "tweets.raw"


class Worker:
    """A partition of a worker, with a clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.progress = Progress()
        self.partition = HeldPartition(3, lambda: self.progress, held_since=50.0, clock=lambda: self.now)

    def stalled_after(self, seconds: float, **progress: Any) -> float:
        self.now += seconds
        self.progress = self.progress._replace(**progress)
        return self.partition.stalled_seconds()


@pytest.fixture(autouse=True)
def _none_shown() -> Iterator[None]:
    yield
    show_partitions([])


def samples_of(name: str) -> dict[str, float]:
    rows = [line for line in exposition().decode().splitlines() if line.startswith(name + "{")]
    return {labels: float(value) for labels, _, value in (row.removeprefix(name).rpartition(" ") for row in rows)}


def test_partition_without_lag_does_not_stand_still_however_long_it_is_idle() -> None:
    worker = Worker()

    assert worker.stalled_after(0) == 0
    assert worker.stalled_after(3_600) == 0


def test_time_counts_from_when_lag_was_seen_not_from_the_last_commit_before_a_pause() -> None:
    worker = Worker()
    worker.stalled_after(0, committed_at=10.0)

    assert worker.stalled_after(3_600, waiting=1) == 0
    assert worker.stalled_after(30) == 30


def test_commit_begins_the_time_anew() -> None:
    worker = Worker()
    worker.stalled_after(0, waiting=500)
    worker.stalled_after(20)

    assert worker.stalled_after(5, committed_at=1_022.0) == 3
    assert worker.stalled_after(5, waiting=0, in_hand=2) == 8


def test_lag_that_was_worked_off_is_forgotten() -> None:
    worker = Worker()
    worker.stalled_after(0, waiting=5)
    worker.stalled_after(60, waiting=0)

    assert worker.stalled_after(60, waiting=1) == 0


def test_lag_is_what_waits_and_what_is_in_hand() -> None:
    worker = Worker()
    worker.progress = Progress(waiting=40, in_hand=2)

    assert worker.partition.lag_tweets() == 42


def test_silence_of_kafka_counts_from_the_assignment_until_it_has_answered() -> None:
    worker = Worker()

    assert worker.partition.fetched_at() == 50
    worker.progress = Progress(fetched_at=75.5)
    assert worker.partition.fetched_at() == 75.5


def watched_app(progress: dict[TP, Progress]) -> ChunkedApp:
    app = ChunkedApp(
        "watched", chunks=ChunkOptions(), kafka=KafkaConnection("a:1"), broker="memory://", store="memory://"
    )
    app.consumer = SimpleNamespace(progress=progress.__getitem__)
    watch_partitions(app, TOPIC)
    return app


async def test_only_partitions_of_the_input_that_are_held_are_shown() -> None:
    held = {TP(TOPIC, 0): Progress(waiting=3), TP(TOPIC, 1): Progress(in_hand=4)}
    app = watched_app(held)

    await app.on_partitions_assigned.send({*held, TP("tweets.feedback", 0)})
    assert samples_of("tickertape_lag_tweets") == {'{partition="0"}': 3, '{partition="1"}': 4}

    await app.on_partitions_assigned.send({TP(TOPIC, 1)})
    assert samples_of("tickertape_lag_tweets") == {'{partition="1"}': 4}
    assert samples_of("tickertape_stalled_seconds").keys() == {'{partition="1"}'}

    await app.on_partitions_revoked.send({TP(TOPIC, 1)})
    assert samples_of("tickertape_lag_tweets") == {}
    assert samples_of("tickertape_stalled_seconds") == {}


async def test_each_assignment_is_a_rebalance() -> None:
    def rebalances() -> float:
        (line,) = [row for row in exposition().decode().splitlines() if row.startswith("tickertape_rebalances_total ")]
        return float(line.split()[1])

    app = watched_app({})
    before = rebalances()

    await app.on_partitions_assigned.send(set())
    await app.on_partitions_assigned.send(set())

    assert rebalances() - before == 2


def test_age_of_the_last_fetch_is_that_of_the_partition_that_heard_last() -> None:
    partitions = [
        HeldPartition(0, lambda: Progress(fetched_at=100.0), held_since=0.0),
        HeldPartition(1, lambda: Progress(fetched_at=-math.inf), held_since=90.0),
    ]

    show_partitions(partitions, now=lambda: 130.0)

    assert "tickertape_fetch_age_seconds 30.0" in exposition().decode().splitlines()
