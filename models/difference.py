"""How much better or worse one model is than another, with 95 % intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.calibration import FloatArray
from models.dataset import Classes, Split
from models.evaluation import HeadPerformance
from models.intervals import RESAMPLES, bootstrap_interval
from models.report import Report
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import Weights

_SEED = 1
_NORMAL_95 = 1.96  # standard errors on each side that hold 95 % of a normal distribution


@dataclass(frozen=True)
class Difference:
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


def paired_differences(candidate: Weights, champion: Weights, split: Split) -> tuple[Difference, ...]:
    """Score both on the same held-out tweets, neither having seen them; bootstrap over the tweets.

    Both models answer the same resampled tweets each time, so what is hard for both does not widen the interval.
    """
    ours, theirs = Scorer(candidate), Scorer(champion)
    labelled, felt = split.labels.held_out, split.sentiments.held_out
    labels = [scorer.probabilities(labelled.texts).labels.argmax(axis=1) for scorer in (ours, theirs)]
    sentiments = [scorer.probabilities(felt.texts).sentiments.argmax(axis=1) for scorer in (ours, theirs)]
    return (
        *_paired("labels", labels[0], labels[1], truth=labelled.classes, class_count=len(LABELS)),
        *_paired("sentiments", sentiments[0], sentiments[1], truth=felt.classes, class_count=len(SENTIMENTS)),
    )


def recorded_differences(candidate: Report, champion: Report) -> tuple[Difference, ...]:
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


def _paired(
    head: str, ours: Classes, theirs: Classes, *, truth: Classes, class_count: int
) -> tuple[Difference, Difference]:
    tweets = len(truth)
    draws = np.random.default_rng(_SEED).multinomial(tweets, np.full(tweets, 1 / tweets), size=RESAMPLES)
    counts = np.vstack([np.ones(tweets), draws])  # the first row is every tweet once: the value itself

    def metrics(answers: Classes) -> tuple[FloatArray, FloatArray]:
        said, true = np.eye(class_count)[answers], np.eye(class_count)[truth]
        both, either = counts @ (said * true), counts @ (said + true)
        f1 = np.divide(2 * both, either, out=np.zeros_like(both), where=either > 0)
        return both.sum(axis=1) / tweets, f1.sum(axis=1) / (either > 0).sum(axis=1)

    accuracy, macro_f1 = (mine - other for mine, other in zip(metrics(ours), metrics(theirs), strict=True))
    return _resampled(f"{head} accuracy", accuracy), _resampled(f"{head} macro-F1", macro_f1)


def _resampled(metric: str, gains: FloatArray) -> Difference:
    """Take the value first, then what resampling gave."""
    interval = bootstrap_interval(gains[1:])
    return Difference(metric, float(gains[0]), interval.low, interval.high)


def _unpaired(
    metric: str,
    ours: HeadPerformance,
    theirs: HeadPerformance,
    *,
    measure: Callable[[HeadPerformance], float],
    error: Callable[[HeadPerformance], float],
) -> Difference:
    value = measure(ours) - measure(theirs)
    margin = _NORMAL_95 * float(np.hypot(error(ours), error(theirs)))
    return Difference(metric, value, value - margin, value + margin)


def _accuracy_error(head: HeadPerformance) -> float:
    return float(np.sqrt(head.accuracy * (1 - head.accuracy) / max(head.tweets, 1)))


def _macro_f1_error(head: HeadPerformance) -> float:
    f1 = np.array([one.f1 for one in head.classes.values()])
    tweets = np.array([max(one.tweets, 1) for one in head.classes.values()])
    return float(np.sqrt((f1 * (1 - f1) / tweets).sum()) / len(f1))
