"""Several processes on one port: they are replaced when they die and when new code is there, without a gap."""

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from api.openapi import examples

Start = Callable[..., Any]

PATIENCE_SECONDS = 60.0
RUNNING = """
import logging, socket, sys
from api.serving.guarding import ConnectionLimits
from api.serving.supervisor import serve_in_processes
from api.serving.workers import Plan
import probe

if __name__ == "__main__":
    logging.basicConfig(level="INFO", format="%(message)s %(levelname)s")
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    serve_in_processes(listener, Plan(probe.preload, probe.make_app, 2, ConnectionLimits(100, 4096, 10, 75, 10)))
"""
PROBE = """
import asyncio, os
from pathlib import Path
from fastapi import FastAPI, Response

VERSION = 1

def preload():
    pass

def make_app(metrics):
    app = FastAPI()

    @app.get("/")
    async def answer():
        return {"version": VERSION, "pid": os.getpid()}

    @app.get("/slow")
    async def slow():
        Path("begun").touch()
        while not Path("go").exists():
            await asyncio.sleep(0.01)
        return {"version": VERSION}

    @app.get("/metrics")
    def all_metrics():
        return Response(metrics())

    return app
"""


class Probed(NamedTuple):
    """Processes with a small application, whose code is in a file."""

    process: subprocess.Popen[str]
    code: Path
    log: Path
    url: str

    def generation(self) -> psutil.Process:
        [generation] = [one for one in psutil.Process(self.process.pid).children() if one.children()]
        return generation

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def answer(self) -> dict[str, int]:
        answer: dict[str, int] = httpx.get(self.url, timeout=PATIENCE_SECONDS).json()
        return answer


