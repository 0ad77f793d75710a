"""Step 3, gather: feature ids to the sums of their rows in the table of weights, each feature once.

A set of bits says which ids have a row. Rows lie in the order of their ids, so the number of bits before an id's is its
row: bits and counts take 200 KB and stay in the processor's cache, where one row number an id would take 4 MB.
"""

import numpy as np
import numpy.typing as npt
from numba import int64

from models.compiled.layout import OFFSET, WORD_BITS, Rows
from models.compiled.part import part

_LANES = 8  # signed bytes in a 64-bit number
_BLOCK_ROWS = 256  # this many times 254 still fits into 16 bits
_EVEN_BYTES = np.uint64(0x00FF00FF00FF00FF)
_BYTE, _PAIR, _PAIR_MASK = np.uint64(8), np.uint64(16), np.uint64(0xFFFF)
_NOTHING = np.uint64(0)
_LAST_BIT = np.uint64(WORD_BITS - 1)
_WORD_SHIFT = 6


@part
def known_rows(
    ids: npt.NDArray[np.int32], rows: Rows, seen: npt.NDArray[np.uint8], known: npt.NDArray[np.int32]
) -> int:
    """Find the rows of ids: known ones only, each once.

    Args:
        ids: n feature ids.
        rows: of the weights.
        seen: one bit for each row, all clear; they are again when this returns.
        known: gets the rows; at least n long.

    Returns:
        How many rows there are.
    """
    bits, ranks = rows.bits, rows.ranks
    count = 0
    for number in ids:  # without a branch: whether an id is known is hard to foretell
        word = bits[number >> _WORD_SHIFT] << np.uint64(WORD_BITS - 1 - (number & (WORD_BITS - 1)))
        is_known = int64(word >> _LAST_BIT)
        row = ranks[number >> _WORD_SHIFT] + bit_count(word)
        is_seen = int64(seen[row >> 3]) >> (row & 7) & 1
        seen[row >> 3] |= is_known << (row & 7)
        known[count] = row
        count += is_known & ~is_seen
    for row in known[:count]:
        seen[row >> 3] = 0
    return count


@part
def add_rows(chosen: npt.NDArray[np.int32], rows: Rows, sums: npt.NDArray[np.int64]) -> None:
    """Sum the chosen rows into `sums`, of shape (24,), which may hold anything before.

    Eight columns are added at once: a number of 64 bits is taken as four of 16 bits, one for each second byte, and
    does not overflow within a block of rows. Exact, so the order of the rows does not matter.
    """
    table = rows.table
    sums[:] = -OFFSET * len(chosen)
    for begin in range(0, len(chosen), _BLOCK_ROWS):
        even_0 = odd_0 = even_1 = odd_1 = even_2 = odd_2 = _NOTHING
        for row in chosen[begin : begin + _BLOCK_ROWS]:
            first, second, third = table[row, 0], table[row, 1], table[row, 2]
            even_0 += first & _EVEN_BYTES
            odd_0 += (first >> _BYTE) & _EVEN_BYTES
            even_1 += second & _EVEN_BYTES
            odd_1 += (second >> _BYTE) & _EVEN_BYTES
            even_2 += third & _EVEN_BYTES
            odd_2 += (third >> _BYTE) & _EVEN_BYTES
        _add_lanes(sums[:_LANES], even_0, odd_0)
        _add_lanes(sums[_LANES : 2 * _LANES], even_1, odd_1)
        _add_lanes(sums[2 * _LANES :], even_2, odd_2)


@part
def _add_lanes(sums: npt.NDArray[np.int64], even: np.uint64, odd: np.uint64) -> None:
    for pair in range(_LANES // 2):
        sums[2 * pair] += int64(even & _PAIR_MASK)
        sums[2 * pair + 1] += int64(odd & _PAIR_MASK)
        even >>= _PAIR
        odd >>= _PAIR


@part
def bit_count(word: np.uint64) -> int:
    """Count the set bits of 64: in pairs, fours, bytes, then all bytes by one multiplication.

    The compiler knows the pattern and uses the processor's instruction. Source: Warren, Hacker's Delight, 5-1.
    """
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))
