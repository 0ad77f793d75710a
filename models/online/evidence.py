"""How much recent labels speak for one model against another: a bet that pays when the one does better.

A label gives a model a score: half of it for being right, half for how high the model ranks the true class. Labels
drawn evenly from all classes give every model the same mean score, whatever it says, or less where it leaves classes in a
tie. That is not so of log loss, which prefers a model that knows nothing to one that is sure: by it a model that has
learned noise would win.

The stake of the bet is multiplied, label by label, by (1 + `STAKE` x difference of the scores) to the power of the
label's weight. For a model that is not better it has a chance of 1 in N at most of ever reaching N times its beginning,
however often one looks (Ville's inequality), while weights are 1 at most; labels that count for more make it larger.

Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting (2024).
"""

from math import log
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray

STAKE = 0.6  # from 0.5 to 0.8 little changes


class Evidence(msgspec.Struct):
    """What speaks for one model against another.

    Attributes:
        logarithm: of the stake, which begins at 1.
        labels: what it rests on.
        right: how many of these the one answered right.
        other_right: how many the other one did.
    """

    logarithm: float = 0.0
    labels: int = 0
    right: int = 0
    other_right: int = 0

    def add(self, gain: float, *, weight: float, is_right: bool, is_other_right: bool) -> None:
        """Take in one label.

        Args:
            gain: difference of the scores, above -1 / `STAKE`.
            weight: as how many labels it counts.
            is_right: whether the one was right.
            is_other_right: whether the other one was.
        """
        self.logarithm += weight * log(1 + STAKE * gain)
        self.labels += 1
        self.right += is_right
        self.other_right += is_other_right

    def begin_anew(self) -> None:
        """Forget all."""
        self.logarithm, self.labels, self.right, self.other_right = 0.0, 0, 0, 0

    def told(self, one: str, other: str) -> str:
        """Say what it rests on.

        >>> Evidence(labels=40, right=30, other_right=20).told("the online model", "the batch model")
        'of the last 40 labels the online model had 30 right and the batch model 20'
        """
        return f"of the last {self.labels} labels {one} had {self.right} right and {other} {self.other_right}"


class Said(NamedTuple):
    """What one model said of n labels; lists of n.

    Attributes:
        classes: its answers.
        is_right: whether they are.
        scores: 0 to 1.
        of_truth: the probabilities of the true classes.
    """

    classes: list[int]
    is_right: list[bool]
    scores: list[float]
    of_truth: list[float]


def judged(probabilities: FloatArray, truth: npt.NDArray[np.int64]) -> Said:
    """Compare a head's probabilities, shape (n, classes), with the true classes, shape (n,).

    Classes that are as probable as the true one share its rank. Where there is no true class, what is said means nothing.

    >>> said = judged(np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.6, 0.2, 0.2]]), np.array([0, 1, 2]))
    >>> [round(score, 2) for score in said.scores]
    [1.0, 0.18, 0.08]
    """
    count = probabilities.shape[1]
    of_truth = probabilities[np.arange(len(truth)), truth]
    above = (probabilities > of_truth[:, None]).sum(axis=1)
    beside = (probabilities == of_truth[:, None]).sum(axis=1) - 1
    height_by_half_ranks = 1 - np.log(1 + np.arange(2 * count - 1) / 2) / np.log(count)
    classes = probabilities.argmax(axis=1)
    is_right = classes == truth
    scores = (is_right + height_by_half_ranks[2 * above + beside]) / 2
    return Said(classes.tolist(), is_right.tolist(), scores.tolist(), of_truth.tolist())
