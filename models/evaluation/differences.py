"""How much better or worse one model's metrics are than another's, with 95 % intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.calibration import FloatArray
from models.data.dataset import Classes, Split
from models.evaluation.intervals import RESAMPLES, bootstrap_interval
from models.evaluation.metrics import HeadPerformance
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.training.report import Report
from models.weights import Weights

_SEED = 1
_NORMAL_95 = 1.96  # standard errors on each side that hold 95 % of a normal distribution


@dataclass(frozen=True)
class MetricDifference:
    """A candidate's metric less the champion's.

    Attributes:
        metric: head and metric, such as `labels accuracy`.
        value: of shares from 0 to 1, so -1 to 1.
        low: lower end of the 95 % interval.
        high: upper end.
    """

    metric: str
    value: float
    low: float
    high: float


def paired_differences(candidate: Weights, champion: Weights, split: Split) -> tuple[MetricDifference, ...]:
    """Score both on the same held-out tweets, neither having seen them; bootstrap over the tweets.

    Both models answer the same resampled tweets each time, so what is hard for both does not widen the interval.
    """
    ours, theirs = Scorer(candidate), Scorer(champion)
    labelled, with_sentiment = split.labels.held_out, split.sentiments.held_out
    labels = [scorer.probabilities(labelled.texts).labels.argmax(axis=1) for scorer in (ours, theirs)]
    sentiments = [scorer.probabilities(with_sentiment.texts).sentiments.argmax(axis=1) for scorer in (ours, theirs)]
    gains = (
        *paired_gains(labels[0], labels[1], truth=labelled.classes, class_count=len(LABELS)),
        *paired_gains(sentiments[0], sentiments[1], truth=with_sentiment.classes, class_count=len(SENTIMENTS)),
    )
    metrics = [f"{head} {name}" for head in ("labels", "sentiments") for name in ("accuracy", "macro-F1")]
    return tuple(joint_difference(metric, [gain]) for metric, gain in zip(metrics, gains, strict=True))


def paired_gains(
    ours: Classes, theirs: Classes, *, truth: Classes, class_count: int, seed: int = _SEED
) -> tuple[FloatArray, FloatArray]:
    """Bootstrap over tweets how much greater our accuracy and our macro-F1 are.

    For arguments and shapes see `resampled_metrics`.
    """
    of_ours, of_theirs = resampled_metrics(ours, theirs, truth=truth, class_count=class_count, seed=seed)
    return of_ours.accuracy - of_theirs.accuracy, of_ours.macro_f1 - of_theirs.macro_f1


class Resampled(NamedTuple):
    """A model's accuracy and macro-F1, each of shape (1 + resamples,): first on all tweets, then on each draw."""

    accuracy: FloatArray
    macro_f1: FloatArray


def resampled_metrics(  # two answers to the same question, and how to weigh it
    ours: Classes,
    theirs: Classes,
    *,
    truth: Classes,
    class_count: int,
    weights: FloatArray | None = None,
    seed: int = _SEED,
) -> tuple[Resampled, Resampled]:
    """Measure two models on the same tweets and on the same draws of them.

    Drawing n tweets with replacement is drawing from a multinomial distribution over the different (ours, theirs, truth,
    weight).

    Args:
        ours: what one model answers, shape (n,), n at least 1.
        theirs: what the other answers.
        truth: what is right.
        class_count: classes of the head.
        weights: how much each tweet counts, shape (n,), above 0; None where all count the same.
        seed: of the draws.
    """
    each = np.ones(len(truth)) if weights is None else weights
    cells, sizes = np.unique(np.stack([ours, theirs, truth, each]), axis=1, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(truth), sizes / len(truth), size=RESAMPLES)
    counts = np.vstack([sizes, draws]) * cells[3]
    our_answers, their_answers, right = cells[:3].astype(np.int64)
    true, totals = np.eye(class_count)[right], counts.sum(axis=1)

    def metrics(answered: Classes) -> Resampled:
        said = np.eye(class_count)[answered]
        both, either = counts @ (said * true), counts @ (said + true)
        f1 = np.divide(2 * both, either, out=np.zeros_like(both), where=either > 0)
        return Resampled(both.sum(axis=1) / totals, f1.sum(axis=1) / (either > 0).sum(axis=1))

    return metrics(our_answers), metrics(their_answers)


def joint_difference(metric: str, gains: Sequence[FloatArray]) -> MetricDifference:
    """Give the mean of gains from `paired_gains`, with the 95 % interval of its draws."""
    gain = np.mean(gains, axis=0)
    interval = bootstrap_interval(gain[1:])
    return MetricDifference(metric, float(gain[0]), interval.low, interval.high)


def recorded_differences(candidate: Report, champion: Report) -> tuple[MetricDifference, ...]:
    """Compare what was measured at each training, on held-out tweets that may differ.

    The intervals are approximations: accuracy as a share of independent tweets, a class's F1 as a share of its tweets.
    """
    return tuple(
        _unpaired(f"{head} {name}", ours, theirs, measure=measure, error=error)
        for head, ours, theirs in (
            ("labels", candidate.labels, champion.labels),
            ("sentiments", candidate.sentiments, champion.sentiments),
        )
        for name, measure, error in (
            ("accuracy", lambda head: head.accuracy, _accuracy_error),
            ("macro-F1", lambda head: head.macro_f1, _macro_f1_error),
        )
    )


def _unpaired(
    metric: str,
    ours: HeadPerformance,
    theirs: HeadPerformance,
    *,
    measure: Callable[[HeadPerformance], float],
    error: Callable[[HeadPerformance], float],
) -> MetricDifference:
    value = measure(ours) - measure(theirs)
    margin = _NORMAL_95 * float(np.hypot(error(ours), error(theirs)))
    return MetricDifference(metric, value, value - margin, value + margin)


def _accuracy_error(head: HeadPerformance) -> float:
    return float(np.sqrt(head.accuracy * (1 - head.accuracy) / max(head.tweets, 1)))


def _macro_f1_error(head: HeadPerformance) -> float:
    f1 = np.array([one.f1 for one in head.classes.values()])
    tweets = np.array([max(one.tweets, 1) for one in head.classes.values()])
    return float(np.sqrt((f1 * (1 - f1) / tweets).sum()) / len(f1))
