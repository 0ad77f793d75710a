"""The kernel: one call from the bytes of n texts to their answers; compiled once a machine, then read from a cache.

numba keeps the machine code in `__pycache__` beside this file; where that can't be written, in the user's cache folder;
or in NUMBA_CACHE_DIR. It belongs to this processor, this numba and these sources: for others it is compiled anew.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numba
import numpy as np
from numba import int64, njit, types
from numba.core import event

from models import calibration, features, taxonomy, text, weights
from models.compiled.answering import answer, empty_answers
from models.compiled.folding import GROWTH, PADDING_BYTES, Bytes, fold
from models.compiled.gathering import add_rows, known_rows
from models.compiled.hashing import IDS_PER_BYTE, hash_text
from models.compiled.layout import Answers, Heads, Rows
from models.compiled.part import part
from models.weights import COLUMNS

logger = logging.getLogger(__name__)

Kernel = Callable[[Bytes, int, Rows, Heads, int], Answers]
"""(content, text_count, rows, heads, top_k) -> answers, as `answer_texts` below.

Threads may call it at once: it changes nothing but what it returns, and lets go of Python's lock meanwhile.
"""

_NUL, _CUT = "\0", "\x01"  # both only cut words, so the second can stand for the first
_CONSTANTS_FROM = (calibration, features, taxonomy, text, weights)  # compiled into the machine code


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
    ids = np.empty(IDS_PER_BYTE * len(content), dtype=np.int32)
    seen = np.zeros(len(rows.table) // 8 + 1, dtype=np.uint8)
    sums = np.empty(COLUMNS + 1, dtype=np.int64)
    answers = empty_answers(text_count, top_k)
    start = int64(0)
    for place in range(text_count):
        end = _text_end(content, start)
        id_count = hash_text(folded, fold(content, start, end, folded), ids)
        row_count = known_rows(ids[:id_count], rows, seen)
        add_rows(ids[:row_count], rows, sums)
        answer(sums, heads, answers, place)
        start = end + 1
    return answers


@cache
def load_kernel() -> Kernel:
    """Give the compiled `answer_texts`; the first call in a process reads it from the cache or compiles it."""
    started = time.perf_counter()
    function = _named_by_sources(answer_texts)
    with _told_when_compiling():
        try:
            kernel = _compiled(function, is_cached=True)
        except Exception as exc:  # noqa: BLE001  # a full disk, a folder not ours, a damaged file: numba lets all through
            extra = {
                "reason": f"{type(exc).__name__}: {exc}",
                "remedy": "delete the .nbi and .nbc files, or free space",
            }
            logger.warning("kernel_cache_not_usable", extra=extra)
            kernel = _compiled(function, is_cached=False)
    logger.info("kernel_ready", extra={"seconds": round(time.perf_counter() - started, 3)})
    return kernel


def _compiled(function: Kernel, *, is_cached: bool) -> Kernel:
    # With a signature numba compiles now and for nothing else: other types are a mistake, not worth seconds.
    kernel: Kernel = njit(_signature(), cache=is_cached, nogil=True)(function)
    return kernel


def _signature() -> tuple[types.Type, ...]:
    """Types of the arguments; those of rows and heads are taken from empty ones."""
    floats = np.zeros(0)
    rows = Rows(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int32), np.zeros((0, 3), dtype=np.uint64))
    content = types.Array(types.uint8, 1, "C", readonly=True)
    return content, int64, numba.typeof(rows), numba.typeof(Heads(floats, floats, floats)), int64


def _named_by_sources(function: Kernel) -> Kernel:
    """Put a hash of all that is compiled into the function's name, which numba's cache files get.

    numba compares the source of the function's own file alone: after a change of another one it would run old code.
    """
    paths = sorted(Path(__file__).parent.glob("*.py")) + [Path(str(module.__file__)) for module in _CONSTANTS_FROM]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()
    function.__qualname__ = f"answer_texts_{digest[:16]}"
    return function


@contextmanager
def _told_when_compiling() -> Iterator[None]:
    with event.install_listener("numba:compile", _CompilingTold()):
        yield


class _CompilingTold(event.Listener):  # type: ignore[misc]  # numba has no types
    """Says once, at the first of many functions, that compiling has begun."""

    def __init__(self) -> None:
        self._is_told = False

    def on_start(self, event: object) -> None:
        del event
        if not self._is_told:
            logger.info("kernel_compiling", extra={"why": "first start with this version on this machine"})
        self._is_told = True

    def on_end(self, event: object) -> None:
        """Nothing to say: `kernel_ready` follows."""


@part
def _text_end(content: Bytes, start: int) -> int:
    end = start
    while end < len(content) and content[end] != 0:
        end += 1
    return end
