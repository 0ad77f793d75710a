"""What the voices of the online model say of a text, and their vote; see `models.online.rules`."""

import numpy as np
from numba import njit

from models.calibration import FloatArray
from models.compiled.answering import columns_of
from models.compiled.part import fused, part
from models.compiled.softmax import exponentials, lower, share_out
from models.compiled.words import BLOCK, WIDTH
from models.online.rules import BATCH, CONFUSION_RATES, LEAST_PROBABILITIES, STEADY, VOICES
from models.online.weights import OnlineWeights
from models.taxonomy import LABELS
from models.weights import COLUMNS

Voices = FloatArray

VOICE_COUNT = len(VOICES)
CORRECTING = len(CONFUSION_RATES)
"""How many voices correct the batch model."""
_LABEL_COUNT = len(LABELS)
_LEAST = np.array(LEAST_PROBABILITIES)


@njit
def spread_confusions(weights: OnlineWeights) -> FloatArray:
    """Lay V of both voices and both heads out for `speak`.

    Returns:
        Shape (`WIDTH`, 2 x `WIDTH`): of each column of the batch model, what it adds to those of both voices.
    """
    spread = np.zeros((WIDTH, CORRECTING * WIDTH))
    copy_confusions(weights.label_confusions, 0, spread)
    copy_confusions(weights.sentiment_confusions, _LABEL_COUNT, spread)
    return spread


@part
def copy_confusions(confusions: FloatArray, begin: int, spread: FloatArray) -> None:
    """Copy V of one head, whose first column is `begin`."""
    voices, classes, _ = confusions.shape
    for voice in range(voices):
        for other in range(classes):
            for column in range(classes):
                spread[begin + other, voice * WIDTH + begin + column] = confusions[voice, other, column]


@part
def speak(share: float, confusions: FloatArray, probabilities: FloatArray, voices: Voices, said: FloatArray) -> None:
    """Fill `voices`, of shape (3, `WIDTH`), with what each says of one text; the first holds its words before.

    Args:
        share: what the words count.
        confusions: from `spread_confusions`.
        probabilities: of the batch model.
        voices: see above.
        said: the same memory, without the batch voice, as one row.
    """
    batch = voices[BATCH]
    for column in range(WIDTH):
        said[column] = said[WIDTH + column] = batch[column] * share
    for column in range(COLUMNS):
        batch[column] = probabilities[column]
    batch[COLUMNS] = 0.0
    _add_confusions(batch, confusions, said)
    for voice in range(STEADY, VOICE_COUNT):
        lower(voices[voice])
    exponentials(said)
    for voice in range(CORRECTING):
        for column in range(COLUMNS):
            voices[STEADY + voice, column] *= max(batch[column], _LEAST[voice])
        share_out(voices[STEADY + voice])


@fused
def _add_confusions(batch: FloatArray, confusions: FloatArray, said: FloatArray) -> None:
    """Add V P of both voices, some rows of V at once: numba makes vector instructions of that, and none of a single row."""
    for begin in range(0, WIDTH, BLOCK):
        one, two, three, four = batch[begin], batch[begin + 1], batch[begin + 2], batch[begin + 3]
        for column in range(CORRECTING * WIDTH):
            total = said[column] + confusions[begin, column] * one
            total += confusions[begin + 1, column] * two
            total += confusions[begin + 2, column] * three
            said[column] = total + confusions[begin + 3, column] * four


@part
def vote(voices: Voices, votes: FloatArray, first: int, answer: FloatArray) -> None:
    """Fill `answer` with the mean of the voices from the first on, weighed by their votes."""
    for head in range(2):
        begin, end = columns_of(head)
        total = 0.0
        for voice in range(first, VOICE_COUNT):
            total += votes[head, voice]
        for column in range(begin, end):
            answer[column] = 0.0
        for voice in range(first, VOICE_COUNT):
            share = votes[head, voice] / total
            for column in range(begin, end):
                answer[column] += share * voices[voice, column]
