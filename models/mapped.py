"""Weights in a file that all processes of a machine map, instead of a copy in each."""

import hashlib
import io
import logging
import mmap
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.compiled.layout import LINE_BYTES, Rows
from models.weights import Weights

logger = logging.getLogger(__name__)

KEPT_FILES = 8  # of 10 MB; of more, those go that were not mapped for the longest
_PATTERN = "*.weights"
_NAME_DIGITS = 32
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH

Arrays = list[npt.NDArray[Any]]


def mapped(weights: Weights, rows: Rows, folder: Path) -> tuple[Weights, Rows]:
    """Give the same weights and rows from a file in the folder, which is written if it is not there.

    What the file holds is compared with what was given, byte for byte, so a file that is damaged or was tampered with
    does not count: it is written anew. Where no file can be had, what was given is given back, and the log says so.

    Args:
        weights: that were read from a file whose hash was right.
        rows: of the same weights.
        folder: of this user; made if it is not there.
    """
    arrays: Arrays = [weights.ids, weights.table, *rows]
    try:
        content = np.frombuffer(_content(arrays), dtype=np.uint8)
        path = folder / f"{hashlib.sha256(content.data).hexdigest()[:_NAME_DIGITS]}{_PATTERN.removeprefix('*')}"
        found = _equal(path, content)
        if found is None:
            _write(path, content)
            found = _equal(path, content)
        if found is None:
            raise PermissionError(f"{path} belongs to another user, or others may write it")
        with suppress(OSError):
            os.utime(path)  # so that it counts as used
    except OSError as exc:
        logger.warning("weights_not_shared", extra={"folder": str(folder), "error": str(exc)})
        return weights, rows
    ids, table, *of_rows = _views(found, arrays)
    return replace(weights, ids=ids, table=table), Rows(*of_rows)


def _content(arrays: Arrays) -> bytes:
    """Write arrays one after the other, each from the beginning of a cache line."""
    buffer = io.BytesIO()
    for array in arrays:
        buffer.write(array.tobytes())
        buffer.write(bytes(-buffer.tell() % LINE_BYTES))
    return buffer.getvalue()


def _views(content: npt.NDArray[np.uint8], arrays: Arrays) -> Iterator[Any]:
    begin = 0
    for array in arrays:
        yield content[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
        begin += array.nbytes + -array.nbytes % LINE_BYTES


def _equal(path: Path, content: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8] | None:
    """Map a file that holds just this content and that nobody but this user may change; None where it is not there."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        status = os.fstat(file)
        is_ours = status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_MAY_WRITE
        if not (is_ours and stat.S_ISREG(status.st_mode) and status.st_size == len(content)):
            return None
        # Pages that nobody writes to are shared; one that was written to would be this process's own.
        found = np.frombuffer(mmap.mmap(file, len(content), access=mmap.ACCESS_COPY), dtype=np.uint8)
    finally:
        os.close(file)
    return found if np.array_equal(found, content) else None


def _write(path: Path, content: npt.NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.data)
        Path(unfinished).chmod(stat.S_IRUSR)
        Path(unfinished).replace(path)
    finally:
        Path(unfinished).unlink(missing_ok=True)
    others = sorted(path.parent.glob(_PATTERN), key=lambda other: other.stat().st_mtime, reverse=True)
    for old in others[KEPT_FILES:]:
        old.unlink(missing_ok=True)  # who has mapped it keeps it
