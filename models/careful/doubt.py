"""How unsure the fast model is of a text, and where the least sure share of texts begins."""

import numpy as np

from models.calibration import FloatArray
from models.weights import HEAD_COLUMNS

_STEPS = 200


def doubts_of(probabilities: FloatArray) -> FloatArray:
    """Add up what both heads' largest probabilities lack to 1; shape (n, `COLUMNS`) -> (n,), from 0 to below 2."""
    labels, sentiments = (1 - probabilities[:, head].max(axis=1) for head in HEAD_COLUMNS)
    doubts: FloatArray = labels + sentiments
    return doubts


def doubt_quantiles(doubts: FloatArray) -> FloatArray:
    """Keep of many doubts those in equal steps of their number, from the least to the largest; shape (201,)."""
    return np.quantile(doubts, np.linspace(0, 1, _STEPS + 1))


def doubt_threshold(quantiles: FloatArray, *, share: float) -> float:
    """Find the doubt that this share of texts reaches.

    Args:
        quantiles: see `doubt_quantiles`.
        share: 0 to 1; 0 gives a threshold that no text reaches.

    >>> doubt_threshold(np.array([0.0, 0.5, 1.0]), share=0.25)
    0.75
    """
    if not share:
        return np.inf
    return float(np.interp(1 - share, np.linspace(0, 1, len(quantiles)), quantiles))
