"""train(split, arguments) -> TrainingResult: both heads fitted, measured on held-out tweets, then fitted for use."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models import batch
from models.arguments import TrainingArguments
from models.calibration import FloatArray, fit_temperature
from models.dataset import HeadSplit, LabelledTweets, Split
from models.evaluation import Evaluation, HeadPerformance, evaluate
from models.features import IntArray, feature_rows
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import Weights

_CLASS_COUNTS = (len(LABELS), len(SENTIMENTS))

Progress = Callable[[str, int, int], None]
"""Told of each step: what begins now, steps done, steps in all."""


@dataclass(frozen=True)
class TrainingResult:
    """A model to use, and how its like fares.

    Attributes:
        weights: of both heads; fitted on all tweets where the held-out ones were split off, on the training tweets
            alone where the published validation files were held out.
        measured_weights: fitted on the training tweets alone.
        evaluation: of `measured_weights` on held-out tweets; `weights` carry its coverage curve.
        label_tweets: tweets that the label head of `weights` was fitted on.
        sentiment_tweets: tweets that the sentiment head of `weights` was fitted on.
        is_refitted: True when the held-out tweets are among those.
    """

    weights: Weights
    measured_weights: Weights
    evaluation: Evaluation
    label_tweets: int
    sentiment_tweets: int
    is_refitted: bool

    @property
    def labels(self) -> HeadPerformance:
        """How the label head of `measured_weights` fares."""
        return self.evaluation.labels.performance

    @property
    def sentiments(self) -> HeadPerformance:
        """How its sentiment head fares."""
        return self.evaluation.sentiments.performance


def train(split: Split, arguments: TrainingArguments, *, progress: Progress) -> TrainingResult:
    """Train both heads; equal input gives equal weights.

    Args:
        split: at least two classes in each head's training tweets.
        arguments: see there.
        progress: told of each step.
    """
    steps = _Steps(progress, total=3 if split.is_published else 5)
    labelled, felt = split.labels.train, split.sentiments.train
    weights = measured = _fit(labelled, felt, arguments, steps)
    steps.begin("measuring on held-out tweets")
    evaluation = evaluate(measured, split)
    if not split.is_published:
        labelled, felt = _all(split.labels), _all(split.sentiments)
        weights = _fit(labelled, felt, arguments, steps)
    weights = replace(weights, coverage=np.array(evaluation.labels.coverage))
    steps.finish()
    return TrainingResult(weights, measured, evaluation, len(labelled), len(felt), not split.is_published)


def fit_unseen(split: Split, arguments: TrainingArguments, *, progress: Progress) -> Weights:
    """Fit both heads on the training tweets alone, as `TrainingResult.measured_weights` are."""
    steps = _Steps(progress, total=2)
    weights = _fit(split.labels.train, split.sentiments.train, arguments, steps)
    steps.finish()
    return weights


class _Steps:
    def __init__(self, progress: Progress, *, total: int) -> None:
        self._progress, self._total, self._done = progress, total, -1

    def begin(self, step: str) -> None:
        self._done += 1
        self._progress(step, self._done, self._total)

    def finish(self) -> None:
        self._progress("done", self._total, self._total)


def _fit(labelled: LabelledTweets, felt: LabelledTweets, arguments: TrainingArguments, steps: _Steps) -> Weights:
    steps.begin(f"hashing {len(labelled) + len(felt):,} tweets")
    hashed = [batch.HashedTweets(*feature_rows(tweets.texts)) for tweets in (labelled, felt)]
    space = batch.feature_space(
        hashed[0].counts() + hashed[1].counts(),
        tweet_count=len(labelled) + len(felt),
        min_tweets=arguments.min_tweets_per_feature,
    )
    steps.begin(f"fitting both heads on {len(space.ids):,} features")
    strengths = (arguments.label_inverse_regularisation, arguments.sentiment_inverse_regularisation)
    heads, temperatures = [], []
    for tweets, hashes, class_count, strength in zip((labelled, felt), hashed, _CLASS_COUNTS, strengths, strict=True):
        head, temperature = _fit_head(space.matrix(hashes), tweets, class_count, strength, arguments)
        heads.append(head)
        temperatures.append(temperature)
    return batch.export_weights(space, (heads[0], heads[1]), np.array(temperatures))


def _fit_head(
    matrix: batch.Matrix, tweets: LabelledTweets, class_count: int, strength: float, arguments: TrainingArguments
) -> tuple[batch.LinearHead, float]:
    def fitted(rows: slice | IntArray) -> batch.LinearHead:
        return batch.fit_head(
            matrix[rows],
            tweets.classes[rows],
            class_count=class_count,
            inverse_regularisation=strength,
            seed=arguments.seed,
        )

    out_of_fold: FloatArray = np.empty((len(tweets), class_count))
    for fit_rows, score_rows in batch.folds(tweets.classes, fold_count=arguments.fold_count, seed=arguments.seed):
        out_of_fold[score_rows] = fitted(fit_rows).scores(matrix[score_rows])
    return fitted(slice(None)), fit_temperature(out_of_fold, tweets.classes)


def _all(head: HeadSplit) -> LabelledTweets:
    return head.train.joined(head.held_out)
