"""Scores -> probabilities: one temperature a head, found on scores of tweets that were not fitted on."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# A linear head's margins are wider or narrower than log-odds by less than these factors on any data tried.
_COLDEST, _HOTTEST = 0.02, 50.0
_SEARCH_STEPS = 60  # each narrows the interval by 0.618: far below what the data can tell


def softmax(scores: npt.NDArray[np.floating], *, temperature: float) -> FloatArray:
    """Turn scores into probabilities; a higher temperature makes them less sure.

    Args:
        scores: shape (n, classes), finite.
        temperature: positive.

    Returns:
        Shape (n, classes); rows sum to 1.

    >>> softmax(np.array([[0.0, 0.0]]), temperature=0.5).tolist()
    [[0.5, 0.5]]
    """
    scaled = np.asarray(scores, dtype=np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled


def fit_temperature(scores: FloatArray, truth: npt.NDArray[np.integer]) -> float:
    """Find the temperature under which the true classes are most probable.

    Args:
        scores: shape (n, classes), of rows that the scoring model was not fitted on; n at least 1.
        truth: shape (n,), the true classes' columns.

    Returns:
        The temperature with the least log loss, 0.02 to 50. The loss has one minimum in it, so a golden-section
        search on its logarithm finds it.

    Source: Guo et al., On Calibration of Modern Neural Networks (2017).
    """
    golden = (5**0.5 - 1) / 2
    low, high = float(np.log(_COLDEST)), float(np.log(_HOTTEST))
    for _ in range(_SEARCH_STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if _log_loss(scores, truth, left) < _log_loss(scores, truth, right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def expected_calibration_error(
    probabilities: FloatArray, truth: npt.NDArray[np.integer], *, bin_count: int = 15
) -> float:
    """Measure how far the stated certainty is from the share that is right.

    Args:
        probabilities: shape (n, classes), n at least 1.
        truth: shape (n,), the true classes' columns.
        bin_count: equally wide bins of the largest probability.

    Returns:
        The mean over rows of |certainty - accuracy| of the row's bin, 0 to 1.
    """
    certainty = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((certainty * bin_count).astype(np.int64), bin_count - 1)
    gap = np.bincount(bins, weights=certainty, minlength=bin_count)
    gap -= np.bincount(bins, weights=is_right, minlength=bin_count)
    return float(np.abs(gap).sum() / len(truth))


def _log_loss(scores: FloatArray, truth: npt.NDArray[np.integer], log_temperature: float) -> float:
    probabilities = softmax(scores, temperature=float(np.exp(log_temperature)))
    return float(-np.log(probabilities[np.arange(len(truth)), truth] + 1e-12).mean())
