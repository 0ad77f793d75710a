"""One contestant's process: started with its task in the environment, watched, and stopped by its own pid."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from peers.answering import MODEL_VARIABLE
from peers.contestants import Contestant

from config.settings import ProjectSettings, child_environment

STOP_SECONDS = 20.0
POLL_SECONDS = 0.1
STALL_SECONDS = 60.0  # above a compiler's first run and a model's fit
LOG_TAIL_BYTES = 1_500


class WorkerProcess:
    """A contestant at work, for as long as the `with` block lasts.

    Args:
        contestant: what to start.
        servers: the broker.
        topics: names by the settings that they stand for: raw, classified, sentiment, dead_letter.
        folder: for its log and state.
        settings: environment variables, beside those that all contestants get.
    """

    def __init__(
        self,
        contestant: Contestant,
        *,
        servers: str,
        topics: dict[str, str],
        folder: Path,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._contestant = contestant
        self._log = folder / f"{contestant.name}.log"
        self._environment = child_environment(
            **{f"TOPICS_{name.upper()}": topic for name, topic in topics.items()},
            **{MODEL_VARIABLE: contestant.model},
            KAFKA_BOOTSTRAP_SERVERS=servers,
            STREAM_GROUP=topics["classified"],
            TICKERTAPE_HOME=str(folder),
            TICKERTAPE_DATA_DIR=str(ProjectSettings().data_dir.absolute()),
            MLFLOW_TRACKING_URI="",
            PYTHONPATH=str(Path(__file__).parents[1]),
            PYTHONWARNINGS="ignore",
            **(settings or {}),
        )
        self.peak_mib = 0.0

    def __enter__(self) -> Self:
        """Start it."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._contestant.command], env=self._environment, stdout=log, stderr=log
            )
        self._watched = psutil.Process(self._process.pid)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop it in order, or by force when it does not."""
        if self.is_alive():
            self.peak_mib = self._peak_mib()
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        return self._process.poll() is None

    def cpu_seconds(self) -> float:
        """Give the CPU time that it and its children have used."""
        seconds = 0.0
        for process in self._processes():
            with contextlib.suppress(psutil.Error):  # it ended between two looks
                times = process.cpu_times()
                seconds += times.user + times.system
        return seconds

    def memory_mib(self) -> float:
        """Give its resident memory now."""
        return _memory_mib(self._watched)

    def _processes(self) -> list[psutil.Process]:
        try:
            return [self._watched, *self._watched.children(recursive=True)]
        except psutil.Error:
            return [self._watched]

    def _peak_mib(self) -> float:
        # Not the resource usage of a child that ended: that counts what this process held when it forked, too.
        return sum(_peak_mib(process) for process in self._processes())

    def wait_until(
        self, count: Callable[[], int], wanted: int, *, each: Callable[[int], object] = lambda _: None
    ) -> bool:
        """Wait until that much is done; False when it died or made no progress for a minute.

        Args:
            count: gives what is done by now.
            wanted: how much that must be.
            each: told each count.
        """
        last, changed = -1, time.monotonic()
        while (done := count()) < wanted:
            each(done)
            if done != last:
                last, changed = done, time.monotonic()
            if not self.is_alive() or time.monotonic() - changed > STALL_SECONDS:
                sys.stderr.write(
                    f"{self._contestant.name} stopped at {done} of {wanted}; its log ends:\n{self.log_tail()}\n"
                )
                return False
            time.sleep(POLL_SECONDS)
        each(done)
        return True

    def log_tail(self) -> str:
        """Give the end of what it wrote."""
        return self._log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")


def _peak_mib(process: psutil.Process) -> float:
    """Give a process's peak memory; 0 for one that is gone."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    except OSError:  # gone, or no Linux: then at least what it holds now
        return _memory_mib(process)
    # One that has ended, but was not waited for, has no such line.
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def _memory_mib(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        return float(process.memory_info().rss) / 2**20
    return 0.0
