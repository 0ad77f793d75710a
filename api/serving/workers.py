"""One generation of processes: it loads the code once and forks the processes that answer, which share that memory."""

import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NoReturn

from fastapi import FastAPI

from api.serving.guarding import ConnectionLimits
from api.serving.signals import Inbox
from api.serving.uvicorn_server import DRAIN_SECONDS, GRACEFUL_SHUTDOWN_SECONDS, NO_PROXY, Proxy, Server, server_config
from monitoring.processes import ProcessMetrics

logger = logging.getLogger(__name__)

RETIRE = signal.SIGUSR1
"""Tells a generation to end because another one answers."""
END_SECONDS = GRACEFUL_SHUTDOWN_SECONDS + DRAIN_SECONDS + 5.0  # after these a process is killed
RETRY_SECONDS = 1.0  # between two tries to replace a process that dies at once

_FAILED = 1
_SIGNALS = (signal.SIGTERM, signal.SIGINT, RETIRE, signal.SIGCHLD)


@dataclass(frozen=True)
class Plan:
    """What a generation runs.

    Attributes:
        preload: imports and compiles what all processes need; starts no thread and opens no connection.
        make_app: makes the application in each process; is given what shows the metrics of all.
        workers: number of processes.
        limits: of the connections of each.
        proxy: what stands before them.
    """

    preload: Callable[[], None]
    make_app: Callable[[Callable[[], bytes]], FastAPI]
    workers: int
    limits: ConnectionLimits
    proxy: Proxy = NO_PROXY


def run_generation(listener: socket.socket, plan: Plan, numbers: Sequence[int], folder: Path, told: Connection) -> None:
    """Run a generation until it is told to end, or its parent has gone; the main function of a process.

    Args:
        listener: that all processes share.
        plan: what is run.
        numbers: one for each process, which no other generation has.
        folder: where the processes find each other's metrics.
        told: is sent True when all processes accept connections for the first time.
    """
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_DFL)  # while the code loads there is nothing to finish
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    plan.preload()
    gc.collect()
    gc.freeze()  # the collector would write into what is shared, and so copy it
    sys.exit(_Generation(listener, plan, folder, told).run(numbers))


@dataclass
class _Worker:
    number: int
    started: float
    ready: int | None
    """A pipe's end: readable when the process accepts connections, or has died before."""


class _Generation:
    def __init__(self, listener: socket.socket, plan: Plan, folder: Path, told: Connection) -> None:
        self._listener = listener
        self._plan = plan
        self._folder = folder
        self._told = told
        self._inbox = Inbox(_SIGNALS)
        self._lifeline = os.pipe()
        self._workers: dict[int, _Worker] = {}
        self._due: dict[int, float] = {}
        self._was_ready = False
        self._killed_at = float("inf")
        self._code = 0

    def run(self, numbers: Sequence[int]) -> int:
        self._due = dict.fromkeys(numbers, 0.0)
        parent = multiprocessing.parent_process()
        sentinel = [] if parent is None else [parent.sentinel]
        while self._workers or self._due:
            now = time.monotonic()
            for number in [number for number, due in self._due.items() if due <= now]:
                del self._due[number]
                self._fork(number)
            ready = {worker.ready: worker for worker in self._workers.values() if worker.ready is not None}
            found = wait([self._inbox.end, *sentinel, *ready], self._patience())
            for end, worker in ready.items():
                if end in found:
                    self._note_ready(worker)
            self._react(self._inbox.taken())
            if sentinel and sentinel[0] in found:
                sentinel = []
                self._end(signal.SIGTERM)
        return self._code

    def _patience(self) -> float | None:
        soonest = min([self._killed_at, *self._due.values()])
        return None if soonest == float("inf") else max(0.0, soonest - time.monotonic())

    def _react(self, signums: set[int]) -> None:
        if signums & {signal.SIGTERM, signal.SIGINT}:
            self._end(signal.SIGTERM)
        elif RETIRE in signums:
            self._end(RETIRE)
        self._reap()
        if time.monotonic() >= self._killed_at:
            self._killed_at = float("inf")
            self._signal(signal.SIGKILL)

    def _end(self, signum: signal.Signals) -> None:
        self._due.clear()
        self._killed_at = min(self._killed_at, time.monotonic() + END_SECONDS)
        self._signal(signum)

    def _signal(self, signum: signal.Signals) -> None:
        for pid in self._workers:
            os.kill(pid, signum)

    @property
    def _is_ending(self) -> bool:
        return self._killed_at < float("inf")

    def _note_ready(self, worker: _Worker) -> None:
        assert worker.ready is not None  # noqa: S101  # for mypy: only those that wait come here
        is_ready = bool(os.read(worker.ready, 1))
        os.close(worker.ready)
        worker.ready = None
        if is_ready and not self._was_ready and all(one.ready is None for one in self._workers.values()):
            self._was_ready = True
            self._told.send(True)  # noqa: FBT003  # that something comes is all that it says

    def _reap(self) -> None:
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            worker = self._workers.pop(pid)
            if self._is_ending:
                continue
            code = os.waitstatus_to_exitcode(status)
            logger.error("worker_died", extra={"pid": pid, "exit_code": code})
            if self._was_ready:
                lived = time.monotonic() - worker.started
                self._due[worker.number] = time.monotonic() + (RETRY_SECONDS if lived < RETRY_SECONDS else 0.0)
            else:
                self._code = code if code > 0 else _FAILED
                self._end(signal.SIGTERM)

    def _fork(self, number: int) -> None:
        ready, is_ready = os.pipe()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # the child has no handlers yet
        pid = os.fork()
        if pid == 0:
            self._be_worker(number, is_ready, blocked)
        self._workers[pid] = _Worker(number, time.monotonic(), ready)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        os.close(is_ready)

    def _be_worker(self, number: int, is_ready: int, blocked: set[int | signal.Signals]) -> NoReturn:
        """Answer until told to end; never returns: what was set up before the fork is not this process's to end."""
        code = _FAILED
        try:
            self._inbox.close()
            alive, held = self._lifeline
            os.close(held)
            self._told.close()
            for worker in self._workers.values():
                if worker.ready is not None:
                    os.close(worker.ready)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            threading.Thread(target=_end_with, args=(alive,), name="end-with-generation", daemon=True).start()
            metrics = ProcessMetrics(self._folder, number)
            metrics.answer()
            app = self._plan.make_app(metrics.exposition)
            server = Server(
                server_config(app, self._plan.limits, self._plan.proxy), when_started=lambda: _tell(is_ready)
            )
            for signum in (signal.SIGTERM, signal.SIGINT):
                signal.signal(signum, server.handle_exit)
            signal.signal(RETIRE, server.retire)
            server.run(sockets=[self._listener])
            code = 0
        except SystemExit as exc:
            code = exc.code if isinstance(exc.code, int) else _FAILED
        except BaseException:
            logger.exception("worker_failed")
        finally:
            logging.shutdown()
            os._exit(code)


def _tell(end: int) -> None:
    os.write(end, b".")
    os.close(end)


def _end_with(alive: int) -> None:
    """Stop this process if the one that forked it was killed; nobody else would."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
