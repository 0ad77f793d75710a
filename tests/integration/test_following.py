# ruff: noqa: PLC0415 -- MLflow is imported by the tests that use it: it costs seconds and warns while it loads
"""A running worker follows the alias of a real MLflow registry, between the topics of a real Kafka."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from kafka import KafkaProducer

from config.settings import RegistrySettings
from models.predictor import PRETRAINED, pretrained_predictor
from models.weights import WEIGHTS_FILE

pytestmark = [
    pytest.mark.integration,
    pytest.mark.training,  # needs MLflow
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),  # SQLAlchemy complains of what MLflow calls
]

POLL_SECONDS = 0.2
SERVER_START_SECONDS = 90
LOOKS_SECONDS = 3.0  # at a server that is not there: several looks
TEACHER_FILE = "teacher.onnx"
TINY = Path(__file__).parents[1] / "data" / "teacher" / "tiny.onnx"


class Registry:
    """An MLflow store, which the worker finds in its home folder if no server is named; each version holds the shipped weights."""

    def __init__(self, home: Path, *, server: str = "") -> None:
        from models.registry import Store, open_store

        self.settings, self._home = RegistrySettings(tracking_uri=server), home
        self.store: Store = open_store(tracking_uri=self.settings.uri(home), model_name=self.settings.model_name)

    def save(self, alias: str, **more: bytes) -> str:
        from models.registry import TrainingRun, save_version

        files = {WEIGHTS_FILE: (PRETRAINED / WEIGHTS_FILE).read_bytes(), **more}
        return save_version(self.store, TrainingRun({}, {}, files), model_alias=alias).version

    def champion(self, **more: bytes) -> str:
        return self.save(self.settings.model_alias, **more)

    def tampered_champion(self) -> str:
        from models.registry import point_alias

        before = set(self._home.rglob(WEIGHTS_FILE))
        version = self.save("tampered")
        (file,) = set(self._home.rglob(WEIGHTS_FILE)) - before
        file.write_bytes(file.read_bytes()[:-1])
        point_alias(self.store, self.settings.model_alias, version=version)
        return version


@contextlib.contextmanager
def mlflow_server(folder: Path, port: int) -> Iterator[str]:
    """Run a server on a folder's store until the block ends, and end it with SIGKILL; gives its URL."""
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host=127.0.0.1", f"--port={port}", "--workers=1"]
    command += [
        f"--backend-store-uri=sqlite:///{folder / 'server.db'}",
        f"--artifacts-destination={folder / 'artifacts'}",
    ]
    with (folder / "server.log").open("ab") as log:
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for_server(url)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for_server(url: str) -> None:
    deadline = time.monotonic() + SERVER_START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310  # its own address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            assert time.monotonic() < deadline, f"no MLflow server answers in {SERVER_START_SECONDS} s"
            time.sleep(0.1)


class SteadyFeed:
    """Publishes some hundred tweets a second from a thread, until it is stopped."""

    def __init__(self, cluster: Any) -> None:
        self.sent: list[tuple[int, int]] = []
        self._cluster = cluster
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._publish)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _publish(self) -> None:
        producer = KafkaProducer(bootstrap_servers=self._cluster.servers, acks="all")
        futures = []
        for number in itertools.count():
            value = json.dumps({"id": str(number), "text": f"$AAPL beats Q{number} estimates"}).encode()
            futures.append(producer.send(self._cluster.topics.raw.name, key=str(number).encode(), value=value))
            if self._is_over.wait(0.003):
                break
        producer.flush()
        self.sent = [(sent.partition, sent.offset) for sent in (future.get(timeout=30) for future in futures)]
        producer.close()


def versions_by_partition(cluster: Any) -> dict[int, list[str]]:
    """List the model versions of each partition's outputs, repeats left out, in the order of the outputs."""
    rows = cluster.read(cluster.topics.classified.name)
    assert all(json.loads(row.value)["model"]["version"] == row.headers["model-version"].decode() for row in rows)
    return {
        partition: [version.decode() for version, _ in itertools.groupby(row.headers["model-version"] for row in its)]
        for partition, its in itertools.groupby(rows, key=lambda row: row.partition)
    }


