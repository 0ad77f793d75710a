"""The online model compiled: what it says of n texts, and how it learns from labels; see `models.online.rules`.

Both begin where the kernel ends: with its answers, which hold the batch model's probabilities and the feature ids.
"""

from collections.abc import Callable
from functools import cache

import numba
import numpy as np
import numpy.typing as npt
from numba import int64

from models.calibration import FloatArray
from models.compiled.alarms import haste
from models.compiled.answering import columns_of, empty_answers, summarise
from models.compiled.caching import Signature, cached
from models.compiled.layout import NO_ROWS, Answers, Moved, Rows, moved_of
from models.compiled.part import part
from models.compiled.voices import (
    CORRECTING,
    VOICE_COUNT,
    Voices,
    copy_confusions,
    speak,
    spread_confusions,
    vote,
)
from models.compiled.words import BLOCK, MASK, RARITIES, WIDTH, Ids, Squares, gather, gather_moved, share_of, squares_of
from models.online.rules import (
    BATCH,
    CONFUSION_RATES,
    LARGEST_STEP,
    LEAST_CREDIT,
    LEAST_ERROR,
    STEADY,
    STEPS_PER_UNIT,
    VOTE_RATE,
    VOTE_SHARE,
    WORD_RATE,
)
from models.online.weights import OnlineWeights, fresh_weights
from models.weights import COLUMNS

Classes = npt.NDArray[np.int64]

Adjust = Callable[[Answers, Rows, OnlineWeights, Moved, int], Answers]
Learn = Callable[[Answers, Rows, OnlineWeights, Classes, FloatArray, FloatArray], None]

_ALL, _LEARNED = int64(BATCH), int64(STEADY)  # the first of the voices that are heard
_RATES = np.array(CONFUSION_RATES)


def adjust_answers(answers: Answers, rows: Rows, weights: OnlineWeights, moved: Moved, top_k: int) -> Answers:
    """Answer the texts anew with what was learned.

    Args:
        answers: of the batch model.
        rows: of the batch model.
        weights: only read; without their words.
        moved: the words.
        top_k: labels to name for each text, 1 to 20.
    """
    count = len(answers.scores)
    adjusted = empty_answers(count, top_k, 0)
    confusions = spread_confusions(weights)
    squares = squares_of(answers.ids, rows)
    found, rarities = np.empty(len(answers.ids) + BLOCK, dtype=np.uint32), np.empty(len(answers.ids) + BLOCK)
    voices = np.empty((VOICE_COUNT, WIDTH))
    said = voices[STEADY:].reshape(-1)
    for place in range(count):
        begin, end = answers.starts[place], answers.starts[place + 1]
        gather_moved(answers.ids[begin:end], squares[begin:end], moved, found, rarities, voices[BATCH])
        share = share_of(squares[begin:end]) / STEPS_PER_UNIT
        speak(share, confusions, answers.probabilities[place], voices, said)
        vote(voices, weights.votes, _ALL, adjusted.probabilities[place])
        summarise(adjusted, place)
    return Answers(
        answers.scores,
        adjusted.probabilities,
        adjusted.labels,
        adjusted.label_scores,
        adjusted.sentiments,
        adjusted.sentiment_scores,
        answers.ids,
        answers.starts,
    )


def learn_labels(
    answers: Answers, rows: Rows, weights: OnlineWeights, truth: Classes, online: FloatArray, served: FloatArray
) -> None:
    """Score each text, then learn its labels, one text after the other.

    Args:
        answers: of the batch model.
        rows: of the batch model.
        weights: changed.
        truth: int64 of shape (n, 2): the class of each head, counted within the head; below 0 for no label.
        online: of shape (n, `COLUMNS`); gets what the learned voices said before, in the mean of their votes.
        served: the same, with the batch voice.
    """
    confusions = spread_confusions(weights)
    squares_of_all = squares_of(answers.ids, rows)
    voices = np.empty((VOICE_COUNT, WIDTH))
    said = voices[STEADY:].reshape(-1)
    for place in range(len(truth)):
        first, last = answers.starts[place], answers.starts[place + 1]
        ids, squares = answers.ids[first:last], squares_of_all[first:last]
        probabilities = answers.probabilities[place]
        gather(ids, squares, weights.words, voices[BATCH])
        speak(share_of(squares) / STEPS_PER_UNIT, confusions, probabilities, voices, said)
        vote(voices, weights.votes, _LEARNED, online[place])
        vote(voices, weights.votes, _ALL, served[place])
        for head in range(2):
            if truth[place, head] < 0:
                continue
            begin, end = columns_of(head)
            times = haste(weights.alarms[head], served[place, begin + truth[place, head]], end - begin)
            _credit(weights.votes[head], voices[:, begin + truth[place, head]])
            for voice in range(VOICE_COUNT):  # from here on a voice is its error
                voices[voice, begin + truth[place, head]] -= 1
            own = weights.label_confusions if head == 0 else weights.sentiment_confusions
            _learn_confusions(own, voices[:, begin:end], probabilities[begin:end], times)
            copy_confusions(own, begin, confusions)
            _learn_words(ids, squares, weights.words, voices[STEADY], begin, end, times)
            weights.learned[head] += 1


@cache
def load_adjust() -> Adjust:
    """Give the compiled `adjust_answers`."""
    moved = moved_of(fresh_weights().words)
    return cached(adjust_answers, (*_state(), numba.typeof(moved), int64))


@cache
def load_learn() -> Learn:
    """Give the compiled `learn_labels`."""
    floats = numba.typeof(np.zeros((0, COLUMNS)))
    return cached(learn_labels, (*_state(), numba.typeof(np.zeros((0, 2), dtype=np.int64)), floats, floats))


def _state() -> Signature:
    return numba.typeof(empty_answers.py_func(0, 1, 0)), numba.typeof(NO_ROWS), numba.typeof(fresh_weights())


@part
def _credit(votes: FloatArray, said_of_truth: FloatArray) -> None:
    total = 0.0
    for voice in range(VOICE_COUNT):
        votes[voice] *= max(said_of_truth[voice], LEAST_CREDIT) ** VOTE_RATE
        total += votes[voice]
    for voice in range(VOICE_COUNT):
        votes[voice] = (1 - VOTE_SHARE) * votes[voice] / total + VOTE_SHARE / VOICE_COUNT


@part
def _learn_confusions(confusions: FloatArray, errors: Voices, probabilities: FloatArray, times: float) -> None:
    for voice in range(CORRECTING):
        for column in range(len(probabilities)):
            step = times * _RATES[voice] * errors[STEADY + voice, column]
            for other in range(len(probabilities)):
                confusions[voice, other, column] -= step * probabilities[other]


@part
def _learn_words(
    ids: Ids, squares: Squares, words: npt.NDArray[np.int16], errors: FloatArray, begin: int, end: int, times: float
) -> None:
    rate = times * WORD_RATE * STEPS_PER_UNIT * share_of(squares)
    for column in range(begin, end):
        if abs(errors[column]) < LEAST_ERROR:
            continue
        for place, number in enumerate(ids):
            moved = words[number & MASK, column] - rate * errors[column] * RARITIES[squares[place]]
            words[number & MASK, column] = int64(min(max(np.rint(moved), -LARGEST_STEP), LARGEST_STEP))
