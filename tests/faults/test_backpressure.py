"""A burst that the outputs can't take as fast as it comes waits in Kafka, not in the worker's memory."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Self

import faust
import psutil
import pytest
from kafka import KafkaProducer

from tests.faults.quotas import write_quota

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in the conftest.py of tests/integration
StartWorker = Callable[..., Any]

WORKERS = f"faust-{faust.__version__}"  # what Faust calls itself to Kafka
BURST = 100_000
QUOTA_BYTES_PER_SECOND = 1_000_000  # some 900 tweets a second, with both answers of each
SLOW_SECONDS = 30
GROWTH_MB = 64  # above what the worker took for as many tweets at full speed
MB = 1_048_576


class Memory:
    """Looks at a process's memory ten times a second, as a context.

    Attributes:
        most_mb: the most that was in use.
    """

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.most_mb = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(0.1):
            self.most_mb = max(self.most_mb, self._process.memory_info().rss / MB)


def publish_burst(cluster: Cluster, numbers: Sequence[int]) -> None:
    producer = KafkaProducer(bootstrap_servers=cluster.servers, acks="all", linger_ms=20, batch_size=200_000)
    for number in numbers:
        text = f"$AAPL Apple beats Q{number} estimates and raises its outlook for the year"
        value = json.dumps({"id": str(number), "text": text}).encode()
        producer.send(cluster.topics.raw.name, value=value, partition=number % 4)
    producer.flush()
    producer.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_burst_into_a_worker_whose_outputs_are_slow_takes_no_memory_and_is_answered_whole(
    cluster: Cluster, start_worker: StartWorker, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = start_worker(ONLINE_ENABLED="false")
    with Memory(worker.process.pid) as at_full_speed:
        publish_burst(cluster, range(BURST))
        cluster.wait_until_answered(BURST)

    start, began = cluster.ends(cluster.topics.raw.name), datetime.now(UTC).isoformat()
    quota = write_quota(cluster.servers, client_id=WORKERS, bytes_per_second=QUOTA_BYTES_PER_SECOND)
    with quota, Memory(worker.process.pid) as held_up:
        publish_burst(cluster, range(BURST, 2 * BURST))
        time.sleep(SLOW_SECONDS)
        answered_meanwhile = cluster.answered() - BURST
    lifted = time.monotonic()
    cluster.wait_until_answered(2 * BURST)
    caught_up_seconds = time.monotonic() - lifted

    with capsys.disabled():
        print(  # noqa: T201  # the figures of the documentation
            f"\n{BURST:,} tweets at full speed: {at_full_speed.most_mb:.0f} MB; held up for {SLOW_SECONDS} s, "
            f"{answered_meanwhile:,} answered: {held_up.most_mb:.0f} MB; the rest in {caught_up_seconds:.1f} s"
        )
    assert 0 < answered_meanwhile < BURST
    assert held_up.most_mb < at_full_speed.most_mb + GROWTH_MB
    assert cluster.fault("--outputs-from", began, start=start) == ""
    assert "worker_stalled" not in worker.log
    assert worker.stop() == 0
