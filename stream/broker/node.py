"""One Kafka process on one data folder: formatted, started, ready, stopped."""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from models.errors import BrokerError
from stream.broker.folder import DataFolder, new_cluster_id
from stream.broker.java import FORMATTER, SERVER, Java
from stream.broker.probe import serves_cluster
from stream.broker.process import STOP_SECONDS, GuardedProcess

FORMAT_SECONDS = 60.0
READY_SECONDS = 90.0  # 1.5 to 5 s on an idle machine
_POLL_SECONDS = 0.03
_FORMATTER_HEAP_MB = 128


class DiedAtStartError(BrokerError):
    """Kafka ended before it was ready; `node.folder.last_words()` says why."""


class Node:
    """One Kafka process.

    Args:
        folder: its data folder; belongs to the caller, who releases it after the node has stopped.
        java: how to run Java.
        port: free port of 127.0.0.1 for clients.
        controller_port: another one, for Kafka itself.
        server_flags: Java's flags for the server only, not for the preparation of a new folder.
        properties: more of Kafka's settings.
    """

    def __init__(
        self,
        folder: DataFolder,
        java: Java,
        *,
        port: int,
        controller_port: int,
        server_flags: tuple[str, ...] = (),
        properties: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.folder = folder
        self.port = port
        self._java = java
        self._server_flags = server_flags
        self._properties = properties
        self._controller_port = controller_port
        self._process: GuardedProcess | None = None

    @property
    def pid(self) -> int:
        """Process id of Java."""
        return self._started.pid

    def start(self, *, check: Callable[[], None]) -> None:
        """Start Kafka and return once it answers requests.

        Args:
            check: called while waiting; what it raises ends the wait.

        Raises:
            DiedAtStartError: Java ended, or could not format a new folder.
            BrokerError: no answer in time, or the folder can't be used.
        """
        self.folder.mark_log()
        try:
            cluster_id = self.folder.cluster_id or self._format(check)
            self._write_properties(self.folder.topics)
            self._process = self._run(*self._server_flags, SERVER, str(self.folder.properties), java=self._java)
            self.folder.name_holder(self._process.pid)
            self._wait_until_ready(cluster_id, check)
        except BaseException:
            self.kill()
            raise

    @property
    def exit_code(self) -> int | None:
        """Exit code of Java; None while it runs."""
        return self._started.exit_code

    def stop(self, *, timeout_seconds: float = STOP_SECONDS, check: Callable[[], None] | None = None) -> None:
        """Stop Kafka in order; at once when it takes too long, `check` raises or the wait is interrupted."""
        if self._process is not None:
            self._process.stop(timeout_seconds=timeout_seconds, check=check)

    def kill(self) -> None:
        """End Kafka at once."""
        if self._process is not None:
            self._process.kill()

    @property
    def _started(self) -> GuardedProcess:
        if self._process is None:
            raise BrokerError("Kafka has not been started")
        return self._process

    def _format(self, check: Callable[[], None]) -> str:
        """Prepare a new folder; whole or not at all, so that an interrupted first start leaves nothing half done."""
        cluster_id = new_cluster_id()
        for leftover in self.folder.path.glob("topics.new-*/"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = self.folder.path / f"topics.new-{cluster_id}"
        self._write_properties(fresh)
        quick = replace(self._java, heap_mb=_FORMATTER_HEAP_MB)
        words = ("format", "--cluster-id", cluster_id, "--config", str(self.folder.properties))
        self._process = self._run(FORMATTER, *words, java=quick)
        deadline = time.monotonic() + FORMAT_SECONDS
        while self._process.wait(_POLL_SECONDS) is None:
            check()
            if time.monotonic() > deadline:
                raise self._failure(f"preparing {self.folder.path} took over {FORMAT_SECONDS:.0f} s")
        if self._process.exit_code:
            raise self._failure(f"Kafka can't prepare the data folder {self.folder.path}", kind=DiedAtStartError)
        fresh.rename(self.folder.topics)
        return cluster_id

    def _wait_until_ready(self, cluster_id: str, check: Callable[[], None]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not serves_cluster(self.port, cluster_id):
            check()
            if self.exit_code is not None:
                raise self._failure(f"Kafka ended while it started (code {self.exit_code})", kind=DiedAtStartError)
            if time.monotonic() > deadline:
                raise self._failure(f"Kafka did not answer on port {self.port} within {READY_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)

    def _failure(self, what: str, *, kind: type[BrokerError] = BrokerError) -> BrokerError:
        return kind(f"{what}; its log {self.folder.log} ends: {self.folder.last_words()}")

    def _write_properties(self, topics: Path) -> None:
        try:
            self.folder.write_properties(
                port=self.port, controller_port=self._controller_port, topics=topics, more=self._properties
            )
        except OSError as exc:
            raise BrokerError(f"{self.folder.properties} can't be written ({exc.strerror})") from exc

    def _run(self, *words: str, java: Java) -> GuardedProcess:
        logging_flags = (
            f"-Dlog4j2.configurationFile={files('stream.broker').joinpath('log4j2.yaml')}",
            f"-Dtickertape.log={self.folder.log}",
            f"-XX:ErrorFile={self.folder.path}/java-crash.log",
            "-Xlog:aot*=error",  # what a start-up cache lacks is no news
        )
        return GuardedProcess(
            java.command(*logging_flags, *words),
            cwd=java.cwd,
            output=self.folder.java_output,
            inherited=(self.folder.lock_descriptor,),
        )
