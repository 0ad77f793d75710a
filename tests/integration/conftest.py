"""A real Kafka for the run, topics of their own for each test, and real worker processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from config.settings import BrokerSettings, TopicSettings
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.kafka.connection import KafkaConnection
from stream.topics import Topics, declare_topics, ensure_topics

KAFKA_IMAGE = "apache/kafka:4.3.1"
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 30.0


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def docker_kafka() -> Iterator[str]:
    """Run Kafka in a container whose port is known before it starts, so that it can advertise it."""
    port = find_free_port()
    container = (
        DockerContainer(KAFKA_IMAGE)
        .with_bind_ports(9092, port)
        .with_envs(
            KAFKA_NODE_ID="1",
            KAFKA_PROCESS_ROLES="broker,controller",
            KAFKA_CONTROLLER_QUORUM_VOTERS="1@localhost:9093",
            KAFKA_LISTENERS="HOST://:9092,CONTROLLER://:9093,INTERNAL://:19092",
            KAFKA_ADVERTISED_LISTENERS=f"HOST://127.0.0.1:{port},INTERNAL://localhost:19092",
            KAFKA_CONTROLLER_LISTENER_NAMES="CONTROLLER",
            # Transactions make the broker call itself, which it can't by the host's port.
            KAFKA_INTER_BROKER_LISTENER_NAME="INTERNAL",
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP="CONTROLLER:PLAINTEXT,HOST:PLAINTEXT,INTERNAL:PLAINTEXT",
            KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR="1",
            KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS="1",
            KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR="1",
            KAFKA_TRANSACTION_STATE_LOG_MIN_ISR="1",
            KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS="0",
            KAFKA_AUTO_CREATE_TOPICS_ENABLE="false",
        )
        .waiting_for(LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(120))
    )
    with container:
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def embedded_kafka(data_dir: Path) -> Iterator[str]:
    settings = BrokerSettings()
    options = BrokerOptions(
        data_dir=data_dir,
        cache_dir=settings.cache_dir,
        maven_repository=settings.maven_repository,
        jars_dir=settings.jars_dir,
    )
    with EmbeddedKafka(options) as kafka:
        yield kafka.bootstrap_servers


def docker_problem() -> str:
    """Say why no container can be run, or nothing."""
    try:
        client = docker.from_env()
    except docker.errors.DockerException as exc:
        return f"no Docker engine answers ({type(exc).__name__})"
    with contextlib.closing(client):
        try:
            client.images.get(KAFKA_IMAGE)
        except docker.errors.ImageNotFound:
            return _pull_problem(client)
    return ""


def _pull_problem(client: docker.DockerClient) -> str:
    try:
        client.images.pull(KAFKA_IMAGE)
    except docker.errors.DockerException as exc:
        return f"{KAFKA_IMAGE} can't be pulled ({type(exc).__name__})"
    return ""


@pytest.fixture(scope="session")
def kafka_servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, kafka_used: Callable[[str], None]
) -> Iterator[str]:
    """Start one broker for the run, in Docker or embedded as `--kafka` says; gives its host:port."""
    choice = request.config.getoption("--kafka")
    problem = "" if choice == "embedded" else docker_problem()
    if choice == "docker" and problem:
        pytest.fail(f"--kafka=docker: {problem}")
    if choice == "embedded" or problem:
        with embedded_kafka(tmp_path_factory.mktemp("kafka")) as servers:
            kafka_used(f"embedded{f', since {problem}' if problem else ''}")
            yield servers
    else:
        with docker_kafka() as servers:
            kafka_used(f"Docker, {KAFKA_IMAGE}")
            yield servers


@pytest.fixture
def free_port() -> int:
    return find_free_port()


@pytest.fixture
def make_free_port() -> Callable[[], int]:
    return find_free_port


@pytest.fixture
def topic_prefix() -> str:
    return f"test-{uuid.uuid4().hex[:8]}."


@dataclass(frozen=True)
class Delivered:
    """One record as it came out of a topic."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


