"""`tickertape broker` as a process: what it tells, and how it ends."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from stream.broker import EmbeddedKafka
from tests.integration.broker.asking import command, create_topic
from tests.processes import is_running

pytestmark = [pytest.mark.integration]


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
    with command(tmp_path, cache_dir) as (process, answer):
        create_topic(answer["bootstrap_servers"], "topic")
        process.send_signal(stop_signal)
        assert process.wait(60) == 0

    assert not is_running(int(answer["pid"]))
    assert "shut down completed" in Path(answer["log_file"]).read_text()
    assert answer["data_dir"] == str(tmp_path / "kafka")


@pytest.mark.slow
def test_java_ends_when_the_command_is_killed_and_the_folder_can_be_used_again(
    tmp_path: Path, cache_dir: Path, start: Callable[..., EmbeddedKafka]
) -> None:
    with command(tmp_path, cache_dir) as (process, answer):
        create_topic(answer["bootstrap_servers"], "kept")
        process.kill()
        process.wait()

    kafka = start()

    assert not is_running(int(answer["pid"]))
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    assert admin.list_topics() == ["kept"]
    admin.close()
