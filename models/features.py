"""Tweets -> hashed feature ids: the plain-Python definition that any faster version is tested against.

A feature is a byte string (a term) that a tweet has or has not: each token of `models.text.tokens`; each pair of
neighbours joined by a space; of each word longer than four bytes its first four followed by `*`, and its last three
led by `*`. Its id is the low `FEATURE_BITS` bits of the term's CRC-32 (the one of zlib and PNG), so that no text
stands in a model.
"""

from array import array
from collections.abc import Iterable
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from models.text import tokens

IntArray = npt.NDArray[np.signedinteger[Any]]

FEATURE_BITS = 20  # 1,048,576 buckets: the 85,000 live terms of the public data seldom share one
FEATURE_COUNT = 1 << FEATURE_BITS
FEATURES_VERSION = 1
"""Part of every weights file: raise it whenever one of the rules here or in `models.text` changes."""

PREFIX_BYTES = 4
SUFFIX_BYTES = 3
_MASK = FEATURE_COUNT - 1
_PLACEHOLDER_START = ord("<")


def terms(text: str | bytes) -> list[bytes]:
    r"""List the terms of a tweet, or of its UTF-8 bytes, repeats and all.

    >>> terms("Shares fall")
    [b'shares', b'shar*', b'*res', b'fall', b'shares fall']
    """
    found: list[bytes] = []
    add = found.append
    previous = b""
    for token in tokens(text):
        add(token)
        if previous:
            add(previous + b" " + token)
        if len(token) > PREFIX_BYTES and token[0] != _PLACEHOLDER_START:
            add(token[:PREFIX_BYTES] + b"*")
            add(b"*" + token[-SUFFIX_BYTES:])
        previous = token
    return found


def feature_ids(text: str | bytes) -> set[int]:
    """Hash the terms of a tweet; each id once, 0 to `FEATURE_COUNT` - 1, possibly none."""
    return {crc32(term) & _MASK for term in terms(text)}


def feature_rows(texts: Iterable[str]) -> tuple[IntArray, IntArray]:
    """Hash n tweets into the two parts of a sparse 0/1 matrix of shape (n, `FEATURE_COUNT`).

    Returns:
        ids: int32, the tweets' feature ids one tweet after the other, unordered within a tweet.
        starts: int64 of shape (n + 1,); tweet i has `ids[starts[i]:starts[i + 1]]`.
    """
    ids = array("i")
    starts = [0]
    for text in texts:
        ids.extend(feature_ids(text))
        starts.append(len(ids))
    return np.frombuffer(ids, dtype=np.int32), np.array(starts, dtype=np.int64)
