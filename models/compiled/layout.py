"""What goes into the kernel and what comes out; needs numpy alone, so that importing a predictor stays cheap."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray
from models.features import FEATURE_COUNT
from models.weights import Weights

WORD_BITS = 64
OFFSET = 127
"""Makes the signed bytes of a table unsigned ones, 0 to 254."""


class Rows(NamedTuple):
    """Weights as the kernel reads them.

    Attributes:
        bits: uint64 of shape (`FEATURE_COUNT` / 64,): bit i % 64 of word i / 64 says that id i has a row.
        ranks: int32, of the same shape: how many bits are set before the word.
        table: uint64 of shape (1 + rows, 3): the 24 bytes of the table of `models.weights`, each plus 127, lowest
            first. Row 0 is no feature's: an id's row is the number of bits up to its own.
    """

    bits: npt.NDArray[np.uint64]
    ranks: npt.NDArray[np.int32]
    table: npt.NDArray[np.uint64]


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


def rows_of(weights: Weights) -> Rows:
    """Lay out weights for the kernel."""
    has_row = np.zeros(FEATURE_COUNT, dtype=bool)
    has_row[weights.ids] = True
    words = has_row.reshape(-1, WORD_BITS)
    counts = words.sum(axis=1, dtype=np.int32)
    bits = np.packbits(words, axis=1, bitorder="little").view("<u8").astype(np.uint64).ravel()
    unsigned = np.full((1 + len(weights.ids), weights.table.shape[1]), OFFSET, dtype=np.uint8)
    unsigned[1:] = weights.table.astype(np.int16) + OFFSET
    table = unsigned.view("<u8").astype(np.uint64)
    return Rows(bits, np.cumsum(counts, dtype=np.int32) - counts, table)


def heads_of(weights: Weights) -> Heads:
    """Lay out weights for the kernel."""
    return Heads(weights.scales.astype(np.float64), weights.biases.astype(np.float64), weights.temperatures.copy())
