"""Install the jars that `jars.lock` names: from the cache, a folder of the user's, or a Maven repository; all checked."""

import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from models.errors import BrokerError
from stream.broker.options import Progress

KAFKA_VERSION = "4.3.1"
HASHING_THREADS = 4  # hashing leaves the interpreter lock, so 44 MB take 30 to 60 ms instead of 100


@dataclass(frozen=True)
class Jar:
    """One line of the lock: Maven coordinates, and what the file must be."""

    group: str
    artifact: str
    version: str
    sha256: str
    size_bytes: int

    @property
    def file_name(self) -> str:
        """Name of the file, as every repository has it."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def repository_path(self) -> Path:
        """Place of the file in a Maven repository."""
        return Path(*self.group.split("."), self.artifact, self.version, self.file_name)

    def is_intact(self, path: Path) -> bool:
        """Tell whether the file is there and is byte for byte what the lock says."""
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


def read_lock() -> tuple[Jar, ...]:
    """Read the committed list of jars."""
    lines = files("stream.broker").joinpath("jars.lock").read_text(encoding="utf-8").splitlines()
    return tuple(_parse(line) for line in lines if line and not line.startswith("#"))


def install_jars(
    folder: Path,
    *,
    repository: str = "",
    jars_dir: Path | None = None,
    progress: Progress | None = None,
    jars: Sequence[Jar] | None = None,
) -> list[Path]:
    """Give the checked jars; download those that are missing or corrupt.

    Args:
        folder: where downloaded jars are kept; made if it is missing.
        repository: URL of a Maven repository; empty means Maven Central.
        jars_dir: use the jars in this folder, flat or laid out as a Maven repository, and download nothing.
        progress: told the bytes of the download.
        jars: what to install; None means the committed lock.

    Returns:
        One path for each jar, in the order of the lock.

    Raises:
        BrokerError: `jars_dir` lacks a jar or has another one, or the folder can't be written.
        DownloadError: the repository can't be reached or gave something else than the lock says.
    """
    locked = read_lock() if jars is None else tuple(jars)
    if jars_dir is not None:
        return _given_jars(locked, jars_dir)
    paths = [folder / jar.file_name for jar in locked]
    if _broken(locked, paths):
        with _exclusive(folder):
            # Looked at again: another process may have downloaded them while this one waited.
            missing = _broken(locked, paths)
            if missing:
                from stream.broker.download import download_jars  # noqa: PLC0415  # HTTP is needed only once

                download_jars(missing, folder, repository=repository, progress=progress)
    return paths


def _given_jars(jars: Sequence[Jar], jars_dir: Path) -> list[Path]:
    if not jars_dir.is_dir():
        raise BrokerError(f"{jars_dir} is no folder: --jars takes a folder with the jars that {_lock_path()} lists")
    flat = [jars_dir / jar.file_name for jar in jars]
    paths = [path if path.is_file() else jars_dir / jar.repository_path for jar, path in zip(jars, flat, strict=True)]
    bad = _broken(jars, paths)
    if not bad:
        return paths
    absent = [jar for jar, path in zip(jars, paths, strict=True) if not path.is_file()]
    if absent:
        raise BrokerError(
            f"{jars_dir} lacks {len(absent)} of {len(jars)} jars, the first is {absent[0].file_name}: "
            f"put all jars there that {_lock_path()} lists"
        )
    raise BrokerError(
        f"{bad[0].file_name} in {jars_dir} is corrupt or another build: its sha256 is not {bad[0].sha256}, "
        f"as {_lock_path()} says; copy it there again"
    )


def _broken(jars: Sequence[Jar], paths: Sequence[Path]) -> list[Jar]:
    with ThreadPoolExecutor(HASHING_THREADS) as pool:
        intact = pool.map(Jar.is_intact, jars, paths)
        return [jar for jar, is_intact in zip(jars, intact, strict=True) if not is_intact]


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Hold the cache alone, so that two first starts download once; the kernel frees it with the process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "install.lock").open("wb")
    except OSError as exc:
        raise BrokerError(
            f"the cache folder {folder} can't be written ({exc.strerror}): choose another with BROKER_CACHE_DIR"
        ) from exc
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in folder.glob("download-*"):  # of a process that was killed while it downloaded
            shutil.rmtree(leftover, ignore_errors=True)
        yield


def _lock_path() -> Path:
    return Path(str(files("stream.broker").joinpath("jars.lock")))


def _parse(line: str) -> Jar:
    coordinate, sha256, size = line.split()
    group, artifact, version = coordinate.split(":")
    return Jar(group, artifact, version, sha256, int(size))
