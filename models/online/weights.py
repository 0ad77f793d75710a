"""The state of the online model."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray
from models.online.rules import CONFUSION_RATES, FIRST_VOTES, WORD_ROWS
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import COLUMNS, HEAD_COLUMNS

ALARM_NUMBERS = 5


class OnlineWeights(NamedTuple):
    """All that was learned; the letters are those of `models.online.rules`.

    Only the learner changes these arrays, in place; everybody else has a copy.

    Attributes:
        words: int16 of shape (`WORD_ROWS`, `COLUMNS`): W of both heads, in steps of 1 / `STEPS_PER_UNIT`.
        label_confusions: float64 of shape (2, 20, 20): V of the steady and the quick voice of the label head.
        sentiment_confusions: float64 of shape (2, 3, 3): the same of the sentiment head.
        votes: float64 of shape (2, 3): of each head, how much each of the `VOICES` counts; rows sum to about 1.
        learned: int64 of shape (2,): how many labels each head has learned.
        alarms: float64 of shape (2, 5): of each head, `labels`, `mean`, `rise` and `least` of `models.online.alarms.Watch`,
            then for how many further labels learning is in haste.
    """

    words: npt.NDArray[np.int16]
    label_confusions: FloatArray
    sentiment_confusions: FloatArray
    votes: FloatArray
    learned: npt.NDArray[np.int64]
    alarms: FloatArray


def fresh_weights() -> OnlineWeights:
    """Begin with nothing learned: the answers are the batch model's."""
    correcting = len(CONFUSION_RATES)
    return OnlineWeights(
        words=np.zeros((WORD_ROWS, COLUMNS), dtype=np.int16),
        label_confusions=np.zeros((correcting, len(LABELS), len(LABELS))),
        sentiment_confusions=np.zeros((correcting, len(SENTIMENTS), len(SENTIMENTS))),
        votes=np.array([FIRST_VOTES] * len(HEAD_COLUMNS)),
        learned=np.zeros(len(HEAD_COLUMNS), dtype=np.int64),
        alarms=np.zeros((len(HEAD_COLUMNS), ALARM_NUMBERS)),
    )


def copied(weights: OnlineWeights) -> OnlineWeights:
    """Copy every array."""
    return OnlineWeights(
        weights.words.copy(),
        weights.label_confusions.copy(),
        weights.sentiment_confusions.copy(),
        weights.votes.copy(),
        weights.learned.copy(),
        weights.alarms.copy(),
    )
