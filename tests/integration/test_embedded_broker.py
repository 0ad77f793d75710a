"""The embedded Kafka with its real jars and Java: what it keeps, what it refuses, and that nothing outlives it."""

import functools
import hashlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

from config.settings import BrokerSettings
from models.errors import BrokerError, DownloadError
from stream.broker import BrokerOptions, EmbeddedKafka, Step
from stream.broker.jars import install_jars, read_lock

pytestmark = [pytest.mark.integration]

NOWHERE = "http://127.0.0.1:9"  # a port without a server: whoever needs the network fails at once


@pytest.fixture(scope="module")
def cache_dir() -> Path:
    """The user's own cache, filled: the jars are downloaded at most once."""
    settings = BrokerSettings()
    folder = settings.cache_dir.resolve()
    install_jars(folder / "kafka-4.3.1" / "jars", repository=settings.maven_repository)
    return folder


@pytest.fixture
def start(tmp_path: Path, cache_dir: Path) -> Iterator[Callable[..., EmbeddedKafka]]:
    """Start brokers on one data folder, one after the other; the last one is stopped at the end."""
    started: list[EmbeddedKafka] = []

    def _start(**overrides: object) -> EmbeddedKafka:
        options = {
            "data_dir": tmp_path / "kafka",
            "cache_dir": cache_dir,
            "maven_repository": NOWHERE,
            "fast_start_after_seconds": None,
        } | overrides
        kafka = EmbeddedKafka(BrokerOptions(**options))  # type: ignore[arg-type]  # a test's own overrides
        started.append(kafka)
        kafka.start()
        return kafka

    yield _start
    for kafka in started:
        kafka.stop()


def _create_topic(servers: str, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=servers)
    admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    admin.close()


def _send(servers: str, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=servers)
    producer.send(topic, value).get(timeout=30)
    producer.close()


def _read(servers: str, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        topic, bootstrap_servers=servers, group_id="readers", auto_offset_reset="earliest", enable_auto_commit=False
    )
    values: list[bytes] = []
    while len(values) < count:
        values += [record.value for records in consumer.poll(500).values() for record in records]
    consumer.close()
    return values


