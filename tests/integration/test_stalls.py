"""A worker that is alive and stands still is found, starts itself again, and answers everything; one that waits is left."""

import contextlib
import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient

from stream.kafka.connection import KafkaConnection
from stream.topics import ensure_topics

pytestmark = pytest.mark.integration

Cluster = Any
StartWorker = Callable[..., Any]

LIMIT_SECONDS = 3
SETTINGS = {
    "STREAM_STALL_SECONDS": LIMIT_SECONDS,
    "STREAM_SESSION_TIMEOUT_SECONDS": 6,
    "STREAM_CHUNK_SIZE_TWEETS": 20,
    "ONLINE_ENABLED": "false",
}
# Each waits for a file, takes it away, and breaks the worker: the one that starts again finds none, and is well.
FAULTS = {
    "event loop that hangs": """
def predict(tweets):
    if is_time():
        while True:
            time.sleep(1)
    return model.predict(tweets)
""",
    "agent that waits for nothing": """
from stream.transport.delivery import Deliveries
add = Deliveries.add
async def stuck_add(self, event, pending):
    if is_time():
        await asyncio.Event().wait()
    await add(self, event, pending)
Deliveries.add = stuck_add
""",
    "fetcher that has died": """
from stream.transport.consumer_thread import ConsumerThread
fetch = ConsumerThread._fetch_records
async def dying_fetch(self, consumer, *words, **named):
    if is_time():
        consumer._fetcher._fetch_task.cancel()
    return await fetch(self, consumer, *words, **named)
ConsumerThread._fetch_records = dying_fetch
""",
    "predictor of two seconds a chunk": """
def predict(tweets):
    time.sleep(2)
    return model.predict(tweets)
""",
}
WORKER = """
import argparse, asyncio, sys, time
from pathlib import Path
from types import SimpleNamespace
from stream import app
from stream.commands import worker

def is_time():
    there = Path(sys.argv[1]).exists()
    Path(sys.argv[1]).unlink(missing_ok=True)
    return there

def load(store):
    global model
    model = load_predictor(store)
    return SimpleNamespace(model=model.model, predict=globals().get("predict", model.predict))

load_predictor, app.load_predictor = app.load_predictor, load
"""
RUN = "\nsys.exit(worker.run(argparse.Namespace(quality=None)))\n"


def tweets(count: int, *, start: int = 0) -> list[tuple[bytes, bytes]]:
    return [
        (str(number).encode(), json.dumps({"id": str(number), "text": f"$AAPL beats Q{number} estimates"}).encode())
        for number in range(start, start + count)
    ]


def readiness(port: int) -> tuple[int, str]:
    """Give HTTP status and the word for it."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as response:
            return response.status, json.load(response)["status"]
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)["status"]


def wait_for_readiness(port: int, told: tuple[int, str]) -> None:
    deadline = time.monotonic() + 60
    while (now := readiness(port)) != told:
        assert time.monotonic() < deadline, f"it is {now}"
        time.sleep(0.1)


@pytest.mark.parametrize("fault", [name for name in FAULTS if "two seconds" not in name])
def test_worker_that_stands_still_is_found_starts_again_and_answers_all(
    cluster: Cluster, start_worker: StartWorker, tmp_path: Path, fault: str
) -> None:
    may_break = tmp_path / "break"
    worker = start_worker(command=("-c", WORKER + FAULTS[fault] + RUN, str(may_break)), **SETTINGS)
    cluster.publish(tweets(300))
    cluster.wait_until_answered(300)

    may_break.touch()
    while may_break.exists() and fault == "fetcher that has died":
        time.sleep(0.05)
    cluster.publish(tweets(300, start=300))
    worker.wait_for("worker_stalled")
    cluster.wait_until_right()

    assert worker.log.count("worker_stalled") == 1
    assert worker.log.count("worker_starts") == 2
    assert worker.stop() == 0


@pytest.mark.slow
def test_worker_that_is_slow_is_left_alone(cluster: Cluster, start_worker: StartWorker, tmp_path: Path) -> None:
    script = WORKER + FAULTS["predictor of two seconds a chunk"] + RUN
    worker = start_worker(command=("-c", script, str(tmp_path / "never")), **SETTINGS)

    cluster.publish(tweets(100))
    cluster.wait_until_answered(100)

    assert cluster.fault() == ""
    assert "worker_stalled" not in worker.log


@pytest.mark.slow
def test_worker_whose_answers_kafka_does_not_take_waits_and_is_not_ready(
    cluster: Cluster, start_worker: StartWorker, free_port: int
) -> None:
    worker = start_worker(**SETTINGS, STREAM_METRICS_PORT=free_port)
    cluster.publish(tweets(20))
    cluster.wait_until_answered(20)
    wait_for_readiness(free_port, (200, "ready"))
    start = cluster.ends(cluster.topics.raw.name)

    with contextlib.closing(KafkaAdminClient(bootstrap_servers=cluster.servers)) as admin:
        admin.delete_topics([cluster.topics.classified.name])
    cluster.publish(tweets(100, start=20))
    wait_for_readiness(free_port, (503, "waiting_for_kafka"))
    time.sleep(2 * LIMIT_SECONDS)
    told = readiness(free_port)
    ensure_topics(KafkaConnection(cluster.servers), (cluster.topics.classified,))
    cluster.wait_until_right(start=start)

    assert told == (503, "waiting_for_kafka")
    assert "worker_stalled" not in worker.log
    assert worker.log.count(f"worker_waits_for_kafka topics=['{cluster.topics.classified.name}']") == 1
    wait_for_readiness(free_port, (200, "ready"))


@pytest.mark.slow
def test_worker_that_was_frozen_is_left_alone_when_it_wakes(cluster: Cluster, start_worker: StartWorker) -> None:
    worker = start_worker(**SETTINGS | {"STREAM_SESSION_TIMEOUT_SECONDS": 60})
    cluster.publish(tweets(100))
    cluster.wait_until_answered(100)

    worker.process.send_signal(signal.SIGSTOP)
    cluster.publish(tweets(100, start=100))
    time.sleep(3 * LIMIT_SECONDS)
    worker.process.send_signal(signal.SIGCONT)
    cluster.wait_until_answered(200)

    assert worker.stop() == 0
    assert cluster.fault() == ""
    assert "worker_stalled" not in worker.log
