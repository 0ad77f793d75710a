"""train(split, arguments) -> TrainingResult: both heads fitted, measured on held-out tweets, then fitted for use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.data.dataset import NO_TWEETS, HeadSplit, LabelledTweets, Split
from models.evaluation.metrics import Evaluation, HeadPerformance, evaluate, held_out_scalings
from models.taxonomy import LABELS, SENTIMENTS
from models.training.arguments import TrainingArguments
from models.training.fitting import FIT_STEPS, fit
from models.training.scaling import Scaling, unscaled
from models.training.soft_labels import Teach
from models.weights import Weights

Progress = Callable[[str, int, int], None]
"""Told of each step: what begins now, steps done, steps in all."""


@dataclass(frozen=True)
class TrainingResult:
    """A model to use, and how its like fares.

    Attributes:
        weights: of both heads; fitted on all tweets but the published validation files, where those were held out.
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


def train(split: Split, arguments: TrainingArguments, *, teach: Teach | None, progress: Progress) -> TrainingResult:
    """Train both heads; equal input gives equal weights.

    Args:
        split: at least two classes in each head's training tweets.
        arguments: see there.
        teach: gives the soft labels of a teacher, for the training tweets, then for all; None to learn from labels alone.
        progress: told of each step.
    """
    is_fitted_again = not split.is_published or bool(len(split.labels.newest) or len(split.sentiments.newest))
    steps = _Steps(progress, total=1 + FIT_STEPS * (2 if is_fitted_again else 1))
    labelled, with_sentiment = split.labels.train, split.sentiments.train
    weights = measured = _fit(labelled, with_sentiment, arguments, teach, steps, scalings=scalings_to_measure(split))
    steps.begin("measuring on held-out tweets")
    evaluation = evaluate(measured, split)
    if is_fitted_again:
        labelled, with_sentiment = (
            _all(head, is_published=split.is_published) for head in (split.labels, split.sentiments)
        )
        scalings = None if split.is_published else held_out_scalings(measured, split)
        weights = _fit(labelled, with_sentiment, arguments, teach, steps, scalings=scalings)
    weights = replace(weights, coverage=np.array(evaluation.labels.coverage))
    steps.finish()
    return TrainingResult(weights, measured, evaluation, len(labelled), len(with_sentiment), not split.is_published)


def scalings_to_measure(split: Split) -> tuple[Scaling, Scaling] | None:
    """Give the scalings of weights that are to be measured: none where held-out tweets were split off.

    Their scaling then comes from those tweets: a teacher has seen the tweets of all folds. Published tweets are for
    measuring alone, so None: scalings are fitted out of fold.
    """
    return None if split.is_published else (unscaled(len(LABELS)), unscaled(len(SENTIMENTS)))


class _Steps:
    def __init__(self, progress: Progress, *, total: int) -> None:
        self._progress, self._total, self._done = progress, total, -1

    def begin(self, step: str) -> None:
        self._done += 1
        self._progress(step, self._done, self._total)

    def finish(self) -> None:
        self._progress("done", self._total, self._total)


def _fit(
    labelled: LabelledTweets,
    with_sentiment: LabelledTweets,
    arguments: TrainingArguments,
    teach: Teach | None,
    steps: _Steps,
    *,
    scalings: Sequence[Scaling] | None,
) -> Weights:
    soft_labels = teach(labelled, with_sentiment) if teach else None
    return fit(labelled, with_sentiment, soft_labels, arguments, begin=steps.begin, scalings=scalings)


def _all(head: HeadSplit, *, is_published: bool) -> LabelledTweets:
    held_out = NO_TWEETS if is_published else head.held_out
    return head.train.joined(held_out).joined(head.newest)