def _is_running(pid: int) -> bool:
    """Tell whether it runs; a process that nobody has waited for yet does not."""
    if sys.platform == "linux":  # slim containers have no ps
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False
    state = subprocess.run(["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return state.stdout.strip() not in {"", "Z", "Zs"}


@contextmanager
def _command(tmp_path: Path, cache_dir: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run `python -m stream broker --json` and give it with its answer once it is ready."""
    environment = os.environ | {"BROKER_CACHE_DIR": str(cache_dir), "BROKER_MAVEN_REPOSITORY": NOWHERE}
    command = [sys.executable, "-m", "stream", "broker", "--json", "--data-dir", str(tmp_path / "kafka"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_topics_and_messages_outlive_the_broker_and_a_change_of_its_port(start: Callable[..., EmbeddedKafka]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        first_port = free.getsockname()[1]
    first = start(port=first_port)
    _create_topic(first.bootstrap_servers, "kept")
    _send(first.bootstrap_servers, "kept", b"hello")
    first.stop()

    second = start(port=None)

    assert first_port != int(second.bootstrap_servers.split(":")[1])
    _send(second.bootstrap_servers, "kept", b"again")
    assert sorted(_read(second.bootstrap_servers, "kept", 2)) == [b"again", b"hello"]


def test_topic_that_nobody_created_is_not_made_by_asking_for_it(start: Callable[..., EmbeddedKafka]) -> None:
    kafka = start()
    consumer = KafkaConsumer("misspelt", bootstrap_servers=kafka.bootstrap_servers)
    consumer.poll(500)
    consumer.close()

    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    topics = admin.list_topics()
    admin.close()

    assert topics == []


def test_two_brokers_run_side_by_side_with_one_cache(start: Callable[..., EmbeddedKafka], tmp_path: Path) -> None:
    first = start()
    second = start(data_dir=tmp_path / "second")

    _create_topic(second.bootstrap_servers, "of-the-second")

    assert first.bootstrap_servers != second.bootstrap_servers
    admin = KafkaAdminClient(bootstrap_servers=first.bootstrap_servers)
    assert admin.list_topics() == []
    admin.close()


def test_data_folder_may_have_spaces_and_letters_of_any_language(
    start: Callable[..., EmbeddedKafka], tmp_path: Path
) -> None:
    kafka = start(data_dir=tmp_path / "meine Daten" / "\u0442\u0432\u0438\u0442\u044b: caf\u00e9")

    _create_topic(kafka.bootstrap_servers, "topic")
    _send(kafka.bootstrap_servers, "topic", b"hello")

    assert (kafka.data_dir / "topics" / "topic-0").is_dir()


@pytest.mark.slow
def test_jars_of_a_given_folder_start_without_network_and_cache(
    start: Callable[..., EmbeddedKafka], tmp_path: Path, cache_dir: Path
) -> None:
    jars_dir = tmp_path / "jars: mine"
    shutil.copytree(cache_dir / "kafka-4.3.1" / "jars", jars_dir)

    kafka = start(cache_dir=tmp_path / "empty", jars_dir=jars_dir)

    _create_topic(kafka.bootstrap_servers, "topic")
    assert not (tmp_path / "empty").exists()


@pytest.mark.slow
def test_repository_of_ones_own_gives_all_jars(tmp_path: Path, cache_dir: Path) -> None:
    for jar in read_lock():
        path = tmp_path / "repository" / jar.repository_path
        path.parent.mkdir(parents=True)
        path.symlink_to(cache_dir / "kafka-4.3.1" / "jars" / jar.file_name)
    handler = functools.partial(_QuietHandler, directory=str(tmp_path / "repository"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        paths = install_jars(tmp_path / "jars", repository=f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
        thread.join()

    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths} == {
        jar.file_name: jar.sha256 for jar in read_lock()
    }


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.mark.slow
def test_first_start_without_network_fails_and_leaves_the_folder_free(
    start: Callable[..., EmbeddedKafka], tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match="--jars DIR"):
        start(cache_dir=tmp_path / "empty")

    start()


@pytest.mark.slow
def test_given_port_that_is_taken_is_an_error(start: Callable[..., EmbeddedKafka]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BrokerError, match=rf"port {port} of 127\.0\.0\.1 is taken"):
            start(port=port)


@pytest.mark.slow
def test_second_broker_on_the_same_folder_is_refused_and_told_who_has_it(start: Callable[..., EmbeddedKafka]) -> None:
    first = start()

    with pytest.raises(BrokerError, match=rf"process {os.getpid()}, Java {first.pid}\)"):
        start()

    assert _is_running(first.pid)


@pytest.mark.slow
def test_java_that_does_not_start_is_an_error_that_quotes_it(start: Callable[..., EmbeddedKafka]) -> None:
    with pytest.raises(BrokerError, match=r"kafka\.log ends: .*\| Too small maximum heap"):
        start(heap_mb=1)


@pytest.mark.slow
def test_data_of_another_node_is_an_error_that_quotes_kafka(
    start: Callable[..., EmbeddedKafka], tmp_path: Path
) -> None:
    start().stop()
    meta = tmp_path / "kafka" / "topics" / "meta.properties"
    meta.write_text(meta.read_text().replace("node.id=1", "node.id=7"))

    with pytest.raises(BrokerError, match=r"Kafka ended while it started .*Stored node id 7"):
        start()


@pytest.mark.slow
def test_stop_leaves_no_process_and_may_be_repeated(start: Callable[..., EmbeddedKafka]) -> None:
    kafka = start()
    pid = kafka.pid

    kafka.stop()
    kafka.stop()

    assert not _is_running(pid)
    with pytest.raises(BrokerError, match="not running"):
        _ = kafka.bootstrap_servers


@pytest.mark.slow
def test_wait_ends_with_an_error_when_java_is_killed(start: Callable[..., EmbeddedKafka]) -> None:
    kafka = start()
    os.kill(kafka.pid, signal.SIGKILL)

    with pytest.raises(BrokerError, match=r"Kafka ended unexpectedly \(code -9\)"):
        kafka.wait()


@pytest.mark.slow
def test_command_tells_a_person_how_to_point_the_others_at_it(tmp_path: Path, cache_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
    environment["BROKER_CACHE_DIR"] = str(cache_dir)
    words = ["--port", str(port), "--data-dir", str(tmp_path / "kafka")]
    with subprocess.Popen(
        [sys.executable, "-m", "stream", "broker", *words], stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()

    assert line.startswith(f"Kafka 4.3.1 is ready at 127.0.0.1:{port} (data {tmp_path / 'kafka'}, log ")
    assert line.endswith(f"export KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:{port}\n")
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM])
def test_command_says_where_it_is_and_stops_in_order(
    tmp_path: Path, cache_dir: Path, stop_signal: signal.Signals
) -> None:
    with _command(tmp_path, cache_dir) as (process, answer):
        _create_topic(answer["bootstrap_servers"], "topic")
        process.send_signal(stop_signal)
        assert process.wait(60) == 0

    assert not _is_running(int(answer["pid"]))
    assert "shut down completed" in Path(answer["log_file"]).read_text()
    assert answer["data_dir"] == str(tmp_path / "kafka")


@pytest.mark.slow
def test_java_ends_when_the_command_is_killed_and_the_folder_can_be_used_again(
    tmp_path: Path, cache_dir: Path, start: Callable[..., EmbeddedKafka]
) -> None:
    with _command(tmp_path, cache_dir) as (process, answer):
        _create_topic(answer["bootstrap_servers"], "kept")
        process.kill()
        process.wait()

    kafka = start()

    assert not _is_running(int(answer["pid"]))
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    assert admin.list_topics() == ["kept"]
    admin.close()


@pytest.mark.slow
def test_start_up_cache_is_made_beside_the_broker_used_by_the_next_and_given_up_when_damaged(
    tmp_path: Path, cache_dir: Path
) -> None:
    shutil.copytree(cache_dir / "kafka-4.3.1" / "jars", tmp_path / "cache" / "kafka-4.3.1" / "jars")
    steps: list[tuple[Step, int, int]] = []
    made = threading.Event()

    def progress(*step: object) -> None:
        steps.append(step)  # type: ignore[arg-type]  # as `Progress` says
        if step[0] is Step.FAST_START and step[1:] != (0, 1):
            made.set()

    options = BrokerOptions(
        data_dir=tmp_path / "kafka",
        cache_dir=tmp_path / "cache",
        maven_repository=NOWHERE,
        fast_start_after_seconds=0,
    )
    with EmbeddedKafka(options, progress=progress):
        assert made.wait(240)
    assert steps == [(Step.START, 0, 1), (Step.START, 1, 1), (Step.FAST_START, 0, 1), (Step.FAST_START, 1, 1)]
    folder = tmp_path / "cache" / "kafka-4.3.1" / "start-up"
    (cache,) = folder.glob("*.aot")
    assert {path.name for path in folder.iterdir()} == {cache.name, "making.lock"}

    # Used by the next: it has the file in its memory.
    with EmbeddedKafka(options) as kafka:
        if sys.platform == "linux":
            assert cache.name in Path(f"/proc/{kafka.pid}/maps").read_text()

    # Damaged in a way that its name does not tell: Java crashes, and the broker starts without it.
    content = bytearray(cache.read_bytes())
    for place in range(2_000_000, len(content), 1_000_003):
        content[place] ^= 255
    cache.unlink()
    key = cache.stem.partition("-")[0]
    damaged = folder / f"{key}-{hashlib.sha256(content).hexdigest()[:16]}.aot"
    damaged.write_bytes(content)
    with EmbeddedKafka(BrokerOptions(**vars(options) | {"fast_start_after_seconds": None})) as kafka:
        assert _is_running(kafka.pid)
    assert not damaged.exists()


@pytest.mark.slow
def test_start_up_cache_in_the_making_does_not_hold_up_the_stop(tmp_path: Path, cache_dir: Path) -> None:
    shutil.copytree(cache_dir / "kafka-4.3.1" / "jars", tmp_path / "cache" / "kafka-4.3.1" / "jars")
    steps: list[tuple[Step, int, int]] = []
    begun = threading.Event()

    def progress(*step: object) -> None:
        steps.append(step)  # type: ignore[arg-type]  # as `Progress` says
        if step[0] is Step.FAST_START:
            begun.set()

    options = BrokerOptions(data_dir=tmp_path / "kafka", cache_dir=tmp_path / "cache", fast_start_after_seconds=0)
    with EmbeddedKafka(options, progress=progress):
        assert begun.wait(60)
        time.sleep(0.5)  # let it get into its work

    assert steps[-1] == (Step.FAST_START, 0, 0)
    leftovers = {path.name for path in (tmp_path / "cache" / "kafka-4.3.1" / "start-up").iterdir()}
    assert leftovers == {"making.lock"}
