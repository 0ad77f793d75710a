"""Read and change a file of keys, for people at a command line."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from api.access.key_source import read_key_file
from api.access.keys import ApiKey, file_entries, read_keys
from models.errors import ApiError

OWNER_ONLY = 0o600


def named_keys(path: Path) -> list[ApiKey]:
    """Give the keys of a file.

    Raises:
        ApiError: it can't be read, or a line is wrong.
    """
    keys, wrong = read_keys(file_entries(_text(path)))
    if wrong:
        raise ApiError(f"{path}, line {wrong[0].number}: {wrong[0].reason}")
    return keys


def add_key(path: Path, key: ApiKey) -> None:
    """Add a key to a file; one that is not there is made for its owner alone.

    Raises:
        ApiError: a key of this name is there, or the file can't be read or written.
    """
    if path.exists():
        if any(known.name == key.name for known in named_keys(path)):
            raise ApiError(f"{path} has a key named {key.name}: choose another name, or revoke it first")
        gap = "" if _text(path).endswith("\n") or not _text(path) else "\n"
    else:
        gap = ""
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, OWNER_ONLY)
        with os.fdopen(file, "wb") as stream:
            stream.write(f"{gap}{key.line}\n".encode())
    except OSError as exc:
        raise ApiError(f"{path} can't be written: {exc.strerror}") from exc


def remove_key(path: Path, name: str) -> None:
    """Take a key out of a file, whatever else its line holds; comments and other lines stay.

    Raises:
        ApiError: no key has this name, or the file can't be read or written.
    """
    lines = _text(path).splitlines(keepends=True)
    kept = [line for line in lines if line.partition(":")[0].strip() != name]
    if len(kept) == len(lines):
        raise ApiError(f"{path} has no key named {name}: `tickertape keys list` shows those that are there")
    target = path.resolve()
    made: Path | None = None
    try:
        with NamedTemporaryFile("wb", dir=target.parent, prefix=".keys-", delete=False) as stream:
            made = Path(stream.name)
            stream.write("".join(kept).encode(errors="surrogateescape"))
        shutil.copymode(target, made)
        with suppress(PermissionError):  # only root gives files away
            shutil.chown(made, target.stat().st_uid, target.stat().st_gid)
        made.replace(target)
    except OSError as exc:
        if made is not None:
            made.unlink(missing_ok=True)
        raise ApiError(f"{path} can't be written: {exc.strerror}") from exc


def _text(path: Path) -> str:
    return read_key_file(path).decode("utf-8-sig", errors="surrogateescape")
