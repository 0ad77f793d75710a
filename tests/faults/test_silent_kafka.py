"""A worker that Kafka does not answer waits for it, and goes on when it is back."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import BrokerSettings
from stream.broker import BrokerOptions, EmbeddedKafka

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in the conftest.py of tests/integration
StartWorker = Callable[..., Any]
LIMIT_SECONDS = 3
SILENT_SECONDS = 12
LABEL = {
    "tweet_id": "1",
    "label": "Dividend",
    "text": "$AAPL raises its dividend",
    "source": "test",
    "labelled_at": "2026-01-31T09:31:00Z",
}
# A worker whose learner, when it begins to restore what was learned, says so by a file, and goes on when there is another.
RESTORING_WORKER = """
import argparse, sys, time
from pathlib import Path
from stream.commands import worker
from stream.learning.archive import TopicArchive

begun, may_go_on = map(Path, sys.argv[1:])
read, reads = TopicArchive.snapshots, []

def read_when_told(archive):
    if reads:  # the worker's start has read them once
        begun.touch()
        while not may_go_on.exists():
            time.sleep(0.02)
    reads.append(archive)
    return read(archive)

TopicArchive.snapshots = read_when_told
sys.exit(worker.run(argparse.Namespace(quality=None)))
"""


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    settings = BrokerSettings()
    options = BrokerOptions(
        data_dir=tmp_path_factory.mktemp("kafka"),
        cache_dir=settings.cache_dir,
        maven_repository=settings.maven_repository,
        jars_dir=settings.jars_dir,
        fast_start_after_seconds=None,
    )
    with EmbeddedKafka(options) as kafka:
        yield kafka


@pytest.fixture(scope="module")
def kafka_servers(own_kafka: EmbeddedKafka) -> str:
    return own_kafka.bootstrap_servers


@pytest.mark.slow
def test_worker_that_a_frozen_broker_does_not_answer_waits_and_goes_on(
    cluster: Cluster, start_worker: StartWorker, own_kafka: EmbeddedKafka
) -> None:
    worker = start_worker(STREAM_STALL_SECONDS=LIMIT_SECONDS, ONLINE_ENABLED="false")
    cluster.publish(tweets(0, 100))
    cluster.wait_until_answered(100)

    os.kill(own_kafka.pid, signal.SIGSTOP)
    try:
        time.sleep(SILENT_SECONDS)
    finally:
        os.kill(own_kafka.pid, signal.SIGCONT)
    cluster.publish(tweets(100, 200))
    cluster.wait_until_right()

    assert "worker_waits_for_kafka topics=[]" in worker.log
    assert "worker_stalled" not in worker.log
    assert worker.stop() == 0


@pytest.mark.slow
def test_learner_that_finds_no_kafka_while_it_restores_says_so_once_and_learns_when_there_is_one(
    cluster: Cluster, start_worker: StartWorker, own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    begun, may_go_on = tmp_path / "begun", tmp_path / "may-go-on"
    worker = start_worker(
        command=("-c", RESTORING_WORKER, str(begun), str(may_go_on)),
        ONLINE_SNAPSHOT_SECONDS=0.2,
        STREAM_SESSION_TIMEOUT_SECONDS=60,
    )
    cluster.publish([(b"1", json.dumps(LABEL).encode())], topic=cluster.topics.feedback.name)
    while not begun.exists():
        time.sleep(0.02)

    os.kill(own_kafka.pid, signal.SIGSTOP)
    try:
        may_go_on.touch()
        worker.wait_for("learner_waits_for_kafka")
        time.sleep(SILENT_SECONDS)
    finally:
        os.kill(own_kafka.pid, signal.SIGCONT)
    worker.wait_for("learner_restored")
    cluster.publish(tweets(0, 100))
    cluster.wait_until_answered(100)

    assert worker.stop() == 0  # with a snapshot of what was learned
    assert worker.log.count("learner_waits_for_kafka") == 1
    assert [row.key for row in cluster.read(cluster.topics.labelled.name)] == [b"1"]
    assert [row.headers["feedback-offset"] for row in cluster.read(cluster.topics.online.name)] == [b"0"]


def tweets(start: int, end: int) -> list[tuple[bytes, bytes]]:
    return [
        (str(number).encode(), json.dumps({"id": str(number), "text": f"$AAPL beats Q{number}"}).encode())
        for number in range(start, end)
    ]
