"""The broker's data folder: its lock, its layout, its configuration, and what its logs say."""

import base64
import fcntl
import os
import re
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from models.errors import BrokerError

ORPHAN_SECONDS = 15.0  # a broker whose Python was killed ends by itself within this time
_LOG_TAIL_BYTES = 65_536
_QUOTED_LINES = 3
_QUOTED_CHARACTERS = 300  # of one line
_TELLING = re.compile(r"ERROR|FATAL|Exception|SIG[A-Z]+|(?i:error|unrecognized)")


class DataFolder:
    """Where one broker keeps its topics, log and lock; only one process at a time holds it.

    Args:
        path: the folder; made if it is missing.

    Raises:
        BrokerError: the folder can't be used, or another broker uses it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        if "," in str(self.path):
            raise BrokerError(f"{self.path} holds a comma, which Kafka takes for a list: choose another --data-dir")
        self.topics = self.path / "topics"
        self.properties = self.path / "server.properties"
        self.log = self.path / "kafka.log"
        self.java_output = self.path / "java.log"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / "broker.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as exc:
            raise BrokerError(
                f"the data folder {self.path} can't be written ({exc.strerror}): choose another with --data-dir"
            ) from exc
        try:
            self._claim()
            self.mark_log()
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def lock_descriptor(self) -> int:
        """The lock: a child that inherits it holds the folder as long as it lives, whatever becomes of us."""
        return self._lock

    def name_holder(self, java_pid: int) -> None:
        """Write into the lock who holds it, for the message to whoever comes second."""
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()} {java_pid}\n".encode(), 0)

    def release(self) -> None:
        """Let others use the folder, once the broker is gone; may be called again."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)

    @property
    def cluster_id(self) -> str | None:
        """The cluster that the topics belong to; None for a new folder."""
        try:
            meta = (self.topics / "meta.properties").read_text(encoding="latin-1")
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise BrokerError(f"{self.topics} can't be read ({exc.strerror}): choose another with --data-dir") from exc
        found = re.search(r"^cluster\.id=(\S+)$", meta, flags=re.MULTILINE)
        if found is None:
            raise BrokerError(f"{self.topics}/meta.properties names no cluster: move the folder away, or restore it")
        return found.group(1)

    def write_properties(self, *, port: int, controller_port: int, topics: Path, more: Mapping[str, str]) -> None:
        """Write Kafka's configuration: one node that is broker and controller, reachable from this machine only.

        Args:
            port: for clients.
            controller_port: for Kafka itself.
            topics: folder of the topics.
            more: settings that come beside these, where they are lists of listeners, or in their place.
        """
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            # A voter named here, unlike one kept in the data, may come back with another port.
            "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": str(topics),
            **_SMALL_NODE,
        }
        for name, value in more.items():
            settings[name] = f"{settings[name]},{value}" if name in _OF_LISTENERS else value
        text = "".join(f"{name}={_escaped(value)}\n" for name, value in settings.items())
        self.properties.write_text(text, encoding="ascii")

    def mark_log(self) -> None:
        """Begin a start: what the log says already belongs to an earlier one."""
        self._log_start_bytes = self.log.stat().st_size if self.log.exists() else 0

    def log_says(self, words: str) -> bool:
        """Tell whether the logs of this start hold these words."""
        return any(words in line for line in self._log_lines())

    def last_words(self) -> str:
        """Quote what the logs of this start say of a failure, on one line."""
        lines = [line for line in self._log_lines() if line.strip("# ") and not line.startswith("\t")]
        telling = [place for place, line in enumerate(lines) if _TELLING.search(line)]
        # Java explains some of its errors on the next line.
        quoted = lines[telling[-_QUOTED_LINES:][0] :][:_QUOTED_LINES] if telling else lines[-_QUOTED_LINES:]
        return " | ".join(line.strip()[:_QUOTED_CHARACTERS] for line in quoted) or "nothing (is the disk full?)"

    def _log_lines(self) -> list[str]:
        return [*_tail(self.java_output, 0), *_tail(self.log, self._log_start_bytes)]

    def _claim(self) -> None:
        deadline = time.monotonic() + ORPHAN_SECONDS
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                owner, java = self._holder()
                if owner is not None and not _is_alive(owner) and time.monotonic() < deadline:
                    time.sleep(0.1)  # the Java of a broker whose Python was killed is just ending
                    continue
                raise BrokerError(
                    f"another broker uses the data folder {self.path} (process {owner or 'unknown'}, Java "
                    f"{java or 'unknown'}): use that one, stop it, or choose another folder with --data-dir"
                ) from exc
            except OSError as exc:
                raise BrokerError(
                    f"{self.path} can't be locked ({exc.strerror}), as on some network disks: choose another --data-dir"
                ) from exc
            else:
                return

    def _holder(self) -> tuple[int | None, int | None]:
        words = os.pread(self._lock, 100, 0).split()
        if len(words) != 2 or not all(word.isdigit() for word in words):  # noqa: PLR2004  # two pids
            return None, None
        return int(words[0]), int(words[1])


_OF_LISTENERS = {"listeners", "advertised.listeners", "listener.security.protocol.map"}
# As few threads, partitions and copies as do for development: 215 MB of memory instead of 335.
_SMALL_NODE = {
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",  # no wait for other members before the first one gets its partitions
    "auto.create.topics.enable": "false",  # a misspelt topic is an error, not a new topic
}


def new_cluster_id() -> str:
    """Make a cluster id as Kafka does: 16 random bytes in URL-safe base64, none that begins like an option."""
    while True:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        if not cluster_id.startswith("-"):
            return cluster_id


def _escaped(value: str) -> str:
    """Write a value as Java's properties files want it: backslashes doubled, nothing but ASCII."""
    utf16 = "".join(
        char if char.isascii() else "".join(f"\\u{unit:04x}" for unit in _utf16_units(char))
        for char in value.replace("\\", "\\\\")
    )
    return utf16.replace("\n", "\\n")


def _utf16_units(char: str) -> tuple[int, ...]:
    raw = char.encode("utf-16-be", "surrogatepass")
    return tuple(int.from_bytes(raw[place : place + 2], "big") for place in range(0, len(raw), 2))


def _tail(path: Path, start_bytes: int) -> list[str]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = start_bytes if start_bytes <= size else 0  # smaller: the log was rolled over meanwhile
            file.seek(max(start, size - _LOG_TAIL_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
