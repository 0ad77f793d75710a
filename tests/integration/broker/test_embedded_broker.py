"""The embedded Kafka with its real jars and Java: what it keeps, what it refuses, and that nothing outlives it."""

import functools
import hashlib
import http.server
import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer

from models.errors import BrokerError, DownloadError
from stream.broker import EmbeddedKafka
from stream.broker.jars import install_jars, read_lock
from tests.integration.broker.asking import create_topic, read, send
from tests.processes import is_running

pytestmark = [pytest.mark.integration]


def test_topics_and_messages_outlive_the_broker_and_a_change_of_its_port(start: Callable[..., EmbeddedKafka]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        first_port = free.getsockname()[1]
    first = start(port=first_port)
    create_topic(first.bootstrap_servers, "kept")
    send(first.bootstrap_servers, "kept", b"hello")
    first.stop()

    second = start(port=None)

    assert first_port != int(second.bootstrap_servers.split(":")[1])
    send(second.bootstrap_servers, "kept", b"again")
    assert sorted(read(second.bootstrap_servers, "kept", 2)) == [b"again", b"hello"]


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

    create_topic(second.bootstrap_servers, "of-the-second")

    assert first.bootstrap_servers != second.bootstrap_servers
    admin = KafkaAdminClient(bootstrap_servers=first.bootstrap_servers)
    assert admin.list_topics() == []
    admin.close()


def test_data_folder_may_have_spaces_and_letters_of_any_language(
    start: Callable[..., EmbeddedKafka], tmp_path: Path
) -> None:
    kafka = start(data_dir=tmp_path / "meine Daten" / "\u0442\u0432\u0438\u0442\u044b: caf\u00e9")

    create_topic(kafka.bootstrap_servers, "topic")
    send(kafka.bootstrap_servers, "topic", b"hello")

    assert (kafka.data_dir / "topics" / "topic-0").is_dir()


@pytest.mark.slow
def test_jars_of_a_given_folder_start_without_network_and_cache(
    start: Callable[..., EmbeddedKafka], tmp_path: Path, cache_dir: Path
) -> None:
    jars_dir = tmp_path / "jars: mine"
    shutil.copytree(cache_dir / "kafka-4.3.1" / "jars", jars_dir)

    kafka = start(cache_dir=tmp_path / "empty", jars_dir=jars_dir)

    create_topic(kafka.bootstrap_servers, "topic")
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

    assert is_running(first.pid)


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

    assert not is_running(pid)
    with pytest.raises(BrokerError, match="not running"):
        _ = kafka.bootstrap_servers


@pytest.mark.slow
def test_wait_ends_with_an_error_when_java_is_killed(start: Callable[..., EmbeddedKafka]) -> None:
    kafka = start()
    os.kill(kafka.pid, signal.SIGKILL)

    with pytest.raises(BrokerError, match=r"Kafka ended unexpectedly \(code -9\)"):
        kafka.wait()
