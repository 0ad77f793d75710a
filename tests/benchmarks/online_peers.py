"""The other ways to learn online that the benchmark compares: each gives what it said of every tweet before its label."""

import time

import numpy as np
from numba import njit
from online_cases import Stream

from models.compiled.words import squares_of
from models.online.rules import LEAST_PROBABILITIES, WORD_ROWS
from models.taxonomy import LABELS

Array = np.ndarray

VOTE_RATE, VOTE_SHARE, LEAST_CREDIT = 0.5, 0.01, 0.05


def residual(stream: Stream, *, word_rate: float, confusion_rate: float) -> Array:
    """A single voice; without confusions it is continued training of the batch model's weights."""
    said = np.log(np.maximum(stream.answers().probabilities[:, : len(LABELS)], LEAST_PROBABILITIES[0]))
    return _learn_on(stream, said, word_rate, confusion_rate)


def from_scratch(stream: Stream, *, word_rate: float) -> Array:
    """Softmax regression that knows nothing of the batch model."""
    return _learn_on(stream, np.zeros((len(stream.texts), len(LABELS))), word_rate, 0.0)


def vote(stream: Stream, rates: tuple[tuple[float, float], ...]) -> Array:
    """The batch model and single voices with words of their own, at (word rate, confusion rate) each, weighed by votes."""
    voices = [stream.answers().probabilities[:, : len(LABELS)]]
    voices += [residual(stream, word_rate=word, confusion_rate=confusion) for word, confusion in rates]
    return _voted(np.stack(voices), stream.labels, stream.delay)


def river_softmax(stream: Stream) -> tuple[Array, float]:
    """River's own softmax regression from scratch; also gives the labels learned a second."""
    from river import linear_model, optim  # noqa: PLC0415  # only where it is installed

    model = linear_model.SoftmaxRegression(optimizer=optim.SGD(4), l2=0)
    ids, starts, values = _words(stream)
    said, learning = np.full((len(stream.texts), len(LABELS)), 1 / len(LABELS)), 0.0
    rows = [
        dict(
            zip(ids[starts[place] : starts[place + 1]].tolist(), values[starts[place] : starts[place + 1]], strict=True)
        )
        for place in range(len(stream.texts))
    ]
    for place, row in enumerate(rows):
        for column, share in model.predict_proba_one(row).items():
            said[place, column] = share
        if place >= stream.delay:
            began = time.thread_time()
            model.learn_one(rows[place - stream.delay], int(stream.labels[place - stream.delay]))
            learning += time.thread_time() - began
    return said, len(rows) / learning


def _words(stream: Stream) -> tuple[Array, Array, Array]:
    """The tweets' rows of words one after the other, where each tweet begins, and the words' values."""
    answers = stream.answers()
    roots = np.sqrt(squares_of(answers.ids, stream.scorer.rows).astype(np.float64))
    lengths = np.sqrt(np.add.reduceat(np.append(roots**2, 0), answers.starts[:-1]))
    values = roots / np.repeat(np.maximum(lengths, 1), np.diff(answers.starts))
    return answers.ids % WORD_ROWS, answers.starts, values


def _learn_on(stream: Stream, offsets: Array, word_rate: float, confusion_rate: float) -> Array:
    probabilities = np.ascontiguousarray(stream.answers().probabilities[:, : len(LABELS)])
    return _softmax_stream(
        *_words(stream), offsets, probabilities, stream.labels, stream.delay, word_rate, confusion_rate
    )


@njit
def _softmax_stream(ids, starts, values, offsets, batch, labels, delay, word_rate, confusion_rate):  # noqa: ANN001, ANN202, PLR0913, PLR0917
    count, classes = offsets.shape
    words, confusions = np.zeros((WORD_ROWS, classes)), np.zeros((classes, classes))
    said, p = np.zeros((count, classes)), np.empty(classes)
    for now in range(count + delay):
        for place, is_learning in ((now, False), (now - delay, True)):
            if place < 0 or place >= count:
                continue
            p[:] = offsets[place] + confusions @ batch[place]
            for at in range(starts[place], starts[place + 1]):
                p += words[ids[at]] * values[at]
            p[:] = np.exp(p - p.max())
            p /= p.sum()
            if not is_learning:
                said[place] = p
                continue
            p[labels[place]] -= 1
            for at in range(starts[place], starts[place + 1]):
                words[ids[at]] -= word_rate * values[at] * p
            confusions -= confusion_rate * np.outer(p, batch[place])
    return said


@njit
def _voted(voices, labels, delay):  # noqa: ANN001, ANN202
    count = len(labels)
    votes, said = np.ones(len(voices)) / len(voices), np.zeros(voices.shape[1:])
    for now in range(count):
        for voice in range(len(voices)):
            said[now] += votes[voice] * voices[voice, now]
        if now >= delay:
            for voice in range(len(voices)):
                votes[voice] *= max(voices[voice, now - delay, labels[now - delay]], LEAST_CREDIT) ** VOTE_RATE
            votes = (1 - VOTE_SHARE) * votes / votes.sum() + VOTE_SHARE / len(voices)
    return said
