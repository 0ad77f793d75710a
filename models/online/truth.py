"""What is true of texts, and what was said of them before it was known."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment

Truth = npt.NDArray[np.int64]
"""True classes of n texts, shape (n, 2): the positions in `LABELS` and in `SENTIMENTS`; below 0 for no label."""

UNKNOWN = -1


class Scores(NamedTuple):
    """What was said of n texts before their labels were learned; probabilities of shape (n, `COLUMNS`) each.

    Attributes:
        batch: by the batch model.
        online: by what was learned, without the batch voice.
        served: by all voices together, as workers answer.
    """

    batch: FloatArray
    online: FloatArray
    served: FloatArray


def truth_of(label: Label | None, sentiment: Sentiment | None) -> tuple[int, int]:
    """Give a text's row of `Truth`.

    >>> truth_of(Label.EARNINGS, None)
    (5, -1)
    """
    return (
        UNKNOWN if label is None else LABELS.index(label),
        UNKNOWN if sentiment is None else SENTIMENTS.index(sentiment),
    )
