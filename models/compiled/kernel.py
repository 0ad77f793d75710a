"""The kernel: one call from the bytes of n texts to their answers."""

from collections.abc import Callable, Sequence
from functools import cache

import numba
import numpy as np
from numba import int64, types

from models import text
from models.compiled.answering import answer, empty_answers
from models.compiled.caching import Signature, cached
from models.compiled.folding import GROWTH, PADDING_BYTES, Bytes, fold
from models.compiled.gathering import add_rows, known_rows
from models.compiled.hashing import IDS_PER_BYTE, hash_text
from models.compiled.layout import NO_ROWS, Answers, Heads, Rows
from models.compiled.part import part
from models.weights import COLUMNS

Kernel = Callable[[Bytes, int, Rows, Heads, int], Answers]
"""(content, text_count, rows, heads, top_k) -> answers, as `answer_texts` below.

Threads may call it at once: it changes nothing but what it returns, and lets go of Python's lock meanwhile.
"""

_NUL, _CUT = "\0", "\x01"  # both only cut words, so the second can stand for the first


def pack(texts: Sequence[str]) -> Bytes:
    """Join n texts as UTF-8 with a NUL behind each; a NUL within a text becomes another byte that cuts words."""
    joined = _NUL.join(texts)
    try:
        content = joined.encode()
    except UnicodeEncodeError:
        content = text.utf8_of(joined)
    if content.count(b"\0") >= max(len(texts), 1):
        return pack([one.replace(_NUL, _CUT) for one in texts])
    return np.frombuffer(content + b"\0", dtype=np.uint8)


def answer_texts(content: Bytes, text_count: int, rows: Rows, heads: Heads, top_k: int) -> Answers:
    """Answer n texts.

    Args:
        content: from `pack`; any bytes are safe. Where fewer than n NULs are in it, the texts that lack are empty.
        text_count: n.
        rows: of the weights.
        heads: of the same weights.
        top_k: labels to name for each text, 1 to 20.
    """
    # Enough for one text of all the bytes; memory that no text needs is never touched, so it costs nothing.
    folded = np.empty(GROWTH * len(content) + 2 * PADDING_BYTES, dtype=np.uint8)
    known = np.empty(IDS_PER_BYTE * len(content), dtype=np.int32)
    seen = np.zeros(len(rows.table) // 8 + 1, dtype=np.uint8)
    sums = np.empty(COLUMNS + 1, dtype=np.int64)
    chances = np.empty(COLUMNS + 1)
    answers = empty_answers(text_count, top_k, len(known))
    ids, starts = answers.ids, answers.starts
    start = int64(0)
    for place in range(text_count):
        end = _text_end(content, start)
        first = starts[place]
        id_count = hash_text(folded, fold(content, start, end, folded), ids[first:])
        row_count = known_rows(ids[first : first + id_count], rows, seen, known)
        add_rows(known[:row_count], rows, sums)
        answer(sums, heads, chances, answers, place)
        starts[place + 1] = first + id_count
        start = end + 1
    return Answers(
        answers.scores,
        answers.probabilities,
        answers.labels,
        answers.label_scores,
        answers.sentiments,
        answers.sentiment_scores,
        ids[: starts[-1]],
        starts,
    )


@cache
def load_kernel() -> Kernel:
    """Give the compiled `answer_texts`; the first call in a process reads it from the cache or compiles it."""
    return cached(answer_texts, _signature())


def _signature() -> Signature:
    """Types of the arguments; those of heads are taken from empty ones."""
    floats = np.zeros(0)
    content = types.Array(types.uint8, 1, "C", readonly=True)
    return content, int64, numba.typeof(NO_ROWS), numba.typeof(Heads(floats, floats, floats)), int64


@part
def _text_end(content: Bytes, start: int) -> int:
    end = start
    while end < len(content) and content[end] != 0:
        end += 1
    return end
