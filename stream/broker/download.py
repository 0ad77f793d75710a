"""Download jars from a Maven repository; the only module that imports jgo."""

import hashlib
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from models.errors import BrokerError, DownloadError
from stream.broker.jars import Jar
from stream.broker.options import Progress, Step

DOWNLOAD_THREADS = 8
TIMEOUT_SECONDS = 10  # silence of the repository, not length of the download
OTHER_WAYS = (
    "without that network, set BROKER_MAVEN_REPOSITORY to a repository you reach, give the jars by --jars DIR, or use "
    "another Kafka by KAFKA_BOOTSTRAP_SERVERS or docker compose; see docs/how-to/kafka.md"
)


class _CancelledError(Exception):
    """The download was given up because another jar failed or the user left."""


class _Meter:
    """Adds up what the threads have received, and lets them stop early."""

    def __init__(self, total_bytes: int, progress: Progress | None) -> None:
        self._progress = progress
        self._total_bytes = total_bytes
        self._done_bytes = 0
        self._lock = threading.Lock()
        self.cancelled = threading.Event()
        self.add(0)

    @contextmanager
    def watch(self, _file_name: str, _total_bytes: int) -> Iterator[Callable[[int], None]]:
        """Follow one file; the shape that jgo's resolver asks for."""
        yield self.add

    def add(self, received_bytes: int) -> None:
        if self.cancelled.is_set():
            raise _CancelledError
        with self._lock:
            self._done_bytes += received_bytes
            if self._progress is not None:
                self._progress(Step.DOWNLOAD, min(self._done_bytes, self._total_bytes), self._total_bytes)


def download_jars(jars: Sequence[Jar], folder: Path, *, repository: str, progress: Progress | None) -> None:
    """Download the jars into the folder; each appears there whole and checked, or not at all.

    Args:
        jars: what to download; none of them need be there.
        folder: exists and is writable.
        repository: URL of a Maven repository; empty means Maven Central.
        progress: told the bytes of the whole download.

    Raises:
        BrokerError: the folder can't be written.
        DownloadError: the repository can't be reached or gave something else than the lock says.
    """
    remote = _remote_repos(repository)
    meter = _Meter(sum(jar.size_bytes for jar in jars), progress)
    try:
        with tempfile.TemporaryDirectory(prefix="download-", dir=folder) as private, _pool(meter) as pool:
            context = _context(Path(private), remote, meter)
            pending = [pool.submit(_download, jar, folder, context=context, repository=repository) for jar in jars]
            for future in as_completed(pending):
                future.result()
    except OSError as exc:
        raise BrokerError(f"the cache folder {folder} can't be written ({exc.strerror or exc})") from exc


@contextmanager
def _pool(meter: _Meter) -> Iterator[ThreadPoolExecutor]:
    """Give a pool that, on the first failure or Ctrl-C, does not finish what is no longer wanted."""
    pool = ThreadPoolExecutor(DOWNLOAD_THREADS)
    try:
        yield pool
    except BaseException:
        meter.cancelled.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _context(private: Path, remote: dict[str, str] | None, meter: _Meter) -> Any:  # noqa: ANN401  # jgo has no types we can check
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415  # costs 0.2 s, and only this needs it

    resolver = PythonResolver(progress_callback=meter.watch)
    return MavenContext(resolver, repo_cache=private, local_repos=[], remote_repos=remote, timeout=TIMEOUT_SECONDS)


def _download(jar: Jar, folder: Path, *, context: Any, repository: str) -> None:  # noqa: ANN401  # as above
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    try:
        fetched = Path(artifact.resolve())
    except RuntimeError as exc:  # jgo's answer to every status but 200
        raise DownloadError(_missing(jar, folder, f"{_shown(repository)} has none")) from exc
    except (OSError, ValueError) as exc:  # all errors of requests are OSErrors, and have no errno
        if getattr(exc, "errno", None) is not None:
            raise
        reason = f"{_shown(repository)} gave none ({type(exc).__name__})"
        raise DownloadError(_missing(jar, folder, reason)) from exc
    found = hashlib.sha256(fetched.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise DownloadError(
            f"{jar.file_name} from {_shown(repository)} has sha256 {found}, the lock says {jar.sha256}: "
            f"the repository or something on the way gives another file; {OTHER_WAYS}"
        )
    fetched.replace(folder / jar.file_name)


def _missing(jar: Jar, folder: Path, reason: str) -> str:
    return f"{jar.file_name} is missing or corrupt in {folder}, and {reason}; {OTHER_WAYS}"


def _remote_repos(repository: str) -> dict[str, str] | None:
    if not repository:
        return None
    try:
        parts = urlsplit(repository)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise DownloadError("BROKER_MAVEN_REPOSITORY is no URL that begins with http:// or https:// and names a host")
    return {"chosen": repository.rstrip("/")}


def _shown(repository: str) -> str:
    """Name the repository without a password that its URL may hold."""
    if not repository:
        return "Maven Central"
    parts = urlsplit(repository)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