@dataclass(frozen=True)
class Cluster:
    """The broker with this test's own topics."""

    servers: str
    prefix: str
    topics: Topics

    def publish(
        self, records: Sequence[tuple[bytes | None, bytes | None]], *, topic: str | None = None
    ) -> list[tuple[int, int]]:
        """Send (key, value) pairs, to the input topic if none is named; gives the partition and offset of each."""
        producer = KafkaProducer(bootstrap_servers=self.servers, acks="all", linger_ms=5)
        name = topic or self.topics.raw.name
        futures = [producer.send(name, key=key, value=value) for key, value in records]
        producer.flush()
        sent = [future.get(timeout=30) for future in futures]
        producer.close()
        return [(metadata.partition, metadata.offset) for metadata in sent]

    def read(self, topic: str, *, isolation_level: str = "read_uncommitted") -> list[Delivered]:
        """Read everything that is in a topic now, in partition and offset order."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.servers, enable_auto_commit=False, isolation_level=isolation_level
        )
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
        ends = consumer.end_offsets(partitions)
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        found: list[Delivered] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for batch in consumer.poll(timeout_ms=500).values():
                found.extend(
                    Delivered(row.partition, row.offset, row.key, row.value, dict(row.headers)) for row in batch
                )
        consumer.close()
        return sorted(found, key=lambda row: (row.partition, row.offset))

    def ends(self, topic: str) -> dict[int, int]:
        """Give the offset after the last record of each partition."""
        with contextlib.closing(KafkaConsumer(bootstrap_servers=self.servers)) as consumer:
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
            return {tp.partition: end for tp, end in consumer.end_offsets(partitions).items()}

    def answered(self) -> int:
        """Count the input records that have an output or a dead letter; repeats count again."""
        with self._counter() as count:
            return count()

    def wait_until_answered(self, count: int, *, timeout_seconds: float = 120.0) -> None:
        deadline = time.monotonic() + timeout_seconds
        with self._counter() as counted:
            while (answered := counted()) < count:
                assert time.monotonic() < deadline, f"{answered} of {count} were answered in {timeout_seconds} s"
                time.sleep(0.05)

    def fault(self, *words: str, start: Mapping[int, int] | None = None) -> str:
        """Have `tickertape verify` judge all that was sent, or what was from some offsets on; empty where all is right."""
        ends = self.ends(self.topics.raw.name)
        first, last = (
            ",".join(f"{number}:{at}" for number, at in sorted(spot.items()))
            for spot in (dict.fromkeys(ends, 0) if start is None else start, ends)
        )
        ended = subprocess.run(
            [sys.executable, "-m", "tickertape", "verify", "--from", first, "--to", last, *words],
            env=os.environ
            | {
                "KAFKA_BOOTSTRAP_SERVERS": self.servers,
                "TOPICS_PREFIX": self.prefix,
                "STREAM_GROUP": f"{self.prefix}group",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return "" if ended.returncode == 0 else ended.stdout + ended.stderr

    def wait_until_right(self, *, start: Mapping[int, int] | None = None, timeout_seconds: float = 90.0) -> None:
        """Wait until each input has ended as it should, with repeats at most."""
        deadline = time.monotonic() + timeout_seconds
        while wrong := self.fault("--allow-repeats", start=start):
            assert time.monotonic() < deadline, wrong
            time.sleep(0.5)

    @contextlib.contextmanager
    def _counter(self) -> Iterator[Callable[[], int]]:
        topics = (self.topics.sentiment, self.topics.dead_letter)
        partitions = [TopicPartition(topic.name, number) for topic in topics for number in range(4)]
        with contextlib.closing(KafkaConsumer(bootstrap_servers=self.servers)) as consumer:
            yield lambda: sum(consumer.end_offsets(partitions).values())


@pytest.fixture
def cluster(kafka_servers: str, topic_prefix: str) -> Cluster:
    topics = declare_topics(TopicSettings(prefix=topic_prefix))
    ensure_topics(KafkaConnection(kafka_servers), topics.all)
    return Cluster(kafka_servers, topic_prefix, topics)


@dataclass
class Worker:
    """A real `tickertape worker` process."""

    process: "subprocess.Popen[bytes]"
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def wait_for(self, event: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while event not in self.log:
            assert self.process.poll() is None, f"the worker ended with {self.process.returncode}:\n{self.log}"
            assert time.monotonic() < deadline, f"no {event} in {START_TIMEOUT_SECONDS} s:\n{self.log}"
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=STOP_TIMEOUT_SECONDS)


@pytest.fixture
def start_worker(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start workers of this test's own group; whichever runs at its end is killed, as a clean stop takes a second."""
    workers: list[Worker] = []

    def start(*, command: Sequence[str] = ("-m", "tickertape", "worker"), **settings: Any) -> Worker:
        log_file = tmp_path / f"worker-{len(workers)}.log"
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": cluster.servers,
            "TOPICS_PREFIX": cluster.prefix,
            "STREAM_GROUP": f"{cluster.prefix}group",
            "TICKERTAPE_HOME": str(tmp_path),
            **{name: str(value) for name, value in settings.items()},
        }
        with log_file.open("wb") as log:
            process = subprocess.Popen([sys.executable, *command], env=environment, stdout=log, stderr=log)
        workers.append(Worker(process, log_file))
        workers[-1].wait_for("partitions_assigned")
        return workers[-1]

    yield start
    for worker in workers:
        worker.process.kill()
        worker.process.wait()
