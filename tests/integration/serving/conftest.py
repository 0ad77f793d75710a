"""`tickertape serve` as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

END_SECONDS = 30  # generous: it only ends a test that hangs
ALL_READY_SECONDS = 2.0  # the first of several processes says that it is ready; the others are a moment later


class Served(NamedTuple):
    """A running server and what it said when it was ready."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    @property
    def url(self) -> str:
        url: str = self.ready["url"]
        return url

    def end(self, signum: int) -> tuple[int, str]:
        """Signal the process and give its exit code and what it wrote to standard error."""
        self.process.send_signal(signum)
        _, errors = self.process.communicate(timeout=END_SECONDS)
        return self.process.returncode, errors

    def generations(self) -> list[psutil.Process]:
        """Give the processes that have forked others: of one port there is one, and two while it reloads."""
        return [child for child in psutil.Process(self.process.pid).children() if child.children()]

    def workers(self) -> list[psutil.Process]:
        """Give the processes that answer."""
        return [worker for generation in self.generations() for worker in generation.children()]


@pytest.fixture
def run_serve(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Give a function that runs `tickertape serve` with words and settings; killed at the end of the test."""
    started: list[subprocess.Popen[str]] = []
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("API_", "MLFLOW_"))}

    def run_serve(*words: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tickertape", "serve", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
            env=clean | {"TICKERTAPE_HOME": str(tmp_path)} | environment,
        )
        started.append(process)
        return process

    yield run_serve
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=END_SECONDS)


@pytest.fixture
def start(run_serve: Callable[..., subprocess.Popen[str]]) -> Callable[..., Served]:
    """Give a function that starts `tickertape serve` on a free port and waits until it is ready."""

    def start(*words: str, **environment: str) -> Served:
        process = run_serve("--port", "0", "--json", *words, **environment)
        assert process.stdout is not None
        served = Served(process, json.loads(process.stdout.readline()))
        if "--workers" in words:
            time.sleep(ALL_READY_SECONDS)
        return served

    return start
