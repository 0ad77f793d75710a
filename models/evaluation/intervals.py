"""How far a measured figure may be off: bootstrap intervals over tweets."""

import msgspec
import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray

Counts = npt.NDArray[np.int64]

RESAMPLES = 2000  # the ends then move by about a tenth of the interval's width from seed to seed
_SEED = 12
_ENDS = (0.025, 0.975)


class Interval(msgspec.Struct, frozen=True):
    """A 95 % interval of a share, 0 to 1, or of a difference of two."""

    low: float
    high: float


def confusion_counts(said: npt.NDArray[np.integer], truth: npt.NDArray[np.integer], *, class_count: int) -> Counts:
    """Count the tweets of each class by what was answered; shape (truth, answers)."""
    pairs = np.bincount(truth * class_count + said, minlength=class_count**2)
    return pairs.reshape(class_count, class_count).astype(np.int64)


def f1_scores(counts: npt.NDArray[np.integer] | FloatArray) -> FloatArray:
    """Give each class's F1; NaN for a class that is neither in truth nor in answers.

    Args:
        counts: shape (..., truth, answers).

    Returns:
        Shape (..., classes).
    """
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    whole = counts.sum(axis=-1) + counts.sum(axis=-2)
    shares: FloatArray = np.divide(2 * right, whole, out=np.full(right.shape, np.nan), where=whole > 0)
    return shares


def accuracy_interval(right: float, tweets: int) -> Interval:
    """Resample n tweets, at least one, of which `right` are answered right; a part of one where tweets are weighed."""
    return bootstrap_interval(np.random.default_rng(_SEED).binomial(tweets, right / tweets, RESAMPLES) / tweets)


def macro_f1_interval(counts: Counts | FloatArray) -> Interval:
    """Resample the tweets of a confusion matrix, at least one; parts of tweets where they are weighed.

    Drawing n tweets with replacement is drawing its cells from a multinomial distribution, which needs no loop.
    """
    tweets = counts.sum()
    drawn = np.random.default_rng(_SEED).multinomial(max(round(tweets), 1), counts.ravel() / tweets, RESAMPLES)
    return bootstrap_interval(np.nanmean(f1_scores(drawn.reshape(-1, *counts.shape)), axis=1))


def bootstrap_interval(resampled: FloatArray) -> Interval:
    """Give the ends between which 95 % of the figures lie that resampling gave; shape (`RESAMPLES`,)."""
    low, high = np.quantile(resampled, _ENDS)
    return Interval(float(low), float(high))
