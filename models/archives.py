"""NumPy's archives of arrays as bytes that strangers may have written: read without pickle, and only when they stay small."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

MAX_UNPACKED_BYTES = 67_108_864
"""Twice the largest of ours, weights in which every feature has a row. Deflate packs zeros a thousand times."""


@contextmanager
def opened_arrays(content: bytes) -> Iterator[Mapping[str, Any]]:
    """Open an archive for the time of the block; what its arrays unpack to is known before any of them is read.

    Raises:
        ValueError: it would unpack to more than `MAX_UNPACKED_BYTES`.
        zipfile.BadZipFile: it is none. Damage shows when an array is read, as any of a dozen kinds of exceptions.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked_bytes = sum(entry.file_size for entry in archive.infolist())  # zipfile reads no further than these say
    if unpacked_bytes > MAX_UNPACKED_BYTES:
        raise ValueError(f"it unpacks to {unpacked_bytes:,} bytes, and {MAX_UNPACKED_BYTES:,} are allowed")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        yield arrays
