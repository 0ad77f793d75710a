"""`tickertape demo` as a newcomer runs it: one command, tweets on the screen, nothing left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.integration

DEMO = [sys.executable, "-m", "tickertape", "demo"]


def left_running(folder: Path) -> list[str]:
    """Name the processes that work in the folder."""
    found = []
    for process in psutil.process_iter(["cwd", "cmdline"]):
        cwd = process.info["cwd"]
        if cwd and Path(cwd).is_relative_to(folder):
            found.append(" ".join(process.info["cmdline"] or []))
    return found


def test_demo_on_the_embedded_kafka_classifies_and_ends_by_itself(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "KAFKA_BOOTSTRAP_SERVERS"}

    demo = subprocess.run(
        DEMO,
        cwd=tmp_path,
        env=environment | {"DEMO_SECONDS": "4"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert re.search(r"open http://127\.0\.0\.1:\d+/ +the stream", demo.stdout)
    assert re.search(r"open http://127\.0\.0\.1:\d+/docs", demo.stdout)
    assert re.search(r"curl -s http://127\.0\.0\.1:\d+/predict", demo.stdout)
    (classified,) = re.findall(r"([\d,]+) tweets classified, [\d,]+ dead letters", demo.stdout)
    assert int(classified.replace(",", "")) > 200
    assert left_running(tmp_path) == []


def test_demo_on_a_given_cluster_uses_topics_of_its_own_and_ends_on_ctrl_c(kafka_servers: str, tmp_path: Path) -> None:
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka_servers}
    output = tmp_path / "screen"

    with output.open("wb") as screen:
        demo = subprocess.Popen(DEMO, cwd=tmp_path, env=environment, stdout=screen, stderr=screen)
        deadline = time.monotonic() + 120
        while "tweets/s   classified " not in output.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        demo.send_signal(signal.SIGINT)
        code = demo.wait(timeout=60)

    shown = output.read_text()
    assert code == 0, shown
    assert f"using Kafka at {kafka_servers}" in shown
    assert "TOPICS_PREFIX=demo." in shown
    assert "nothing is left running" in shown.splitlines()[-1]
    assert left_running(tmp_path) == []


def test_demo_says_which_part_failed(kafka_servers: str, tmp_path: Path) -> None:
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_servers,
        "STREAM_TOP_K": "99",
        "TICKERTAPE_HOME": str(tmp_path),
    }

    demo = subprocess.run(DEMO, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert demo.returncode == 1
    (message,) = demo.stderr.splitlines()
    assert message.startswith("tickertape demo: the worker ended; its log ")
    assert "setting STREAM_TOP_K=99: " in message
    assert left_running(tmp_path) == []
