"""What a caller chooses, and what it is told while the broker starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Step(StrEnum):
    """The steps that may take long enough to be shown."""

    DOWNLOAD = "download"
    START = "start"
    FAST_START = "fast-start"


Progress = Callable[[Step, int, int], None]
"""Told `(step, done, total)`: bytes for a download, 0 or 1 of 1 for the others.

DOWNLOAD comes from several threads, one at a time; FAST_START comes from a background thread, while the broker runs.
A total of 0 means that a FAST_START begun was given up.
"""


@dataclass(frozen=True, kw_only=True)
class BrokerOptions:
    """How an embedded broker is run.

    Attributes:
        data_dir: folder of topics, log and lock; made if missing, kept between starts.
        cache_dir: folder of jars and Java's start-up cache, shared by all brokers of this user.
        port: port on 127.0.0.1; None takes 9092 if it is free, else any free one.
        heap_mb: limit of the Java heap, in MiB.
        maven_repository: URL of the repository to download from; empty means Maven Central.
        jars_dir: folder that already holds the jars; nothing is downloaded then.
        fast_start_after_seconds: how long the broker has run when Java's start-up cache is made in the background,
            if there is none; None never makes it.
        properties: more of Kafka's own settings, as in `server.properties`; listeners come beside the plain one of this
            machine, which stays.
    """

    data_dir: Path
    cache_dir: Path
    port: int | None = None
    heap_mb: int = 512
    maven_repository: str = ""
    jars_dir: Path | None = None
    fast_start_after_seconds: float | None = 5.0  # by then workers and API have started, and tests are often over
    properties: Mapping[str, str] = field(default_factory=dict)
