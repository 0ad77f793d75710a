"""The online model compiled: what it says of n texts, and how it learns from labels; see `models.online.rules`.

Both begin where the kernel ends: with its answers, which hold the batch model's probabilities and the feature ids.
"""

import math
from collections.abc import Callable
from functools import cache

import numba
import numpy as np
import numpy.typing as npt
from numba import int64

from models.calibration import FloatArray
from models.compiled.alarms import haste
from models.compiled.answering import empty_answers, summarise
from models.compiled.caching import Signature, cached
from models.compiled.layout import Answers, Moved, moved_of
from models.compiled.part import part
from models.compiled.words import MASK, RARITIES, Ids, Squares, gather, gather_moved, share_of
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

Adjust = Callable[[Answers, Squares, OnlineWeights, Moved], Answers]
Learn = Callable[[Answers, Squares, OnlineWeights, Classes, FloatArray, FloatArray], None]

_LABEL_COUNT = len(LABELS)
_VOICE_COUNT = len(VOICES)
_ALL, _LEARNED = int64(BATCH), int64(STEADY)  # the first of the voices that are heard
_CORRECTING = len(CONFUSION_RATES)
_RATES = np.array(CONFUSION_RATES)
_LEAST = np.array(LEAST_PROBABILITIES)
_LOG_LEAST = np.log(_LEAST)


def adjust_answers(answers: Answers, squares: Squares, weights: OnlineWeights, moved: Moved) -> Answers:
    """Answer the texts anew with what was learned.

    Args:
        answers: of the batch model.
        squares: of the batch model, see `models.online.weights.squares_of`.
        weights: only read; without their words.
        moved: the words.
    """
    count, top_k = answers.label_scores.shape
    adjusted = empty_answers(count, top_k, 0)
    voices = np.empty((_VOICE_COUNT, COLUMNS))
    for place in range(count):
        ids = answers.ids[answers.starts[place] : answers.starts[place + 1]]
        gather_moved(ids, squares, moved, voices[BATCH])
        _speak(answers, squares, weights, place, voices)
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
    answers: Answers, squares: Squares, weights: OnlineWeights, truth: Classes, online: FloatArray, served: FloatArray
) -> None:
    """Score each text, then learn its labels, one text after the other.

    Args:
        answers: of the batch model.
        squares: of the batch model.
        weights: changed.
        truth: int64 of shape (n, 2): the class of each head, counted within the head; below 0 for no label.
        online: of shape (n, `COLUMNS`); gets what the learned voices said before, in the mean of their votes.
        served: the same, with the batch voice.
    """
    voices = np.empty((_VOICE_COUNT, COLUMNS))
    for place in range(len(truth)):
        ids = answers.ids[answers.starts[place] : answers.starts[place + 1]]
        probabilities = answers.probabilities[place]
        gather(ids, squares, weights.words, voices[BATCH])
        _speak(answers, squares, weights, place, voices)
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
            confusions = weights.label_confusions if head == 0 else weights.sentiment_confusions
            _learn_confusions(confusions, voices[:, begin:end], probabilities[begin:end], times)
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
    parts = empty_answers.py_func(0, 1, 0), np.zeros(0, dtype=np.uint8), fresh_weights()
    return tuple(numba.typeof(one) for one in parts)


@part
def _speak(answers: Answers, squares: Squares, weights: OnlineWeights, place: int, voices: Voices) -> None:
    """Fill `voices`, of shape (3, `COLUMNS`), with what each says of one text; the first holds its words before."""
    ids = answers.ids[answers.starts[place] : answers.starts[place + 1]]
    evidence = voices[BATCH]  # until the batch voice takes its place
    share = share_of(ids, squares) / STEPS_PER_UNIT
    probabilities = answers.probabilities[place]
    for column in range(COLUMNS):
        learned, probability = evidence[column] * share, probabilities[column]
        logarithm = math.log(probability) if probability > _LEAST[0] else _LOG_LEAST[0]  # most need no logarithm
        for voice in range(_CORRECTING):
            voices[STEADY + voice, column] = max(logarithm, _LOG_LEAST[voice]) + learned
        evidence[column] = probability
    for voice in range(_CORRECTING):
        said = voices[STEADY + voice]
        _correct(weights.label_confusions[voice], probabilities[:_LABEL_COUNT], said[:_LABEL_COUNT])
        _correct(weights.sentiment_confusions[voice], probabilities[_LABEL_COUNT:], said[_LABEL_COUNT:])


@part
def _correct(confusions: FloatArray, probabilities: FloatArray, said: Voices) -> None:
    """Add V P to the scores in `said`, then turn them into probabilities."""
    for other in range(len(said)):
        for column in range(len(said)):
            said[column] += confusions[other, column] * probabilities[other]
    highest = -np.inf
    for column in range(len(said)):
        highest = max(highest, said[column])
    total = 0.0
    for column in range(len(said)):
        said[column] = math.exp(said[column] - highest)
        total += said[column]
    for column in range(len(said)):
        said[column] /= total


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
    rate = times * WORD_RATE * STEPS_PER_UNIT * share_of(ids, squares)
    for column in range(begin, end):
        if abs(errors[column]) < LEAST_ERROR:
            continue
        for number in ids:
            moved = words[number & MASK, column] - rate * errors[column] * RARITIES[squares[number]]
            words[number & MASK, column] = int64(min(max(np.rint(moved), -LARGEST_STEP), LARGEST_STEP))
