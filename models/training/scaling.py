"""Vector scaling: a head's scores to probabilities that mean what they say, by numbers that the weights can carry."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from models.calibration import FloatArray, fit_temperature, softmax
from models.weights import HEAD_COLUMNS, Weights

_PRIOR = 100.0  # log loss for a factor that is 2 or a shift of 1: some tens of a class's tweets move it little
_Classes = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Scaling:
    """What makes probabilities of one head's scores: `softmax((scores * factors + shifts) / temperature)`.

    Attributes:
        temperature: positive.
        factors: shape (classes,), about 1.
        shifts: shape (classes,), about 0.
    """

    temperature: float
    factors: FloatArray
    shifts: FloatArray

    def probabilities(self, scores: FloatArray) -> FloatArray:
        """Give each class its probability; shape (n, classes), rows sum to 1."""
        return softmax(scores * self.factors + self.shifts, temperature=self.temperature)


def unscaled(class_count: int) -> Scaling:
    """Give the scaling that leaves scores as they are."""
    return Scaling(1.0, np.ones(class_count), np.zeros(class_count))


def fit_scaling(scores: FloatArray, truth: _Classes) -> Scaling:
    """Find the scaling under which the true classes are most probable, classes with few tweets kept near no change.

    Args:
        scores: shape (n, classes), of rows that the scoring model was not fitted on; n at least 1.
        truth: shape (n,), the true classes' columns.

    Source: Guo et al., On Calibration of Modern Neural Networks (2017), with a normal prior on factors and shifts.
    """
    temperature = fit_temperature(scores, truth)
    cold = scores / temperature
    hits = np.zeros_like(cold)
    hits[np.arange(len(truth)), truth] = 1.0

    def loss(numbers: FloatArray) -> tuple[float, FloatArray]:
        changes, shifts = np.split(numbers, 2)
        probabilities = softmax(cold * (1 + changes) + shifts, temperature=1.0)
        misses = probabilities - hits
        log_loss = -np.log(np.maximum(probabilities[hits > 0], np.finfo(np.float64).tiny)).sum()
        gradient = np.concatenate([(misses * cold).sum(axis=0), misses.sum(axis=0)]) + 2 * _PRIOR * numbers
        return float(log_loss + _PRIOR * (numbers**2).sum()), gradient

    found = minimize(loss, np.zeros(2 * cold.shape[1]), jac=True, method="L-BFGS-B").x
    changes, shifts = np.split(found, 2)
    return Scaling(temperature, 1 + changes, shifts * temperature)


def cross_fitted(scores: FloatArray, truth: _Classes) -> FloatArray:
    """Give probabilities as a scaling would that other tweets gave: each half's is fitted on the other half.

    Args:
        scores: shape (n, classes), of rows that the scoring model was not fitted on; n at least 2.
        truth: shape (n,), the true classes' columns.

    Returns:
        Shape (n, classes); rows sum to 1. For measuring what `fit_scaling` on all n rows will do to further ones.
    """
    probabilities = np.empty_like(scores, dtype=np.float64)
    for half in (0, 1):  # every second row: a file that is sorted by class gives both halves the same mix
        scaling = fit_scaling(scores[1 - half :: 2], truth[1 - half :: 2])
        probabilities[half::2] = scaling.probabilities(scores[half::2])
    return probabilities


def scaled(weights: Weights, scalings: Sequence[Scaling]) -> Weights:
    """Let weights carry the scalings of both heads' scores, labels first; what was scaled already is scaled once more."""
    scales, biases = weights.scales.astype(np.float64), weights.biases.astype(np.float64)
    for columns, scaling in zip(HEAD_COLUMNS, scalings, strict=True):
        scales[columns] *= scaling.factors
        biases[columns] = biases[columns] * scaling.factors + scaling.shifts
    return replace(
        weights,
        scales=scales.astype(np.float32),
        biases=biases.astype(np.float32),
        temperatures=np.array([scaling.temperature for scaling in scalings]),
    )