def test_worker_follows_the_alias_and_refuses_what_was_tampered_with_while_tweets_flow(
    cluster: Any, start_worker: Callable[..., Any], tmp_path: Path, free_port: int
) -> None:
    worker = start_worker(MLFLOW_POLL_SECONDS=POLL_SECONDS, STREAM_METRICS_PORT=free_port)
    shipped = pretrained_predictor(1).model.version

    with SteadyFeed(cluster) as feed:
        cluster.wait_until_answered(200)
        registry = Registry(tmp_path)  # the worker began without one
        registry.champion()
        worker.wait_for(f"version=1 previous_version={shipped}")
        cluster.wait_until_answered(cluster.answered() + 200)
        registry.champion()
        worker.wait_for("version=2 previous_version=1")
        registry.tampered_champion()
        worker.wait_for("model_refused")
        cluster.wait_until_answered(cluster.answered() + 200)
    cluster.wait_until_answered(len(feed.sent))

    answers = cluster.read(cluster.topics.classified.name)
    inputs = {f"{cluster.topics.raw.name}-{partition}-{offset}" for partition, offset in feed.sent}
    assert Counter(answer.headers["ce_id"].decode() for answer in answers) == dict.fromkeys(inputs, 1)
    assert versions_by_partition(cluster) == {partition: [shipped, "1", "2"] for partition in range(4)}
    changes = {change.headers["ce_type"].decode(): json.loads(change.value) for change in wait_for_changes(cluster, 3)}
    refused = changes["tickertape.model.refused.v1"]
    assert changes.keys() == {"tickertape.model.swapped.v1", "tickertape.model.refused.v1"}
    assert (refused["version"], refused["previous_version"]) == ("3", "2")
    assert "sha256" in refused["reasons"][0]
    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/metrics", timeout=10) as response:
        metrics = response.read().decode()
    assert 'tickertape_model_info{name="tickertape",version="2"} 1.0' in metrics
    assert 'tickertape_model_changes_total{outcome="swapped"} 2.0' in metrics
    assert 'tickertape_model_changes_total{outcome="refused"} 1.0' in metrics
    assert worker.stop() == 0


@pytest.mark.slow
def test_worker_goes_on_while_the_server_of_its_registry_is_gone_says_so_once_and_follows_it_again(
    cluster: Any, start_worker: Callable[..., Any], tmp_path: Path, free_port: int
) -> None:
    with mlflow_server(tmp_path, free_port) as url:
        Registry(tmp_path, server=url).champion()
        worker = start_worker(MLFLOW_TRACKING_URI=url, MLFLOW_POLL_SECONDS=POLL_SECONDS)

    with SteadyFeed(cluster) as feed:
        worker.wait_for("registry_unreachable")
        time.sleep(LOOKS_SECONDS)
        cluster.wait_until_answered(cluster.answered() + 200)
        with mlflow_server(tmp_path, free_port) as url:
            worker.wait_for("alias_found_again")
            Registry(tmp_path, server=url).champion()
            worker.wait_for("version=2 previous_version=1")
            cluster.wait_until_answered(cluster.answered() + 200)
            told = [worker.log.count(event) for event in ("registry_unreachable", "alias_found_again")]
    cluster.wait_until_answered(len(feed.sent))

    assert told == [1, 1]
    assert versions_by_partition(cluster) == {partition: ["1", "2"] for partition in range(4)}
    assert cluster.fault() == ""
    assert worker.stop() == 0


def test_careful_worker_asks_the_teacher_of_each_version_it_follows_to(
    cluster: Any, start_worker: Callable[..., Any], tmp_path: Path, free_port: int
) -> None:
    registry, teacher = Registry(tmp_path), {TEACHER_FILE: TINY.read_bytes()}
    registry.champion(**teacher)
    worker = start_worker(
        MODEL_QUALITY="careful", MODEL_CAREFUL_SHARE=1, MLFLOW_POLL_SECONDS=POLL_SECONDS, STREAM_METRICS_PORT=free_port
    )

    with SteadyFeed(cluster) as feed:
        cluster.wait_until_answered(200)
        registry.champion(**teacher)
        worker.wait_for("version=2 previous_version=1")
        cluster.wait_until_answered(cluster.answered() + 200)
    cluster.wait_until_answered(len(feed.sent))

    answers = [json.loads(row.value) for row in cluster.read(cluster.topics.classified.name)]
    by_teacher = Counter(answer["model"]["version"] for answer in answers if answer["answered_by"] == "teacher")
    assert len(answers) == len(feed.sent)
    assert by_teacher.keys() == {"1", "2"}
    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/metrics", timeout=10) as response:
        metrics = response.read().decode()
    asked = by_teacher.total() + 1  # to warm version 2 up
    assert f'tickertape_careful_tweets_total{{outcome="answered"}} {asked}.0' in metrics
    assert worker.stop() == 0


def wait_for_changes(cluster: Any, count: int) -> list[Any]:
    deadline = time.monotonic() + 30
    while len(changes := cluster.read(cluster.topics.metrics.name)) < count:
        assert time.monotonic() < deadline, f"{len(changes)} of {count} changes were published"
        time.sleep(0.2)
    return list(changes)
