"""The keys that are in force: those of a setting, and those of a file that may change while the server runs."""

import logging
import stat
import time
from pathlib import Path

from api.access.keys import ApiKey, KeyRing, WrongEntry, file_entries, read_keys
from models.errors import ApiError
from models.polling import Poller

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 1_048_576
SETTLE_SECONDS = 0.1  # who writes the file in place leaves it empty for a moment
MAX_SETTLE_LOOKS = 20


class KeySource(Poller):
    """Reads the file again and again, in a thread of its own, and lets what stands there count.

    What can't be read counts for nothing: a wrong line is no key, and a file that is gone has none. It is logged once,
    and the other keys go on.

    Args:
        given: the entries of the setting, separated by white space.
        file: of entries, one a line; None for none.

    Attributes:
        ring: the keys, changed by one assignment.
    """

    def __init__(self, given: str, file: Path | None) -> None:
        super().__init__("read-keys", failure="keys_not_read")
        self._given = given
        self._file = file
        self._content: bytes | None = None
        self._trouble: str | None = None
        self.ring = KeyRing(_all_keys(given, b"")[0])

    def load(self) -> None:
        """Read the file for the first time."""
        if self._file is not None:
            self._content = self._read(self._file)
            self._apply(self._content or b"")

    def poll(self) -> None:
        """Read the file once, and change the keys if it has changed."""
        if self._file is None:
            return
        content = self._read(self._file)
        for _ in range(MAX_SETTLE_LOOKS):
            if content == self._content:
                return
            time.sleep(SETTLE_SECONDS)
            before, content = content, self._read(self._file)
            if content == before:
                break
        self._content = content
        self._apply(content or b"")

    def _read(self, file: Path) -> bytes | None:
        """Give what the file holds; None where it can't be read, which is logged once."""
        try:
            content = read_key_file(file)
        except ApiError as exc:
            if self._trouble != str(exc):
                logger.error("keys_file_unreadable", extra={"error": str(exc)})  # noqa: TRY400  # its message says all
            self._trouble = str(exc)
            return None
        self._trouble = None
        return content

    def _apply(self, content: bytes) -> None:
        keys, wrong = _all_keys(self._given, content)
        if wrong:
            lines = [entry.number for entry in wrong]
            logger.error("keys_lines_ignored", extra={"lines": lines, "reasons": sorted({e.reason for e in wrong})})
        self.ring = KeyRing(keys)
        logger.info("keys_read", extra={"keys": len(keys)})


def check_keys(given: str, file: Path | None) -> int:
    """Check settings before a server starts with them; give the number of keys.

    Raises:
        ApiError: an entry is wrong or the file can't be read; says which, and nothing of what stands there.
    """
    keys, wrong = read_keys(enumerate(given.split(), start=1))
    if wrong:
        raise ApiError(f"API_KEYS, entry {wrong[0].number}: {wrong[0].reason}")
    if file is None:
        return len(keys)
    keys, wrong = _all_keys(given, read_key_file(file))
    if wrong:
        raise ApiError(f"API_KEYS_FILE {file}, line {wrong[0].number}: {wrong[0].reason}")
    return len(keys)


def read_key_file(path: Path) -> bytes:
    """Read a file of keys.

    Raises:
        ApiError: it is not there, can't be read, is no file, or has more than `MAX_FILE_BYTES`.
    """
    try:
        if not path.is_file():  # a pipe would never end
            raise ApiError(f"API_KEYS_FILE {path} is not there: make it with `tickertape keys new NAME --file {path}`")
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise ApiError(f"API_KEYS_FILE {path} can't be read: {exc.strerror}") from exc
    if len(content) > MAX_FILE_BYTES:
        raise ApiError(f"API_KEYS_FILE {path} has more than {MAX_FILE_BYTES} bytes: is it a file of keys?")
    return content


def is_readable_by_all(path: Path) -> bool:
    """Tell whether every user of this machine may read a file."""
    return bool(path.stat().st_mode & stat.S_IROTH)


def _all_keys(given: str, content: bytes) -> tuple[list[ApiKey], list[WrongEntry]]:
    """Read both; of a name or hash that both have, the setting's counts. Entries of the setting are known to be right."""
    first = [(0, entry) for entry in given.split()]
    return read_keys([*first, *file_entries(content.decode("utf-8-sig", errors="replace"))])
