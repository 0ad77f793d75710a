"""The online model compiled: what it says of n texts, and how it learns from labels; see `models.online.rules`.

Both begin where the kernel ends: with its answers, which hold the batch model's probabilities and the feature ids.
"""

from collections.abc import Callable
from functools import cache

import numba
import numpy as np
import numpy.typing as npt
from numba import int64, njit

from models.calibration import FloatArray
from models.compiled.alarms import haste
from models.compiled.answering import empty_answers, summarise
from models.compiled.caching import Signature, cached
from models.compiled.exponential import exponentials
from models.compiled.layout import NO_ROWS, Answers, Moved, Rows, moved_of
from models.compiled.part import part
from models.compiled.words import BLOCK, MASK, RARITIES, WIDTH, Ids, Squares, gather, gather_moved, share_of, squares_of
from models.online.rules import (
    BATCH,
    CONFUSION_RATES,
    LARGEST_STEP,
    LEAST_CREDIT,
    LEAST_ERROR,
    LEAST_PROBABILITIES,
    STEADY,
    STEPS_PER_UNIT,
    VOICES,
    VOTE_RATE,
    VOTE_SHARE,
    WORD_RATE,
)
from models.online.weights import OnlineWeights, fresh_weights
from models.taxonomy import LABELS
from models.weights import COLUMNS

Classes = npt.NDArray[np.int64]
Voices = FloatArray

Adjust = Callable[[Answers, Rows, OnlineWeights, Moved], Answers]
Learn = Callable[[Answers, Rows, OnlineWeights, Classes, FloatArray, FloatArray], None]

_LABEL_COUNT = len(LABELS)
_VOICE_COUNT = len(VOICES)
_ALL, _LEARNED = int64(BATCH), int64(STEADY)  # the first of the voices that are heard
_CORRECTING = len(CONFUSION_RATES)
_RATES = np.array(CONFUSION_RATES)
_LEAST = np.array(LEAST_PROBABILITIES)


def adjust_answers(answers: Answers, rows: Rows, weights: OnlineWeights, moved: Moved) -> Answers:
    """Answer the texts anew with what was learned.

    Args:
        answers: of the batch model.
        rows: of the batch model.
        weights: only read; without their words.
        moved: the words.
    """
    count, top_k = answers.label_scores.shape
    adjusted = empty_answers(count, top_k, 0)
    confusions = _spread(weights)
    squares = squares_of(answers.ids, rows)
    found, rarities = np.empty(len(answers.ids) + BLOCK, dtype=np.uint32), np.empty(len(answers.ids) + BLOCK)
    voices = np.empty((_VOICE_COUNT, WIDTH))
    said = voices[STEADY:].reshape(-1)
    for place in range(count):
        begin, end = answers.starts[place], answers.starts[place + 1]
        gather_moved(answers.ids[begin:end], squares[begin:end], moved, found, rarities, voices[BATCH])
        share = share_of(squares[begin:end]) / STEPS_PER_UNIT
        _speak(share, confusions, answers.probabilities[place], voices, said)
        _vote(voices, weights.votes, _ALL, adjusted.probabilities[place])
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
    confusions = _spread(weights)
    squares_of_all = squares_of(answers.ids, rows)
    voices = np.empty((_VOICE_COUNT, WIDTH))
    said = voices[STEADY:].reshape(-1)
    for place in range(len(truth)):
        first, last = answers.starts[place], answers.starts[place + 1]
        ids, squares = answers.ids[first:last], squares_of_all[first:last]
        probabilities = answers.probabilities[place]
        gather(ids, squares, weights.words, voices[BATCH])
        _speak(share_of(squares) / STEPS_PER_UNIT, confusions, probabilities, voices, said)
        _vote(voices, weights.votes, _LEARNED, online[place])
        _vote(voices, weights.votes, _ALL, served[place])
        for head in range(2):
            if truth[place, head] < 0:
                continue
            begin, end = _columns(head)
            times = haste(weights.alarms[head], served[place, begin + truth[place, head]], end - begin)
            _credit(weights.votes[head], voices[:, begin + truth[place, head]])
            for voice in range(_VOICE_COUNT):  # from here on a voice is its error
                voices[voice, begin + truth[place, head]] -= 1
            own = weights.label_confusions if head == 0 else weights.sentiment_confusions
            _learn_confusions(own, voices[:, begin:end], probabilities[begin:end], times)
            _copy_confusions(own, begin, confusions)
            _learn_words(ids, squares, weights.words, voices[STEADY], begin, end, times)
            weights.learned[head] += 1


