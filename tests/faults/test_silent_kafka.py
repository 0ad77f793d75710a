"""A worker that Kafka does not answer waits for it, and goes on when it is back."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config.settings import BrokerSettings
from stream.broker import BrokerOptions, EmbeddedKafka

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in the conftest.py of tests/integration
StartWorker = Callable[..., Any]
LIMIT_SECONDS = 3
SILENT_SECONDS = 12


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


def tweets(start: int, end: int) -> list[tuple[bytes, bytes]]:
    return [
        (str(number).encode(), json.dumps({"id": str(number), "text": f"$AAPL beats Q{number}"}).encode())
        for number in range(start, end)
    ]
