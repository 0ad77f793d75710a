"""The plain definition of scores and probabilities: short and slow; the compiled kernel is tested against it."""

from collections.abc import Sequence

import numpy as np

from models.calibration import FloatArray, softmax
from models.features import feature_ids
from models.taxonomy import LABELS
from models.weights import COLUMNS, Weights


def reference_scores(weights: Weights, texts: Sequence[str | bytes]) -> FloatArray:
    """Score n texts, or their UTF-8 bytes, by the formula in `Weights`; shape (n, `COLUMNS`)."""
    scores = np.empty((len(texts), COLUMNS))
    for place, text in enumerate(texts):
        known = np.isin(weights.ids, list(feature_ids(text)), assume_unique=True)
        sums = weights.table[known].sum(axis=0, dtype=np.int64)
        length = np.sqrt(max(sums[-1], 1))  # a text without any known feature gets the biases alone
        scores[place] = sums[:-1] / length * weights.scales.astype(np.float64) + weights.biases.astype(np.float64)
    return scores


def reference_probabilities(weights: Weights, texts: Sequence[str | bytes]) -> FloatArray:
    """Turn the scores of each head into probabilities; shape (n, `COLUMNS`)."""
    scores = reference_scores(weights, texts)
    of_labels, of_sentiments = weights.temperatures
    return np.hstack(
        [
            softmax(scores[:, : len(LABELS)], temperature=of_labels),
            softmax(scores[:, len(LABELS) :], temperature=of_sentiments),
        ]
    )
