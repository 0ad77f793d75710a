"""Several processes on one port, and others in their place without a gap: SIGHUP."""

import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from api.serving.signals import Inbox
from api.serving.uvicorn_server import NO_MODEL
from api.serving.workers import END_SECONDS, RETIRE, Plan, run_generation
from models.errors import ApiError

logger = logging.getLogger(__name__)

_STARTED_AFRESH = multiprocessing.get_context("spawn")  # a new generation reads the code anew
_SPARE_SECONDS = 2.0  # for a generation to kill what does not end


def serve_in_processes(listener: socket.socket, plan: Plan) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP replaces all processes by new ones with new code.

    The new ones start beside the old ones, which end when all new ones accept connections; if one can't start, the old
    ones go on. A process that dies is replaced.

    Args:
        listener: see `api.serving.server.listen`.
        plan: what runs.

    Raises:
        ApiError: the first processes can't start.
    """
    with tempfile.TemporaryDirectory(prefix="tickertape-") as folder:
        _Supervisor(listener, plan, Path(folder)).run()


@dataclass(frozen=True, eq=False)
class _Generation:
    process: SpawnProcess
    told: Connection
    numbers: range


class _Supervisor:
    def __init__(self, listener: socket.socket, plan: Plan, folder: Path) -> None:
        self._listener = listener
        self._plan = plan
        self._folder = folder
        self._inbox = Inbox((signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
        self._has_terminal = _has_terminal()
        self._serving: _Generation | None = None
        self._coming: _Generation | None = None
        self._retired: list[_Generation] = []
        self._is_reload_asked_again = False

    def run(self) -> None:
        self._coming = self._begun()
        try:
            while not self._is_told_to_end():
                self._look_after_coming()
                self._look_after_serving()
                self._retired = [one for one in self._retired if one.process.is_alive()]
                generations = self._generations()
                wait([self._inbox.end, *(one.process.sentinel for one in generations), *self._pipes()])
        finally:
            self._end()

    def _generations(self) -> list[_Generation]:
        return [one for one in (self._serving, self._coming, *self._retired) if one is not None]

    def _pipes(self) -> list[Connection]:
        return [] if self._coming is None else [self._coming.told]

    def _begun(self) -> _Generation:
        taken = {number for one in self._generations() for number in one.numbers}
        workers, first = self._plan.workers, 1
        while first in taken:
            first += workers
        numbers = range(first, first + workers)
        told, tell = _STARTED_AFRESH.Pipe(duplex=False)
        process = _STARTED_AFRESH.Process(
            target=run_generation, args=(self._listener, self._plan, numbers, self._folder, tell), name="generation"
        )
        process.start()
        tell.close()
        return _Generation(process, told, numbers)

    def _is_told_to_end(self) -> bool:
        signums = self._inbox.taken()
        if signal.SIGHUP in signums:
            if self._has_terminal and not _has_terminal():
                return True  # it was closed, which is no wish for new processes
            if self._coming is None:
                logger.info("reload_begun")
                self._coming = self._begun()
            else:
                self._is_reload_asked_again = True
        return bool(signums & {signal.SIGTERM, signal.SIGINT})

    def _look_after_coming(self) -> None:
        coming = self._coming
        if coming is None:
            return
        if coming.told.poll() and _is_told(coming.told):
            self._coming = None
            if self._serving is not None:
                os.kill(_pid(self._serving), RETIRE)
                self._retired.append(self._serving)
                logger.info("reload_done")
            else:
                logger.info("processes_ready", extra={"processes": self._plan.workers})
            self._serving = coming
        elif not coming.process.is_alive():
            self._coming = None
            self._note_failure(coming.process.exitcode)
        if self._coming is None and self._is_reload_asked_again:
            self._is_reload_asked_again = False
            self._coming = self._begun()

    def _note_failure(self, exit_code: int | None) -> None:
        if self._serving is not None:
            logger.error("reload_failed", extra={"exit_code": exit_code, "remedy": "the processes before go on"})
        elif exit_code == NO_MODEL:
            raise ApiError("a worker could not load the model, so all were stopped: the log above says why")
        else:
            raise ApiError(f"a worker ended with exit code {exit_code} before it answered: the log above says why")

    def _look_after_serving(self) -> None:
        if self._serving is None or self._serving.process.is_alive():
            return
        logger.error("generation_died", extra={"exit_code": self._serving.process.exitcode})
        self._serving = None
        if self._coming is None:
            self._coming = self._begun()

    def _end(self) -> None:
        for generation in self._generations():
            generation.process.terminate()
        deadline = time.monotonic() + END_SECONDS + _SPARE_SECONDS
        for generation in self._generations():
            generation.process.join(max(0.0, deadline - time.monotonic()))
            generation.process.kill()
            generation.process.join()
        self._inbox.close()


def _is_told(told: Connection) -> bool:
    """Tell whether the other side said that it is ready; else it has ended."""
    try:
        return bool(told.recv())
    except EOFError:
        return False


def _pid(generation: _Generation) -> int:
    assert generation.process.pid is not None  # noqa: S101  # for mypy: it was started
    return generation.process.pid


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
