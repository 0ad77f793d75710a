"""Tweets -> scores and probabilities of both heads, with numpy alone, from exported weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray, softmax
from models.features import FEATURE_COUNT, feature_rows
from models.taxonomy import LABELS
from models.weights import Weights


@dataclass(frozen=True)
class HeadScores:
    """Scores, or probabilities, of n tweets: `labels` of shape (n, 20), `sentiments` of shape (n, 3)."""

    labels: FloatArray
    sentiments: FloatArray


class Scorer:
    """Scores of both heads from one table; safe to share between threads, as nothing in it changes."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        # Row 0 is for the features that the weights don't know: it adds nothing to any sum.
        self._row_of = np.zeros(FEATURE_COUNT, dtype=np.int32)
        self._row_of[weights.ids] = np.arange(1, len(weights.ids) + 1, dtype=np.int32)
        # Float32 holds every sum of signed bytes below 2**24 exactly, so answers don't depend on order or chunk size.
        self._table = np.zeros((len(weights.ids) + 1, weights.table.shape[1]), dtype=np.float32)
        self._table[1:] = weights.table
        self._scales = weights.scales.astype(np.float64)
        self._biases = weights.biases.astype(np.float64)

    def scores(self, texts: Sequence[str]) -> HeadScores:
        """Score n texts against every class; margins of linear classifiers, without bounds."""
        ids, starts = feature_rows(texts)
        sums = self._sums(self._row_of[ids], starts).astype(np.float64)
        norms = np.sqrt(np.maximum(sums[:, -1:], 1.0))  # a text without any known feature gets the biases alone
        scores = sums[:, :-1] / norms * self._scales + self._biases
        return HeadScores(scores[:, : len(LABELS)], scores[:, len(LABELS) :])

    def probabilities(self, texts: Sequence[str]) -> HeadScores:
        """Give each class of both heads its calibrated probability; every row of either head sums to 1."""
        scores = self.scores(texts)
        of_labels, of_sentiments = self.weights.temperatures
        return HeadScores(
            softmax(scores.labels, temperature=of_labels), softmax(scores.sentiments, temperature=of_sentiments)
        )

    def _sums(self, rows: npt.NDArray[np.int32], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        if len(rows) == 0:
            return np.zeros((len(starts) - 1, self._table.shape[1]), dtype=np.float32)
        counts = np.diff(starts)
        # reduceat can't sum nothing: it is asked for the tweets that have features only.
        sums = np.zeros((len(counts), self._table.shape[1]), dtype=np.float32)
        sums[counts > 0] = np.add.reduceat(self._table[rows], starts[:-1][counts > 0], axis=0)
        return sums
