"""What care gives and what it costs: quality and speed by the share of tweets that the teacher sees."""

import time
from collections.abc import Sequence

import msgspec
import numpy as np

from models.calibration import FloatArray
from models.careful.doubt import doubt_quantiles, doubt_threshold, doubts_of
from models.careful.predictor import Care, CarefulPredictor, Teacher, mixed
from models.data.dataset import Split
from models.evaluation.metrics import head_performance, held_out_scalings
from models.predictor import ScorerPredictor
from models.records import ModelVersion, Tweet
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.training.scaling import cross_fitted, scaled
from models.training.soft_labels import Distillation
from models.weights import HEAD_COLUMNS, Weights

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
_CHUNK_TWEETS = 500  # as the worker has them
_TOP_K = 3  # the same
_NO_END = 1e9  # tweets a second, and seconds: nothing is left to the fast model for want of time


class CarefulHead(msgspec.Struct, frozen=True):
    """How one head fares on its held-out tweets; see `models.evaluation.metrics.HeadPerformance`."""

    accuracy: float
    macro_f1: float
    calibration_error: float


class CarefulPoint(msgspec.Struct, frozen=True):
    """What is reached when the teacher sees a share of the tweets.

    Attributes:
        share: of both heads' held-out tweets together, those the fast model is least sure of, 0 to 1.
        labels: the label head.
        sentiments: the sentiment head.
        tweets_per_second: measured on one core with no limit but the share, in chunks of 500 tweets.
    """

    share: float
    labels: CarefulHead
    sentiments: CarefulHead
    tweets_per_second: float


def served_weights(weights: Weights, split: Split) -> Weights:
    """Give weights that were fitted on the training tweets the scaling that they would be served with."""
    if split.is_published:
        return weights
    return scaled(weights, held_out_scalings(weights, split))


def held_out_doubts(weights: Weights, split: Split) -> FloatArray:
    """Give the doubts of both heads' held-out tweets, see `models.careful.doubt.doubt_quantiles`."""
    texts = split.labels.held_out.texts + split.sentiments.held_out.texts
    return doubt_quantiles(doubts_of(Scorer(weights).answers(texts, top_k=1).probabilities))


def careful_points(weights: Weights, served: Weights, teacher: Teacher, split: Split) -> tuple[CarefulPoint, ...]:
    """Measure each of `SHARES` on held-out tweets.

    Args:
        weights: as they were fitted; neither they nor the teacher have seen a held-out tweet.
        served: the same, see `served_weights`.
        teacher: carries the doubts of these tweets.
        split: where the held-out tweets are.
    """
    raw, fast_scorer = Scorer(weights), Scorer(served)
    labels, sentiments = (_HeldOut(raw, fast_scorer, teacher, split, place=place) for place in (0, 1))
    tweets = [Tweet(text) for text in split.labels.held_out.texts + split.sentiments.held_out.texts]
    fast = ScorerPredictor(fast_scorer, ModelVersion("measured", "0"), _TOP_K)
    points = []
    for share in SHARES:
        threshold = doubt_threshold(teacher.doubts, share=share)
        care = Care(share, tweets_per_second=_NO_END, wait_seconds=_NO_END, count=lambda _outcome, _tweets: None)
        speed = _tweets_per_second(CarefulPredictor(fast, teacher, care), tweets)
        points.append(CarefulPoint(share, labels.scores(threshold), sentiments.scores(threshold), speed))
    return tuple(points)


def served_teacher(distiller: Distillation, weights: Weights, split: Split) -> tuple[bytes, tuple[CarefulPoint, ...]]:
    """Make the file of a teacher that can be served beside weights, and measure both together.

    Args:
        distiller: has the teacher.
        weights: that learned from it; neither has seen a held-out tweet.
        split: where the held-out tweets are.
    """
    from models.careful.teacher import ServedTeacher  # noqa: PLC0415  # an extra, may be absent

    served = served_weights(weights, split)
    content = distiller.served(held_out_doubts(served, split))
    return content, careful_points(weights, served, ServedTeacher(content), split)


class _HeldOut:
    """One head's held-out tweets as both models see them."""

    def __init__(self, raw: Scorer, fast: Scorer, teacher: Teacher, split: Split, *, place: int) -> None:
        head = (split.labels, split.sentiments)[place]
        texts, self._truth = head.held_out.texts, head.held_out.classes
        self._names, self._columns = (LABELS, SENTIMENTS)[place], HEAD_COLUMNS[place]
        self._fast = fast.answers(texts, top_k=1).probabilities
        self._doubts = doubts_of(self._fast)
        if not split.is_published:
            # As `models.evaluation.metrics.evaluate` has it: the scaling was fitted on these tweets.
            scores = raw.answers(texts, top_k=1).scores[:, self._columns]
            self._fast[:, self._columns] = cross_fitted(scores, self._truth)
        self._mixed = mixed(self._fast, np.array([teacher.probabilities(text) for text in texts]))

    def scores(self, threshold: float) -> CarefulHead:
        is_asked = self._doubts >= threshold
        probabilities = np.where(is_asked[:, None], self._mixed, self._fast)[:, self._columns]
        found = head_performance(probabilities, self._truth, self._names)
        return CarefulHead(found.accuracy, found.macro_f1, found.calibration_error)


def _tweets_per_second(predictor: CarefulPredictor, tweets: Sequence[Tweet]) -> float:
    chunks = [tweets[first : first + _CHUNK_TWEETS] for first in range(0, len(tweets), _CHUNK_TWEETS)]
    predictor.predict(chunks[0][:1])  # the first call of a process is slower
    begin = time.perf_counter()
    for chunk in chunks:
        predictor.predict(chunk)
    return len(tweets) / (time.perf_counter() - begin)