@cache
def load_adjust() -> Adjust:
    """Give the compiled `adjust_answers`."""
    moved = moved_of(fresh_weights().words)
    return cached(adjust_answers, (*_state(), numba.typeof(moved)))


@cache
def load_learn() -> Learn:
    """Give the compiled `learn_labels`."""
    floats = numba.typeof(np.zeros((0, COLUMNS)))
    return cached(learn_labels, (*_state(), numba.typeof(np.zeros((0, 2), dtype=np.int64)), floats, floats))


def _state() -> Signature:
    return numba.typeof(empty_answers.py_func(0, 1, 0)), numba.typeof(NO_ROWS), numba.typeof(fresh_weights())


@njit
def _spread(weights: OnlineWeights) -> FloatArray:
    """Lay V of both voices and both heads out for `_speak`.

    Returns:
        Shape (`WIDTH`, 2 x `WIDTH`): of each column of the batch model, what it adds to those of both voices.
    """
    spread = np.zeros((WIDTH, _CORRECTING * WIDTH))
    _copy_confusions(weights.label_confusions, 0, spread)
    _copy_confusions(weights.sentiment_confusions, _LABEL_COUNT, spread)
    return spread


@part
def _copy_confusions(confusions: FloatArray, begin: int, spread: FloatArray) -> None:
    """Copy V of one head, whose first column is `begin`."""
    voices, classes, _ = confusions.shape
    for voice in range(voices):
        for other in range(classes):
            for column in range(classes):
                spread[begin + other, voice * WIDTH + begin + column] = confusions[voice, other, column]


@part
def _speak(share: float, confusions: FloatArray, probabilities: FloatArray, voices: Voices, said: FloatArray) -> None:
    """Fill `voices`, of shape (3, `WIDTH`), with what each says of one text; the first holds its words before.

    Args:
        share: what the words count.
        confusions: from `_spread`.
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
    for begin in range(0, WIDTH, BLOCK):
        one, two, three, four = batch[begin], batch[begin + 1], batch[begin + 2], batch[begin + 3]
        for column in range(_CORRECTING * WIDTH):
            said[column] += (confusions[begin, column] * one + confusions[begin + 1, column] * two) + (
                confusions[begin + 2, column] * three + confusions[begin + 3, column] * four
            )
    for voice in range(_CORRECTING):
        for head in range(2):
            begin, end = _columns(head)
            _lower(voices[STEADY + voice, begin:end])
    exponentials(said)
    for voice in range(_CORRECTING):
        for column in range(COLUMNS):
            voices[STEADY + voice, column] *= max(batch[column], _LEAST[voice])
        for head in range(2):
            begin, end = _columns(head)
            _share_out(voices[STEADY + voice, begin:end])


@part
def _lower(said: FloatArray) -> None:
    """Make 0 the highest, which changes no share and keeps the exponentials in bounds."""
    highest = said[0]
    for column in range(1, len(said)):
        highest = max(highest, said[column])
    for column in range(len(said)):
        said[column] -= highest


@part
def _share_out(said: FloatArray) -> None:
    """Divide by the sum."""
    total = 0.0
    for column in range(len(said)):
        total += said[column]
    share = 1 / total
    for column in range(len(said)):
        said[column] *= share


@part
def _vote(voices: Voices, votes: FloatArray, first: int, answer: FloatArray) -> None:
    """Fill `answer` with the mean of the voices from the first on, weighed by their votes."""
    for head in range(2):
        begin, end = _columns(head)
        total = 0.0
        for voice in range(first, _VOICE_COUNT):
            total += votes[head, voice]
        for column in range(begin, end):
            answer[column] = 0.0
        for voice in range(first, _VOICE_COUNT):
            share = votes[head, voice] / total
            for column in range(begin, end):
                answer[column] += share * voices[voice, column]


@part
def _columns(head: int) -> tuple[int, int]:
    """Where a head's columns begin and end."""
    return (0, _LABEL_COUNT) if head == 0 else (_LABEL_COUNT, COLUMNS)


@part
def _credit(votes: FloatArray, said_of_truth: FloatArray) -> None:
    total = 0.0
    for voice in range(_VOICE_COUNT):
        votes[voice] *= max(said_of_truth[voice], LEAST_CREDIT) ** VOTE_RATE
        total += votes[voice]
    for voice in range(_VOICE_COUNT):
        votes[voice] = (1 - VOTE_SHARE) * votes[voice] / total + VOTE_SHARE / _VOICE_COUNT


@part
def _learn_confusions(confusions: FloatArray, errors: Voices, probabilities: FloatArray, times: float) -> None:
    for voice in range(_CORRECTING):
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
