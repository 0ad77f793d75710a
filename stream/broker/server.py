"""The embedded Kafka: install, start, ready, stop."""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from models.errors import BrokerError
from stream.broker.fast_start import FastStart
from stream.broker.folder import DataFolder
from stream.broker.jars import KAFKA_VERSION, install_jars
from stream.broker.java import Java
from stream.broker.node import DiedAtStartError, Node
from stream.broker.options import BrokerOptions, Progress, Step
from stream.broker.probe import HOST, free_ports, is_free
from stream.broker.startup import StartUpCache, discard

USUAL_PORT = 9092  # where every Kafka client looks first
PORT_ATTEMPTS = 3  # a free port can be taken by another process before Kafka has it
_PORT_TAKEN = "Address already in use"
_WATCH_SECONDS = 0.2


class EmbeddedKafka:
    """A single Apache Kafka on this machine, for as long as the `with` block lasts.

    It ends with this process in any case, also when that is killed. Not for production.

    Args:
        options: how to run it.
        progress: told what takes long; see `stream.broker.options.Progress`.

    Raises:
        BrokerError: on entering, when Kafka can't be started.
        DownloadError: on entering, when its jars can't be had.
    """

    version = KAFKA_VERSION

    def __init__(self, options: BrokerOptions, progress: Progress | None = None) -> None:
        self._options = options
        self._progress = progress
        self._folder: DataFolder | None = None
        self._node: Node | None = None
        self._fast_start: FastStart | None = None

    def __enter__(self) -> Self:
        """Start, see `start`."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop, see `stop`."""
        self.stop()

    @property
    def bootstrap_servers(self) -> str:
        """The address that clients connect to, `host:port`."""
        return f"{HOST}:{self._running.port}"

    @property
    def pid(self) -> int:
        """Process id of Java."""
        return self._running.pid

    @property
    def data_dir(self) -> Path:
        """The data folder, absolute."""
        return self._running.folder.path

    @property
    def log_file(self) -> Path:
        """Kafka's own log."""
        return self._running.folder.log

    def start(self) -> None:
        """Install the jars if needed, start Kafka, and return once it answers requests."""
        if self._node is not None:
            raise BrokerError(f"this broker has been started already, at {self.bootstrap_servers}")
        try:
            self._folder = DataFolder(self._options.data_dir)
            self._check_given_port()
            self._start(self._folder)
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Watch Kafka until it ends by itself; left by an exception only, such as Ctrl-C.

        Raises:
            BrokerError: Kafka ended.
        """
        node = self._running
        while node.exit_code is None:
            time.sleep(_WATCH_SECONDS)
        raise BrokerError(
            f"Kafka ended unexpectedly (code {node.exit_code}); its log {node.folder.log} ends: "
            f"{node.folder.last_words()}"
        )

    def stop(self) -> None:
        """Stop Kafka, in order and within a second or so; at once when interrupted. May be called again."""
        fast_start, self._fast_start = self._fast_start, None
        node, self._node = self._node, None
        folder, self._folder = self._folder, None
        try:
            if fast_start is not None:
                fast_start.cancel()
        finally:
            try:
                if node is not None:
                    node.stop()
            finally:
                if folder is not None:
                    folder.release()

    @property
    def _running(self) -> Node:
        if self._node is None:
            raise BrokerError("the embedded Kafka is not running: start it first")
        return self._node

    def _start(self, folder: DataFolder) -> None:
        options = self._options
        cache_dir = options.cache_dir.expanduser().resolve() / f"kafka-{KAFKA_VERSION}"
        jars_dir = None if options.jars_dir is None else options.jars_dir.expanduser().resolve()
        jars = install_jars(
            cache_dir / "jars", repository=options.maven_repository, jars_dir=jars_dir, progress=self._progress
        )
        java = Java(tuple(jars), heap_mb=options.heap_mb)
        cache = StartUpCache(cache_dir / "start-up", jars)
        self._tell(Step.START, 0)
        found = cache.find()
        self._node = self._start_node(folder, java, found)
        self._tell(Step.START, 1)
        if found is None and options.fast_start_after_seconds is not None:
            after_seconds = options.fast_start_after_seconds
            self._fast_start = FastStart(cache, java, after_seconds=after_seconds, progress=self._progress)
            self._fast_start.start()

    def _start_node(self, folder: DataFolder, java: Java, cache: Path | None) -> Node:
        if cache is None:
            return self._start_on_some_port(folder, java)
        try:
            return self._start_on_some_port(folder, java.with_flags(f"-XX:AOTCache={cache}"))
        except DiedAtStartError:
            node = self._start_on_some_port(folder, java)
            discard(cache)  # it was the cache, since it went well without
            return node

    def _start_on_some_port(self, folder: DataFolder, java: Java) -> Node:
        for attempt in range(1, PORT_ATTEMPTS + 1):
            port, controller_port = self._choose_ports()
            node = Node(folder, java, port=port, controller_port=controller_port, properties=self._options.properties)
            try:
                node.start(check=_no_check)
            except DiedAtStartError:
                if not folder.log_says(_PORT_TAKEN) or attempt == PORT_ATTEMPTS:
                    raise
                self._check_given_port()
            else:
                return node
        raise AssertionError  # the last attempt returns or raises

    def _choose_ports(self) -> tuple[int, int]:
        free, controller_port = free_ports(2)
        given = self._options.port
        if given is not None:
            return given, controller_port
        return (USUAL_PORT if is_free(USUAL_PORT) else free), controller_port

    def _check_given_port(self) -> None:
        port = self._options.port
        if port is not None and not is_free(port):
            raise BrokerError(f"port {port} of {HOST} is taken by another process: stop that, or choose another --port")

    def _tell(self, step: Step, done: int) -> None:
        if self._progress is not None:
            self._progress(step, done, 1)


def _no_check() -> None:
    """Nothing but Ctrl-C ends the wait of a foreground start."""
