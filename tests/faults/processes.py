"""A real process of the project that is started again whenever it ends, as a container's `restart: unless-stopped` does."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

RESTART_SECONDS = 0.2  # before a worker that ended is started again
STOP_SECONDS = 60.0
START_SECONDS = 60.0
TICKERTAPE = ("-m", "tickertape")


class SupervisedProcess:
    """Keeps one `tickertape` command running until `stop`.

    Args:
        words: the command and its options.
        program: what Python runs with them.
        settings: its environment, beside this process's.
        log_file: takes what it writes, of all its lives.

    Attributes:
        exit_codes: of the lives that are over; negative for a signal.
    """

    def __init__(
        self, *words: str, settings: Mapping[str, str], log_file: Path, program: Sequence[str] = TICKERTAPE
    ) -> None:
        self._command = [sys.executable, *program, *words]
        self._environment = os.environ | settings
        self._log_file = log_file
        self._is_over = threading.Event()
        self.exit_codes: list[int] = []
        self._process = self._start()
        self._thread = threading.Thread(target=self._supervise)
        self._thread.start()

    @property
    def log(self) -> str:
        """All that it wrote."""
        return self._log_file.read_text()

    @property
    def pid(self) -> int:
        """Of its life now."""
        return self._process.pid

    @property
    def failures(self) -> int:
        """How often it ended by itself."""
        return sum(code > 0 for code in self.exit_codes)

    def kill(self) -> None:
        """End its life now with SIGKILL; returns when it is dead."""
        lives = len(self.exit_codes)
        self._process.kill()
        while len(self.exit_codes) == lives:
            time.sleep(0.001)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze it as long as the block lasts."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def wait_for(self, event: str, *, times: int = 1) -> None:
        """Wait until it has logged an event so many times."""
        deadline = time.monotonic() + START_SECONDS
        while self.log.count(event) < times:
            assert time.monotonic() < deadline, f"no {event} in {START_SECONDS} s:\n{self.log[-4000:]}"
            time.sleep(0.02)

    def stop(self) -> int:
        """Ask it to end and wait; gives its exit code."""
        self._is_over.set()
        self._process.terminate()
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            self.end()
        return self.exit_codes[-1]

    def end(self) -> None:
        """End it at once."""
        self._is_over.set()
        while self._thread.is_alive():
            self._process.kill()
            self._thread.join(0.1)

    def _start(self) -> "subprocess.Popen[bytes]":
        with self._log_file.open("ab") as log:
            return subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)

    def _supervise(self) -> None:
        while True:
            self.exit_codes.append(self._process.wait())
            if self._is_over.is_set() or self._is_over.wait(0 if self.exit_codes[-1] < 0 else RESTART_SECONDS):
                return
            self._process = self._start()