def eventually(is_so: Callable[[], Any]) -> None:
    """Wait until something is so; the test's own time limit ends what hangs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def probed(tmp_path: Path) -> Iterator[Probed]:
    """Run two processes with the small application."""
    (tmp_path / "running.py").write_text(RUNNING, encoding="utf-8")
    code, log = tmp_path / "probe.py", tmp_path / "log"
    code.write_text(PROBE, encoding="utf-8")
    paths = os.pathsep.join([str(Path(__file__).parents[3]), str(tmp_path)])
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "running.py"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    assert process.stdout is not None
    running = Probed(process, code, log, f"http://127.0.0.1:{process.stdout.readline().strip()}/")
    eventually(lambda: "processes_ready" in log.read_text(encoding="utf-8"))
    yield running
    process.terminate()
    process.communicate(timeout=PATIENCE_SECONDS)


def test_new_code_answers_after_a_reload_and_the_old_processes_are_gone(probed: Probed) -> None:
    old = probed.generation()
    probed.code.write_text(PROBE.replace("VERSION = 1", "VERSION = 2"), encoding="utf-8")

    probed.reload()

    eventually(lambda: probed.answer()["version"] == 2)
    eventually(lambda: not old.is_running())
    assert {probed.answer()["version"] for _ in range(20)} == {2}
    assert len(probed.generation().children()) == 2


@pytest.mark.parametrize(
    "broken",
    [
        "VERSION = ",
        pytest.param("raise RuntimeError('broken')", marks=pytest.mark.slow),
        PROBE.replace("app = ", "app = 1 / 0 #"),
    ],
)
def test_code_that_does_not_start_changes_nothing(probed: Probed, broken: str) -> None:
    old = probed.generation()
    probed.code.write_text(broken, encoding="utf-8")

    probed.reload()

    eventually(lambda: "reload_failed ERROR" in probed.log.read_text(encoding="utf-8"))
    assert probed.answer()["version"] == 1
    assert probed.generation() == old


def test_reload_that_is_asked_for_while_one_goes_on_comes_after_it(probed: Probed) -> None:
    probed.reload()
    eventually(lambda: "reload_begun" in probed.log.read_text(encoding="utf-8"))
    probed.code.write_text(PROBE.replace("VERSION = 1", "VERSION = 2"), encoding="utf-8")

    probed.reload()

    eventually(lambda: probed.answer()["version"] == 2)
    eventually(lambda: probed.log.read_text(encoding="utf-8").count("reload_done") == 2)


@pytest.mark.slow
def test_request_that_an_old_process_works_on_is_answered_by_it(probed: Probed) -> None:
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(httpx.get(f"{probed.url}slow", timeout=PATIENCE_SECONDS)))
    asking.start()
    eventually((probed.code.parent / "begun").exists)
    probed.code.write_text(PROBE.replace("VERSION = 1", "VERSION = 2"), encoding="utf-8")

    probed.reload()
    eventually(lambda: probed.answer()["version"] == 2)
    (probed.code.parent / "go").touch()
    asking.join()

    assert answers[0].json() == {"version": 1}
    assert answers[0].headers["connection"] == "close"


@pytest.mark.slow
def test_killed_process_is_replaced(probed: Probed) -> None:
    before = {worker.pid for worker in probed.generation().children()}
    killed = probed.answer()["pid"]

    os.kill(killed, signal.SIGKILL)

    eventually(lambda: len({worker.pid for worker in probed.generation().children()} - {killed}) == 2)
    assert {worker.pid for worker in probed.generation().children()} & before == before - {killed}
    eventually(lambda: probed.answer()["pid"] not in before)


@pytest.mark.slow
def test_killed_generation_is_replaced_and_its_processes_end(probed: Probed) -> None:
    old = probed.generation()
    workers = old.children()

    old.kill()

    eventually(lambda: not any(_lives(worker) for worker in workers))
    assert probed.answer()["pid"] not in {worker.pid for worker in workers}


@pytest.mark.slow
def test_stop_in_the_middle_of_a_reload_ends_all(probed: Probed) -> None:
    probed.reload()
    eventually(lambda: len(psutil.Process(probed.process.pid).children(recursive=True)) > 4)
    everything = psutil.Process(probed.process.pid).children(recursive=True)

    probed.process.terminate()

    assert probed.process.wait(PATIENCE_SECONDS) == 0
    eventually(lambda: not any(_lives(one) for one in everything))


@pytest.mark.slow
def test_one_answer_has_the_metrics_of_all_processes_that_live(probed: Probed) -> None:
    def started() -> dict[str, str]:
        text = httpx.get(f"{probed.url}metrics").text
        return dict(re.findall(r'^process_start_time_seconds\{process="(\d+)"\} (.+)$', text, re.MULTILINE))

    before = started()
    killed = probed.answer()["pid"]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: len({worker.pid for worker in probed.generation().children()} - {killed}) == 2)

    eventually(lambda: len(set(started().items()) - set(before.items())) == 1)
    assert sorted(before) == sorted(started()) == ["1", "2"]
    probed.reload()
    eventually(lambda: sorted(started()) == ["3", "4"])


@pytest.mark.slow
def test_no_request_is_refused_or_broken_while_processes_are_replaced(start: Start) -> None:
    served = start("--workers", "2")
    before = {worker.pid for worker in served.workers()}
    is_over = threading.Event()
    outcomes: Counter[str] = Counter()
    clients = [
        threading.Thread(target=_ask, args=(served.url, is_over, outcomes), kwargs={"keeps": keeps, "pause": pause})
        for keeps in (True, False)
        for pause in (0.0, 0.03, 0.7)
    ]
    for client in clients:
        client.start()

    for _ in range(2):
        old = served.generations()[0]
        served.process.send_signal(signal.SIGHUP)
        eventually(lambda old=old: not old.is_running())
    is_over.set()
    for client in clients:
        client.join()

    assert outcomes.keys() == {"200"}
    assert outcomes["200"] > 100
    assert before & {worker.pid for worker in served.workers()} == set()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _ask(url: str, is_over: threading.Event, outcomes: Counter[str], *, keeps: bool, pause: float) -> None:
    """Ask again and again; a client that keeps its connection opens another where it was told to, or found it closed."""
    place = urlsplit(url)
    body = '{"texts": ["$AAPL up 3%"]}'
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
    while not is_over.wait(pause):
        try:
            connection.request("POST", "/predict", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            outcomes[str(answer.status)] += 1
        except (OSError, http.client.HTTPException) as exc:
            outcomes[type(exc).__name__] += 1
            connection.close()
        if not keeps:
            connection.close()
    connection.close()


@pytest.mark.slow
@pytest.mark.training  # trains nothing, but needs MLflow to find the store broken
def test_reload_that_finds_no_model_leaves_the_old_processes_answering(start: Start, tmp_path: Path) -> None:
    served = start("--workers", "2")
    [old], before = served.generations(), {worker.pid for worker in served.workers()}
    (tmp_path / "mlflow.db").write_bytes(b"no database")

    served.process.send_signal(signal.SIGHUP)

    eventually(lambda: len(served.generations()) == 2)
    [new] = set(served.generations()) - {old}
    eventually(lambda: not new.is_running())
    assert {worker.pid for worker in served.workers()} == before
    httpx.post(f"{served.url}/predict", json=examples.ONE_TEXT).raise_for_status()
    _, errors = served.end(signal.SIGTERM)
    assert "reload_failed exit_code=3" in errors
