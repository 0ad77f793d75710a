"""Make Java's start-up cache in the background, while the broker runs."""

import logging
import threading
import time
from dataclasses import replace
from pathlib import Path

from models.errors import BrokerError
from stream.broker.folder import DataFolder
from stream.broker.java import Java
from stream.broker.node import Node
from stream.broker.options import Progress, Step
from stream.broker.probe import free_ports
from stream.broker.process import GuardedProcess
from stream.broker.startup import StartUpCache

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.05
STEP_SECONDS = 180.0  # 4 s of processor time, but at a low priority beside a busy machine


class _CancelledError(Exception):
    """The broker stops, so there is no more time for this."""


class FastStart:
    """A thread that has Java record one start of a second, private Kafka, and keep it as start-up cache.

    Done beside the running broker at a low priority, so that neither its start nor its stop takes longer.

    Args:
        cache: where the start-up cache belongs.
        java: how the broker runs Java.
        after_seconds: how long to wait before it begins.
        progress: told when it begins and when it is done.
    """

    def __init__(self, cache: StartUpCache, java: Java, *, after_seconds: float, progress: Progress | None) -> None:
        self._cache = cache
        self._java = replace(java, is_background=True)
        self._after_seconds = after_seconds
        self._progress = progress
        self._cancelled = threading.Event()
        # A daemon, since the end of this process must not wait for it; its children end with it anyhow.
        self._thread = threading.Thread(target=self._run, name="fast-start", daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def cancel(self) -> None:
        """Give it up, unless it is done, and return once nothing of it runs; takes a tenth of a second."""
        self._cancelled.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        if self._cancelled.wait(self._after_seconds):
            return
        try:
            with self._cache.claim() as private:
                if private is not None:
                    self._make(private)
        except _CancelledError:
            logger.debug("start_up_cache_cancelled")
        except (BrokerError, OSError) as exc:  # only slower; the broker itself is well
            logger.warning("start_up_cache_failed", extra={"error": str(exc)})

    def _make(self, private: Path) -> None:
        self._tell(done=0, total=1)
        total = 0
        try:
            recorded = private / "recorded"
            self._record(private / "kafka", recorded)
            self._cache.publish(self._assemble(private, recorded))
            total = 1
        finally:
            self._tell(done=total, total=total)
        logger.debug("start_up_cache_made")  # a person is told by `progress`

    def _record(self, data: Path, recorded: Path) -> None:
        """Start a Kafka as the broker was started, and stop it: what Java loaded and compiled is written down."""
        port, controller_port = free_ports(2)
        flags = ("-XX:AOTMode=record", f"-XX:AOTConfiguration={recorded}")
        folder = DataFolder(data)
        try:
            node = Node(folder, self._java, port=port, controller_port=controller_port, server_flags=flags)
            node.start(check=self._check)
            node.stop(timeout_seconds=STEP_SECONDS, check=self._check)
        finally:
            folder.release()

    def _assemble(self, private: Path, recorded: Path) -> Path:
        made = private / "made"
        flags = ("-XX:AOTMode=create", f"-XX:AOTConfiguration={recorded}", f"-XX:AOTCache={made}")
        process = GuardedProcess(self._java.command(*flags), cwd=self._java.cwd, output=private / "create.log")
        try:
            deadline = time.monotonic() + STEP_SECONDS
            while process.wait(_POLL_SECONDS) is None and time.monotonic() < deadline:
                self._check()
        finally:
            process.kill()
        if process.exit_code or not made.is_file():
            raise BrokerError(f"Java made no start-up cache (code {process.exit_code})")
        return made

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise _CancelledError

    def _tell(self, *, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(Step.FAST_START, done, total)
