"""Java's start-up cache (AOT cache) for Kafka: found, checked, claimed and published."""

import fcntl
import hashlib
import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from models.errors import BrokerError
from stream.broker.java import FIXED_FLAGS, java_build

logger = logging.getLogger(__name__)

KEPT_CACHES = 3  # 69 MB each: enough for some checkouts with folders of jars of their own


class StartUpCache:
    """The start-up cache that fits one Java and one class path; it halves the time until Kafka is ready.

    Java passes over a cache that does not fit, but crashes on a damaged one: so its name carries its sha256.

    Args:
        folder: where the caches lie; made when one is made.
        jars: the class path.
    """

    def __init__(self, folder: Path, jars: Sequence[Path]) -> None:
        self._folder = folder
        self._key = _fingerprint(jars)

    def find(self) -> Path | None:
        """Give the cache if there is one, whole and undamaged."""
        intact = (path for path in sorted(self._folder.glob(f"{self._key}-*.aot")) if self._is_intact(path))
        return next(intact, None)

    @contextmanager
    def claim(self) -> Iterator[Path | None]:
        """Claim the making of the cache: of all processes only one gets it.

        Yields:
            A private folder to work in, removed afterwards; None when the cache is there or another makes it.

        Raises:
            BrokerError: the folder can't be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / "making.lock").open("wb")
        except OSError as exc:
            raise BrokerError(f"Java's start-up cache can't be written to {self._folder} ({exc.strerror})") from exc
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            if self.find() is not None:
                yield None
                return
            for leftover in self._folder.glob("making-*/"):  # of a process that was killed
                shutil.rmtree(leftover, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix="making-", dir=self._folder, ignore_cleanup_errors=True) as private:
                yield Path(private)

    def publish(self, made: Path) -> Path:
        """Let everybody use the cache that was made in the private folder; old ones are removed."""
        path = self._folder / f"{self._key}-{_short_sha256(made)}.aot"
        made.replace(path)
        newest_first = sorted(self._folder.glob("*.aot"), key=lambda cache: cache.stat().st_mtime, reverse=True)
        for old in newest_first[KEPT_CACHES:]:
            old.unlink(missing_ok=True)
        return path

    def _is_intact(self, path: Path) -> bool:
        try:
            return path.stem == f"{self._key}-{_short_sha256(path)}"
        except OSError:  # another process removed it
            return False


def discard(cache: Path) -> None:
    """Remove a cache that Kafka did not start with; it is made anew later."""
    logger.warning("start_up_cache_discarded", extra={"file": str(cache)})
    try:
        cache.unlink(missing_ok=True)
    except OSError:  # not ours to remove; it costs every start a second try, but harms none
        logger.warning("start_up_cache_not_removable", extra={"file": str(cache)})


def _fingerprint(jars: Sequence[Path]) -> str:
    """Hash all that Java compares before it accepts a cache, so that a cache that it would pass over is not found."""
    stats = [(jar.name, jar.stat().st_size, jar.stat().st_mtime_ns) for jar in jars]
    return hashlib.sha256(repr((java_build(), FIXED_FLAGS, stats)).encode()).hexdigest()[:16]


def _short_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
