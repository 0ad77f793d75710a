"""When to say nothing: what share of the tweets is answered at which threshold, and how many answers are wrong."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray
from models.errors import ModelError

THRESHOLDS = np.arange(100) / 100

_THRESHOLD, _ERROR = 0, 2  # columns of a curve


@dataclass(frozen=True)
class Abstention:
    """When a label is `other`: below a threshold, or as often as an error rate asks for; at most one of them.

    Attributes:
        below: abstain when the largest probability is lower, 0 to 1; 0 never does.
        target_error_rate: share of wrong labels among those that are answered, 0 to 1; 0 sets none.
    """

    below: float = 0.0
    target_error_rate: float = 0.0

    def threshold(self, curve: FloatArray) -> float:
        """Give the threshold for a model with this coverage curve.

        Raises:
            ModelError: the curve does not reach the target.
        """
        if self.target_error_rate:
            return threshold_for(curve, target_error_rate=self.target_error_rate)
        return self.below


NEVER = Abstention()


def coverage_curve(probabilities: FloatArray, truth: npt.NDArray[np.integer]) -> FloatArray:
    """Measure what abstaining below each threshold would do to held-out tweets.

    Args:
        probabilities: shape (n, classes), n at least 1.
        truth: shape (n,), the true classes' columns.

    Returns:
        Shape (m, 3), a row a threshold, rising: the threshold, the share of tweets whose largest probability reaches
        it, and the share of wrong answers among those. Thresholds that no tweet reaches are left out.
    """
    certainty = probabilities.max(axis=1)
    order = np.argsort(certainty)
    wrong = (probabilities.argmax(axis=1) != truth)[order]
    below = np.searchsorted(certainty[order], THRESHOLDS)
    answered = len(truth) - below
    wrong_answered = wrong.sum() - np.concatenate([[0], np.cumsum(wrong)])[below]
    is_reached = answered > 0
    reached = answered[is_reached]
    return np.column_stack([THRESHOLDS[is_reached], reached / len(truth), wrong_answered[is_reached] / reached])


def threshold_for(curve: FloatArray, *, target_error_rate: float) -> float:
    """Find the lowest threshold at which no more than the target share of the answers is wrong.

    Args:
        curve: see `coverage_curve`.
        target_error_rate: above 0, below 1.

    Raises:
        ModelError: the curve is empty, or never gets that low.
    """
    if not len(curve):
        raise ModelError(
            "this model carries no coverage curve, so a target error rate says nothing: train again, or set a threshold"
        )
    good = curve[curve[:, _ERROR] <= target_error_rate]
    if not len(good):
        raise ModelError(
            f"no threshold gets this model's error rate down to {target_error_rate:g}; "
            f"the lowest is {curve[:, _ERROR].min():.3f}"
        )
    return float(good[0, _THRESHOLD])
