"""The careful predictor: the fast model's answers, and the teacher's opinion on those it is least sure of."""

import copy
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.calibration import FloatArray
from models.careful.budget import Budget
from models.careful.doubt import doubt_threshold, doubts_of
from models.contracts import Predictor
from models.features import IntArray
from models.predictions import ANSWERERS, Columns, Predictions
from models.predictor import Said
from models.records import ModelVersion, Tweet
from models.taxonomy import SENTIMENTS, Sentiment
from models.weights import COLUMNS, HEAD_COLUMNS

logger = logging.getLogger(__name__)

_TEACHER_WEIGHT = 0.6  # of the mean of both models' probabilities
_TEACHER = ANSWERERS.index("teacher")
_DECIMALS = 6  # as the kernel rounds
_BULLISH, _BEARISH = SENTIMENTS.index(Sentiment.BULLISH), SENTIMENTS.index(Sentiment.BEARISH)

Count = Callable[[str, int], None]
"""Told an outcome, and how many texts had it; see `OUTCOMES`."""
OUTCOMES = ("answered", "over_budget", "late", "failed")
"""What becomes of a text that the fast model is unsure of; it is answered by that model alone but for the first."""


class FastPredictor(Protocol):
    """The part of `models.predictor.ScorerPredictor` that is used."""

    @property
    def model(self) -> ModelVersion:
        """The versions that answer."""

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        """Classify n tweets."""

    def say(self, texts: Sequence[str]) -> Said:
        """Answer n texts."""

    def signed(self, said: Said) -> Predictions:
        """Say in whose name the answers are."""


class Teacher(Protocol):
    """The part of `models.careful.teacher.ServedTeacher` that is used."""

    @property
    def doubts(self) -> FloatArray:
        """The fast model's doubts of held-out tweets, see `models.careful.doubt.doubt_quantiles`."""

    def probabilities(self, text: str) -> FloatArray:
        """Give each class of both heads its probability; shape (`COLUMNS`,)."""


@dataclass(frozen=True)
class Care:
    """How much care is taken.

    Attributes:
        share: of tweets like the held-out ones that the teacher is to see, the least sure ones; 0 to 1.
        tweets_per_second: most tweets that it sees in a second, on average; above 0.
        wait_seconds: longest time that a call of `predict` waits for it, give or take one tweet.
        count: told what became of each tweet that is sent to the teacher.
    """

    share: float
    tweets_per_second: float
    wait_seconds: float
    count: Count


class CarefulPredictor:
    """Implements `models.contracts.Predictor`; safe to share between threads, and never raises for the teacher's sake.

    Which tweets are doubtful depends on their text alone. Whether the teacher is asked depends also on the budget, on
    the time it takes, and on whether another thread is asking: a call never waits for another.

    Attributes:
        fast: answers all, and alone where the teacher is not asked.
    """

    def __init__(
        self, fast: FastPredictor, teacher: Teacher, care: Care, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.fast = fast
        self._teacher = teacher
        self._care = care
        self._clock = clock
        self._threshold = doubt_threshold(teacher.doubts, share=care.share)
        self._budget = Budget(care.tweets_per_second, clock=clock)
        self._lock = threading.Lock()
        self._has_failed = False

    @property
    def model(self) -> ModelVersion:
        """The version that both models belong to."""
        return self.fast.model

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        """Classify n tweets by their texts, in the same order. Never raises for any text; n may be 0."""
        texts = [tweet.text for tweet in tweets]
        said = self.fast.say(texts)
        probabilities = said.answers.probabilities
        answered, taught = self._second_opinions(texts, probabilities)
        predictions = self.fast.signed(said)
        if len(answered):
            _replace(predictions.columns, answered, mixed(probabilities[answered], taught))
        return predictions

    def with_fast(self, fast_predictor: FastPredictor) -> "CarefulPredictor":
        """Give a predictor that takes the same care of another fast one's answers, out of the same budget."""
        other = copy.copy(self)
        other.fast = fast_predictor
        return other

    def _second_opinions(self, texts: list[str], probabilities: FloatArray) -> tuple[IntArray, FloatArray]:
        """Ask the teacher, the most doubtful texts first; gives the rows that it answered and its probabilities."""
        doubts = doubts_of(probabilities)
        doubtful = np.flatnonzero(doubts >= self._threshold)
        rows = doubtful[np.argsort(-doubts[doubtful], kind="stable")]
        found = np.empty((0, COLUMNS))
        if len(rows):
            if self._lock.acquire(blocking=False):
                try:
                    rows = self._within_budget(rows)
                    found = self._ask([texts[row] for row in rows])
                    self._budget.spend(len(found))
                finally:
                    self._lock.release()
            else:
                self._count("over_budget", len(rows))
        return rows[: len(found)], found

    def _within_budget(self, rows: IntArray) -> IntArray:
        left = max(0, self._budget.left())
        self._count("over_budget", len(rows) - left)
        return rows[:left]

    def _ask(self, texts: list[str]) -> FloatArray:
        """Give the teacher's answers to as many texts as there is time for."""
        found: list[FloatArray] = []
        end = self._clock() + self._care.wait_seconds
        otherwise = "late"
        try:
            for text in texts:
                if found and self._clock() >= end:
                    break
                found.append(self._teacher.probabilities(text))
        except Exception as exc:  # noqa: BLE001  # whatever it is, the fast model has answered
            otherwise = "failed"
            self._note(exc)
        self._count("answered", len(found))
        self._count(otherwise, len(texts) - len(found))
        return np.array(found).reshape(len(found), COLUMNS)

    def _count(self, outcome: str, texts: int) -> None:
        if texts > 0:
            self._care.count(outcome, texts)

    def _note(self, exc: Exception) -> None:
        if not self._has_failed:  # once: a stream would say it a thousand times a second
            self._has_failed = True
            extra = {"model": self.model.version, "error": f"{type(exc).__name__}: {exc}"}
            logger.error("teacher_fails_fast_model_answers", extra=extra)


def fast(predictor: Predictor) -> Predictor:
    """Give of a careful predictor the fast one, whose answers depend on the text alone; any other is itself."""
    return predictor.fast if isinstance(predictor, CarefulPredictor) else predictor


def mixed(fast_probabilities: FloatArray, teacher_probabilities: FloatArray) -> FloatArray:
    """Give what both models say together of n texts; all of shape (n, `COLUMNS`)."""
    return _TEACHER_WEIGHT * teacher_probabilities + (1 - _TEACHER_WEIGHT) * fast_probabilities


def _replace(columns: Columns, rows: IntArray, probabilities: FloatArray) -> None:
    """Put the answers that these probabilities give into some rows of the columns."""
    labels, sentiments = (probabilities[:, head] for head in HEAD_COLUMNS)
    best = np.argsort(-labels, axis=1, kind="stable")[:, : columns.labels.shape[1]]
    columns.labels[rows] = best
    columns.label_scores[rows] = np.take_along_axis(labels, best, axis=1).round(_DECIMALS)
    columns.sentiments[rows] = sentiments.argmax(axis=1)
    columns.sentiment_scores[rows] = (sentiments[:, _BULLISH] - sentiments[:, _BEARISH]).round(_DECIMALS)
    columns.answerers[rows] = columns.sentiment_answerers[rows] = _TEACHER
