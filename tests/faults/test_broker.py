"""A broker that is killed, is away, has no room or is one of three loses nothing."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import BrokerSettings, TopicSettings
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics
from tests.faults.brokers import Broker, one_broker, three_brokers
from tests.faults.figures import Figures
from tests.faults.trial import Trial

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

Record = Callable[[Figures], None]
MakeTrial = Callable[..., Trial]
DISK_MB = 64
SEGMENT_BYTES = 1_048_576
CLUSTER_STARTS = 25  # about one of eight met a broker that had not heard of a topic yet


@pytest.mark.parametrize("seconds", [0, pytest.param(60, marks=pytest.mark.slow)])
def test_broker_that_is_killed_and_comes_back_loses_nothing(
    make_trial: MakeTrial, record: Record, tmp_path: Path, make_free_port: Callable[[], int], seconds: float
) -> None:
    settings = BrokerSettings()
    options = BrokerOptions(
        data_dir=tmp_path / "kafka",
        cache_dir=settings.cache_dir,
        port=make_free_port(),
        maven_repository=settings.maven_repository,
        jars_dir=settings.jars_dir,
        fast_start_after_seconds=None,
    )
    kafka = EmbeddedKafka(options)
    kafka.start()
    try:
        trial = make_trial(kafka.bootstrap_servers)
        with trial.under_load(), trial.fault():
            os.kill(kafka.pid, signal.SIGKILL)
            time.sleep(seconds)
            kafka.stop()
            kafka.start()

        record(trial.judge(f"broker killed, back after {seconds} s" if seconds else "broker killed, back at once"))
    finally:
        kafka.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of some megabytes; skips where the test may not."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("a disk can't be filled here: there is no `mount`")
    if mounted.returncode:
        pytest.skip(f"a disk can't be filled here: {mounted.stderr.strip()}")
    yield disk
    unmount = ["umount", "--lazy", str(disk)]
    subprocess.run(unmount, check=True)


@pytest.mark.slow
def test_disk_of_the_broker_that_is_full_for_a_while_loses_nothing(
    make_trial: MakeTrial, record: Record, small_disk: Path
) -> None:
    ballast = small_disk / "ballast"
    with one_broker(small_disk / "kafka", {"log.segment.bytes": str(SEGMENT_BYTES)}) as broker:
        trial = make_trial(broker.address)
        with trial.under_load(), trial.fault():
            with ballast.open("wb") as file:
                fill(file.fileno())
            broker.wait_for_its_end()
            ballast.unlink()
            broker.start()

        record(trial.judge("broker's disk full"))


def fill(file: int) -> None:
    """Write until there is no room."""
    try:
        while True:
            os.write(file, b"\0" * 65_536)
    except OSError:
        return


@pytest.mark.slow
def test_cluster_of_three_that_loses_one_broker_after_the_other_loses_nothing(
    make_trial: MakeTrial, record: Record, tmp_path: Path
) -> None:
    with three_brokers(tmp_path / "kafka") as brokers:
        servers = ",".join(broker.address for broker in brokers)
        trial = make_trial(servers, replication_factor=len(brokers))
        with trial.under_load():
            for broker in brokers:
                lose_and_bring_back(trial, broker)

        record(trial.judge("one broker of three killed"))


@pytest.mark.slow
def test_topics_that_are_made_on_a_cluster_of_three_are_known_to_whichever_broker_is_asked(tmp_path: Path) -> None:
    with three_brokers(tmp_path / "kafka") as brokers:
        kafka = KafkaConnection(",".join(broker.address for broker in brokers))
        made = [
            declare_topics(TopicSettings(prefix=f"{number}.", replication_factor=len(brokers))).all
            for number in range(CLUSTER_STARTS)
        ]

        states = [ensure_topics(kafka, topics) for topics in made]

    assert [set(of_start) for of_start in states] == [{topic.name for topic in topics} for topics in made]


def lose_and_bring_back(trial: Trial, broker: Broker) -> None:
    """Kill a broker; the workers must go on without it, and it comes back later."""
    with trial.fault():
        broker.kill()
    trial.wait_until_steady()
    broker.start()
    trial.wait_until_in_sync()
