"""Step 4, answer: sums of rows to scores, probabilities, the k most probable labels and the sentiment.

The same as the formula in `models.weights` and the softmax in `models.calibration`.
"""

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from models.calibration import FloatArray
from models.compiled.layout import Answers, Heads
from models.compiled.part import part
from models.compiled.softmax import exponentials, lower, share_out
from models.taxonomy import LABELS, SENTIMENTS, Sentiment
from models.weights import COLUMNS

_LABEL_COUNT = len(LABELS)
_BULLISH = _LABEL_COUNT + SENTIMENTS.index(Sentiment.BULLISH)
_BEARISH = _LABEL_COUNT + SENTIMENTS.index(Sentiment.BEARISH)
_MILLION = 1e6  # probabilities are given with six decimals: finer than any calibration, and short in JSON


@njit
def empty_answers(count: int, top_k: int, id_count: int) -> Answers:
    """Make room for the answers to `count` texts that have up to `id_count` feature ids together.

    Memory that no id needs is never touched, so it costs nothing.
    """
    return Answers(
        np.empty((count, COLUMNS)),
        np.empty((count, COLUMNS)),
        np.empty((count, top_k), dtype=np.int64),
        np.empty((count, top_k)),
        np.empty(count, dtype=np.int64),
        np.empty(count),
        np.empty(id_count, dtype=np.int32),
        np.zeros(count + 1, dtype=np.int64),
    )


@part
def answer(sums: npt.NDArray[np.int64], heads: Heads, chances: FloatArray, answers: Answers, place: int) -> None:
    """Answer one text.

    Args:
        sums: shape (`COLUMNS` + 1,): of the text's rows; the last is the text's squared length.
        heads: of the weights.
        chances: room for as many numbers as there are sums.
        answers: gets row `place`.
        place: of the text.
    """
    scores = answers.scores[place]
    share = 1 / math.sqrt(max(sums[COLUMNS], 1))  # a text without any known feature gets the biases alone
    for column in range(COLUMNS):
        scores[column] = sums[column] * share * heads.scales[column] + heads.biases[column]
    for head in range(2):
        begin, end = columns_of(head)
        coldness = 1 / heads.temperatures[head]
        for column in range(begin, end):
            chances[column] = scores[column] * coldness
    chances[COLUMNS] = 0.0
    lower(chances)
    exponentials(chances)
    share_out(chances)
    for column in range(COLUMNS):
        answers.probabilities[place, column] = chances[column]
    summarise(answers, place)


@part
def columns_of(head: int) -> tuple[int, int]:
    """Where a head's columns begin and end."""
    return (0, _LABEL_COUNT) if head == 0 else (_LABEL_COUNT, COLUMNS)


@part
def summarise(answers: Answers, place: int) -> None:
    """Fill in what follows from the probabilities in row `place`."""
    probabilities = answers.probabilities[place]
    _take_largest(probabilities[:_LABEL_COUNT], answers.labels[place], answers.label_scores[place])
    answers.sentiments[place] = _largest(probabilities[_LABEL_COUNT:], 0)
    answers.sentiment_scores[place] = _rounded(probabilities[_BULLISH] - probabilities[_BEARISH])


@part
def _take_largest(probabilities: FloatArray, columns: npt.NDArray[np.int64], largest: FloatArray) -> None:
    """Fill `columns` with the places of the largest probabilities, and `largest` with those."""
    taken = 0  # one bit for each column
    for rank in range(len(columns)):
        column = _largest(probabilities, taken)
        columns[rank] = column
        largest[rank] = _rounded(probabilities[column])
        taken |= 1 << column


@part
def _largest(values: FloatArray, taken: int) -> int:
    """Where the largest value is whose bit in `taken` is clear; the first of equal ones."""
    best, most = 0, -np.inf
    for place in range(len(values)):
        if values[place] > most and not taken >> place & 1:
            best, most = place, values[place]
    return best


@part
def _rounded(value: float) -> float:
    return np.rint(value * _MILLION) / _MILLION
