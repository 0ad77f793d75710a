"""Tweets -> wordpiece ids, as the teacher's transformer was made for; the only importer of tokenizers."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from models.data.dataset import without_links

MAX_WORDPIECES = 64  # a tweet of the public data has 22 on average
_MAX_CHARACTERS = 400

_SPACES = re.compile(r"\s+")


def readable(text: str) -> str:
    """Give a text as the teacher reads it: without links and HTML entities, cut to 400 characters.

    >>> readable("AT&amp;T rises  https://t.co/x")
    'AT&T rises'
    """
    return _SPACES.sub(" ", without_links(text)).strip()[:_MAX_CHARACTERS]


class Wordpieces:
    """The vocabulary of one transformer."""

    def __init__(self, content: bytes) -> None:
        """Read the content of a `tokenizer.json`."""
        self._tokenizer = Tokenizer.from_buffer(content)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_WORDPIECES)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Cut n texts into the ids of their pieces, each with a start and an end mark."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch([readable(text) for text in texts])]

    def words(self) -> list[str]:
        """List the vocabulary's whole words of three or more ASCII letters, in alphabetical order."""
        return sorted(word for word in self._tokenizer.get_vocab() if word.isascii() and word.isalpha() and word[2:])


def padded(ids: Sequence[Sequence[int]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Bring n lists of ids to one length.

    Returns:
        The ids, and a mask that is 1 where there is one; both of shape (n, longest).
    """
    shape = len(ids), max(map(len, ids))
    pieces, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, one in enumerate(ids):
        pieces[row, : len(one)] = one
        mask[row, : len(one)] = 1
    return pieces, mask
