"""What the online model's words say of a text: the sum of their rows, each times its rarity; see `models.online.rules`."""

import math

import numpy as np
import numpy.typing as npt
from numba import int64

from models.calibration import FloatArray
from models.compiled.gathering import bit_count
from models.compiled.layout import WORD_BITS, Moved
from models.compiled.part import part
from models.online.rules import WORD_ROWS
from models.weights import COLUMNS, LARGEST

Ids = npt.NDArray[np.int32]
Squares = npt.NDArray[np.uint8]

MASK = WORD_ROWS - 1
"""Of a feature id: its row."""
RARITIES = np.sqrt(np.arange(LARGEST + 1))
"""By the square of it."""
_WORD_SHIFT = 6
_LAST_BIT = np.uint64(WORD_BITS - 1)


@part
def gather(ids: Ids, squares: Squares, words: npt.NDArray[np.int16], evidence: FloatArray) -> None:
    """Sum the words of one text into `evidence`, each times its rarity."""
    touched = (
        0  # the processor fetches many rows from memory at once when nothing waits for them, so first touch them all
    )
    for number in ids:
        touched |= words[number & MASK, 0]
    evidence[:] = 0.0 * touched  # which keeps the compiler from leaving the loop out
    for number in ids:
        row, rarity = number & MASK, RARITIES[squares[number]]
        for column in range(COLUMNS):
            evidence[column] += words[row, column] * rarity


@part
def gather_moved(ids: Ids, squares: Squares, moved: Moved, evidence: FloatArray) -> None:
    """Do the same with the words that are not 0 alone."""
    bits, ranks, words = moved.bits, moved.ranks, moved.words
    evidence[:] = 0.0
    for number in ids:
        row = number & MASK
        word = bits[row >> _WORD_SHIFT] << np.uint64(WORD_BITS - 1 - (row & (WORD_BITS - 1)))
        if word >> _LAST_BIT:
            row, rarity = ranks[row >> _WORD_SHIFT] + bit_count(word), RARITIES[squares[number]]
            for column in range(COLUMNS):
                evidence[column] += words[row, column] * rarity


@part
def share_of(ids: Ids, squares: Squares) -> float:
    """One over the length of a text's vector; 0 for a text without terms."""
    square = int64(0)
    for number in ids:
        square += squares[number]
    return 1 / math.sqrt(square) if square > 0 else 0.0
