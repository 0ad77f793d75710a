"""Offline metrics of one head: accuracy, F1 by class, calibration."""

from collections.abc import Sequence

import msgspec
import numpy as np

from models.calibration import FloatArray, expected_calibration_error
from models.dataset import Classes


class ClassPerformance(msgspec.Struct, frozen=True):
    """How one class fares; the three shares are 0 to 1, and 0 where nothing can be divided."""

    tweets: int
    precision: float
    recall: float
    f1: float


class HeadPerformance(msgspec.Struct, frozen=True):
    """How one head fares on held-out tweets.

    Attributes:
        tweets: number of held-out tweets.
        accuracy: share that is right, 0 to 1.
        macro_f1: mean of the classes' F1, of those classes that occur in truth or answers.
        weighted_f1: mean of the classes' F1, weighted by their held-out tweets.
        calibration_error: expected calibration error over 15 bins, 0 to 1.
        classes: by name, in the head's order.
    """

    tweets: int
    accuracy: float
    macro_f1: float
    weighted_f1: float
    calibration_error: float
    classes: dict[str, ClassPerformance]


def head_performance(probabilities: FloatArray, truth: Classes, names: Sequence[str]) -> HeadPerformance:
    """Compare probabilities with the truth.

    Args:
        probabilities: shape (n, classes), n at least 1.
        truth: shape (n,), the true classes' columns.
        names: the classes' names, in the order of the columns.
    """
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, (truth, probabilities.argmax(axis=1)), 1)
    right, true, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    f1 = _ratio(2 * right, true + said)
    classes = zip(true.tolist(), _ratio(right, said).tolist(), _ratio(right, true).tolist(), f1.tolist(), strict=True)
    return HeadPerformance(
        tweets=len(truth),
        accuracy=float(right.sum() / len(truth)),
        macro_f1=float(f1[true + said > 0].mean()),
        weighted_f1=float((f1 * true).sum() / len(truth)),
        calibration_error=expected_calibration_error(probabilities, truth),
        classes={name: ClassPerformance(*row) for name, row in zip(names, classes, strict=True)},
    )


def _ratio(part: Classes, whole: Classes) -> FloatArray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
