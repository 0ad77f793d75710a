"""What the online model's words say of a text: the sum of their rows, each times its rarity; see `models.online.rules`."""

import math

import numpy as np
import numpy.typing as npt
from numba import int64, njit

from models.calibration import FloatArray
from models.compiled.gathering import bit_count
from models.compiled.layout import WORD_BITS, Moved, Rows
from models.compiled.part import part
from models.online.rules import WORD_ROWS
from models.weights import COLUMNS, LARGEST

Ids = npt.NDArray[np.int32]
Squares = npt.NDArray[np.uint8]

MASK = WORD_ROWS - 1
"""Of a feature id: its row."""
WIDTH = COLUMNS + 1
"""Numbers in a vector of all columns: a multiple of what the processor computes at once, so one more than is used."""
BLOCK = 4
"""Rows that are summed at once: numba makes vector instructions of a sum of four, and none of a single row."""
RARITIES = np.sqrt(np.arange(LARGEST + 1))
"""By the square of it."""
_WORD_SHIFT = 6
_LAST_BIT = np.uint64(WORD_BITS - 1)


@njit
def squares_of(ids: Ids, rows: Rows) -> Squares:
    """Give the squared rarities of ids in the batch model, the highest where it has no row."""
    bits, ranks, squares = rows.bits, rows.ranks, rows.squares
    found = np.empty(len(ids), dtype=np.uint8)
    for place, number in enumerate(ids):
        word = bits[number >> _WORD_SHIFT] << np.uint64(WORD_BITS - 1 - (number & (WORD_BITS - 1)))
        row = ranks[number >> _WORD_SHIFT] + bit_count(word)
        found[place] = squares[row * int64(word >> _LAST_BIT)]
    return found


@part
def gather(ids: Ids, squares: Squares, words: npt.NDArray[np.int16], evidence: FloatArray) -> None:
    """Sum the words of one text into `evidence`, of shape (`WIDTH`,), each times its rarity."""
    touched = (
        0  # the processor fetches many rows from memory at once when nothing waits for them, so first touch them all
    )
    for number in ids:
        touched |= words[number & MASK, 0]
    evidence[:] = 0.0 * touched  # which keeps the compiler from leaving the loop out
    for place, number in enumerate(ids):
        row, rarity = number & MASK, RARITIES[squares[place]]
        for column in range(COLUMNS):
            evidence[column] += words[row, column] * rarity


@part
def gather_moved(
    ids: Ids,
    squares: Squares,
    moved: Moved,
    found: npt.NDArray[np.uint32],
    rarities: FloatArray,
    evidence: FloatArray,
) -> None:
    """Do the same with the words that are not 0 alone.

    Args:
        ids: n feature ids.
        squares: of them.
        moved: the words.
        found: room for n + `BLOCK` numbers.
        rarities: the same.
        evidence: gets the sums.
    """
    bits, ranks, words = moved.bits, moved.ranks, moved.words
    count = 0
    for place, number in enumerate(ids):  # without a branch: whether a word was moved is hard to foretell
        row = number & MASK
        word = bits[row >> _WORD_SHIFT] << np.uint64(WORD_BITS - 1 - (row & (WORD_BITS - 1)))
        found[count] = ranks[row >> _WORD_SHIFT] + bit_count(word)
        rarities[count] = RARITIES[squares[place]]
        count += int64(word >> _LAST_BIT)
    for place in range(count, count + BLOCK - 1):
        found[place], rarities[place] = 0, 0.0
    evidence[:] = 0.0
    for begin in range(0, count, BLOCK):
        first, second, third, fourth = found[begin], found[begin + 1], found[begin + 2], found[begin + 3]
        one, two, three, four = rarities[begin], rarities[begin + 1], rarities[begin + 2], rarities[begin + 3]
        for column in range(WIDTH):
            total = evidence[column] + words[first, column] * one  # in the order of `gather`: to the bit what it gives
            total += words[second, column] * two
            total += words[third, column] * three
            evidence[column] = total + words[fourth, column] * four


@part
def share_of(squares: Squares) -> float:
    """One over the length of a text's vector; 0 for a text without terms."""
    total = int64(0)
    for square in squares:
        total += square
    return 1 / math.sqrt(total) if total > 0 else 0.0
