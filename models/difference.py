"""How much better or worse one model is than another, with 95 % intervals."""

from collections.abc import Callable, Sequence
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
    gains = (
        *paired_gains(labels[0], labels[1], truth=labelled.classes, class_count=len(LABELS)),
        *paired_gains(sentiments[0], sentiments[1], truth=felt.classes, class_count=len(SENTIMENTS)),
    )
    metrics = [f"{head} {name}" for head in ("labels", "sentiments") for name in ("accuracy", "macro-F1")]
    return tuple(joint_difference(metric, [gain]) for metric, gain in zip(metrics, gains, strict=True))


def paired_gains(
    ours: Classes, theirs: Classes, *, truth: Classes, class_count: int, seed: int = _SEED
) -> tuple[FloatArray, FloatArray]:
    """Bootstrap over tweets how much greater our accuracy and our macro-F1 are.

    Drawing n tweets with replacement is drawing from a multinomial distribution over the different (ours, theirs, truth).

    Args:
        ours: what one model answers, shape (n,), n at least 1.
        theirs: what the other answers.
        truth: what is right.
        class_count: classes of the head.
        seed: of the draws.

    Returns:
        Two arrays of shape (1 + resamples,): first the value on all tweets, then on each draw.
    """
    answers, sizes = np.unique(np.stack([ours, theirs, truth]), axis=1, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(truth), sizes / len(truth), size=RESAMPLES)
    counts = np.vstack([sizes, draws]).astype(np.float64)
    true = np.eye(class_count)[answers[2]]

    def metrics(answered: Classes) -> tuple[FloatArray, FloatArray]:
        said = np.eye(class_count)[answered]
        both, either = counts @ (said * true), counts @ (said + true)
        f1 = np.divide(2 * both, either, out=np.zeros_like(both), where=either > 0)
        return both.sum(axis=1) / len(truth), f1.sum(axis=1) / (either > 0).sum(axis=1)

    accuracy, macro_f1 = (a - b for a, b in zip(metrics(answers[0]), metrics(answers[1]), strict=True))
    return accuracy, macro_f1


def joint_difference(metric: str, gains: Sequence[FloatArray]) -> Difference:
    """Give the mean of gains from `paired_gains`, with the 95 % interval of its draws."""
    gain = np.mean(gains, axis=0)
    interval = bootstrap_interval(gain[1:])
    return Difference(metric, float(gain[0]), interval.low, interval.high)


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
