"""What goes into the kernel and what comes out; needs numpy alone, so that importing a predictor stays cheap."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray
from models.features import FEATURE_COUNT
from models.weights import LARGEST, Weights

WORD_BITS = 64
LINE_BYTES = 64
OFFSET = 127
"""Makes the signed bytes of a table unsigned ones, 0 to 254."""


class Rows(NamedTuple):
    """Weights as the kernel reads them.

    Attributes:
        bits: uint64 of shape (`FEATURE_COUNT` / 64,): bit i % 64 of word i / 64 says that id i has a row.
        ranks: int32, of the same shape: how many bits are set before the word.
        table: uint64 of shape (1 + rows, 3): the 24 bytes of the table of `models.weights`, each plus 127, lowest
            first. Row 0 is no feature's: an id's row is the number of bits up to its own.
        squares: uint8 of shape (1 + rows,): each row's squared rarity once more, as the online model reads it; that of
            row 0, the highest there is, counts for ids without a row.
    """

    bits: npt.NDArray[np.uint64]
    ranks: npt.NDArray[np.int32]
    table: npt.NDArray[np.uint64]
    squares: npt.NDArray[np.uint8]


NO_ROWS = Rows(
    np.zeros(0, dtype=np.uint64),
    np.zeros(0, dtype=np.int32),
    np.zeros((0, 3), dtype=np.uint64),
    np.zeros(0, dtype=np.uint8),
)
"""Of the types that all rows have."""


@dataclass(frozen=True)
class PackedTexts:
    """n texts as the kernel reads them, see `models.compiled.kernel.pack`."""

    content: npt.NDArray[np.uint8]
    count: int

    def __len__(self) -> int:
        return self.count


class Moved(NamedTuple):
    """The words of the online model that are not 0, as `adjust_answers` reads them.

    Attributes:
        bits: uint64 of shape (`WORD_ROWS` / 64,): as in `Rows`, for the rows of `OnlineWeights.words`.
        ranks: int32, of the same shape.
        words: int16 of shape (1 + rows, 32): each row in a cache line of its own; row 0 is no word's.
    """

    bits: npt.NDArray[np.uint64]
    ranks: npt.NDArray[np.int32]
    words: npt.NDArray[np.int16]


class Heads(NamedTuple):
    """What turns sums into answers.

    Attributes:
        scales: float64 of shape (`COLUMNS`,).
        biases: float64 of shape (`COLUMNS`,).
        temperatures: float64 of shape (2,): of the labels and of the sentiments.
    """

    scales: FloatArray
    biases: FloatArray
    temperatures: FloatArray


class Answers(NamedTuple):
    """Everything that is said of n texts; columns are the labels in the order of `LABELS`, then `SENTIMENTS`.

    Attributes:
        scores: float64 of shape (n, `COLUMNS`): margins of linear classifiers, without bounds.
        probabilities: float64 of the same shape; of each head they sum to 1.
        labels: int64 of shape (n, k): the columns of the k most probable labels, largest first, then lowest column.
        label_scores: float64 of shape (n, k): their probabilities, six decimals.
        sentiments: int64 of shape (n,): the position in `SENTIMENTS` of the most probable one.
        sentiment_scores: float64 of shape (n,): P(bullish) - P(bearish), six decimals.
        ids: int32 of shape (m,): the texts' feature ids one text after the other, as often as their terms occur.
        starts: int64 of shape (n + 1,): text i has `ids[starts[i]:starts[i + 1]]`.
    """

    scores: FloatArray
    probabilities: FloatArray
    labels: npt.NDArray[np.int64]
    label_scores: FloatArray
    sentiments: npt.NDArray[np.int64]
    sentiment_scores: FloatArray
    ids: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]


Texts = Sequence[str] | PackedTexts


def rows_of(weights: Weights) -> Rows:
    """Lay out weights for the kernel."""
    has_row = np.zeros(FEATURE_COUNT, dtype=bool)
    has_row[weights.ids] = True
    bits, ranks = _ranked(has_row)
    unsigned = np.full((1 + len(weights.ids), weights.table.shape[1]), OFFSET, dtype=np.uint8)
    unsigned[1:] = weights.table.astype(np.int16) + OFFSET
    table = unsigned.view("<u8").astype(np.uint64)
    squares = np.concatenate([[LARGEST], weights.table[:, -1]]).astype(np.uint8)
    return Rows(bits, ranks, table, squares)


def moved_of(words: npt.NDArray[np.int16]) -> Moved:
    """Lay out the words of the online model: few of its rows were ever moved, and these fit into a processor's cache."""
    has_row = np.zeros(len(words), dtype=bool)
    has_row[np.flatnonzero(words != 0) // words.shape[1]] = True  # five times as fast as any() of short rows
    width = LINE_BYTES // words.itemsize
    rows = int(has_row.sum())
    room = np.zeros((2 + rows) * width, dtype=np.int16)
    begin = -room.ctypes.data % LINE_BYTES // words.itemsize
    moved = room[begin : begin + (1 + rows) * width].reshape(-1, width)
    moved[1:, : words.shape[1]] = words[has_row]
    return Moved(*_ranked(has_row), moved)


def _ranked(has_row: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    words = has_row.reshape(-1, WORD_BITS)
    counts = words.sum(axis=1, dtype=np.int32)
    bits = np.packbits(words, axis=1, bitorder="little").view("<u8").astype(np.uint64).ravel()
    return bits, np.cumsum(counts, dtype=np.int32) - counts


def heads_of(weights: Weights) -> Heads:
    """Lay out weights for the kernel."""
    return Heads(weights.scales.astype(np.float64), weights.biases.astype(np.float64), weights.temperatures.copy())
