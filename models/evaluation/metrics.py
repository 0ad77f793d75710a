"""Offline metrics of both heads on held-out tweets: accuracy, F1 by class, calibration, intervals, slices, coverage."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from models.abstention import coverage_curve
from models.calibration import FloatArray, expected_calibration_error
from models.data.dataset import Classes, HeadSplit, Split
from models.evaluation.intervals import Interval, accuracy_interval, confusion_counts, f1_scores, macro_f1_interval
from models.evaluation.slices import SlicePerformance, slice_performances
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.training.scaling import Scaling, cross_fitted, fit_scaling
from models.weights import HEAD_COLUMNS, Weights


class ClassPerformance(msgspec.Struct, frozen=True):
    """How one class fares; the three shares are 0 to 1, and 0 where nothing can be divided."""

    tweets: int
    precision: float
    recall: float
    f1: float


class HeadPerformance(msgspec.Struct, frozen=True):
    """How one head fares on held-out tweets.

    Attributes:
        tweets: number of held-out tweets.
        accuracy: share that is right, 0 to 1.
        macro_f1: mean of the classes' F1, of those classes that occur in truth or answers.
        weighted_f1: mean of the classes' F1, weighted by their held-out tweets.
        calibration_error: expected calibration error over 15 bins, 0 to 1.
        classes: by name, in the head's order.
    """

    tweets: int
    accuracy: float
    macro_f1: float
    weighted_f1: float
    calibration_error: float
    classes: dict[str, ClassPerformance]


class HeadEvaluation(msgspec.Struct, frozen=True):
    """A head's performance, and what it does not tell by itself.

    Attributes:
        performance: the figures.
        accuracy_interval: 95 % interval of the accuracy.
        macro_f1_interval: 95 % interval of the macro-F1.
        slices: kinds of tweets by name, see `models.evaluation.slices`.
        confusion: tweets by true class (outer) and answer (inner), in the order of the performance's classes.
        coverage: (threshold, share answered, share wrong of these) by rising threshold, see `models.abstention`.
    """

    performance: HeadPerformance
    accuracy_interval: Interval
    macro_f1_interval: Interval
    slices: dict[str, SlicePerformance]
    confusion: tuple[tuple[int, ...], ...]
    coverage: tuple[tuple[float, float, float], ...]


class Evaluation(msgspec.Struct, frozen=True):
    """Both heads on held-out tweets."""

    labels: HeadEvaluation
    sentiments: HeadEvaluation

    def heads(self) -> dict[str, HeadEvaluation]:
        """Give both by the name that readers see."""
        return {"topic": self.labels, "sentiment": self.sentiments}


def evaluate(weights: Weights, split: Split) -> Evaluation:
    """Measure weights that were fitted on the split's training tweets on its held-out ones.

    Where the held-out tweets were split off, their scaling is what further tweets get (`held_out_scalings`), so
    probabilities are those of `models.training.scaling.cross_fitted`; published ones are never fitted on.
    """
    heads = [
        _head_evaluation(
            probabilities if split.is_published else cross_fitted(scores, head.held_out.classes),
            head,
            weights,
            names,
        )
        for scores, probabilities, head, names in _held_out(weights, split)
    ]
    return Evaluation(labels=heads[0], sentiments=heads[1])


def held_out_scalings(weights: Weights, split: Split) -> list[Scaling]:
    """Fit the scaling of both heads on the held-out tweets of weights that have not seen them."""
    return [fit_scaling(scores, head.held_out.classes) for scores, _, head, _ in _held_out(weights, split)]


def _held_out(weights: Weights, split: Split) -> Iterator[tuple[FloatArray, FloatArray, HeadSplit, Sequence[str]]]:
    """Give each head's scores and probabilities of its held-out tweets."""
    scorer = Scorer(weights)
    for head, columns, names in zip((split.labels, split.sentiments), HEAD_COLUMNS, (LABELS, SENTIMENTS), strict=True):
        answers = scorer.answers(head.held_out.texts, top_k=1)
        yield answers.scores[:, columns], answers.probabilities[:, columns], head, names


def head_performance(probabilities: FloatArray, truth: Classes, names: Sequence[str]) -> HeadPerformance:
    """Compare probabilities with the truth.

    Args:
        probabilities: shape (n, classes), n at least 1.
        truth: shape (n,), the true classes' columns.
        names: the classes' names, in the order of the columns.
    """
    counts = confusion_counts(probabilities.argmax(axis=1), truth, class_count=len(names))
    right, true, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    f1 = f1_scores(counts)
    shares = (_ratio(right, said), _ratio(right, true), np.nan_to_num(f1))
    classes = zip(true.tolist(), *(share.tolist() for share in shares), strict=True)
    return HeadPerformance(
        tweets=len(truth),
        accuracy=float(right.sum() / len(truth)),
        macro_f1=float(np.nanmean(f1)),
        weighted_f1=float((np.nan_to_num(f1) * true).sum() / len(truth)),
        calibration_error=expected_calibration_error(probabilities, truth),
        classes={name: ClassPerformance(*row) for name, row in zip(names, classes, strict=True)},
    )


def most_confused(head: HeadEvaluation, *, count: int) -> list[tuple[str, str, int]]:
    """List the pairs (truth, answer, tweets) that are confused most often."""
    names = list(head.performance.classes)
    pairs = [
        (names[row], names[column], tweets)
        for row, answers in enumerate(head.confusion)
        for column, tweets in enumerate(answers)
        if row != column and tweets
    ]
    return sorted(pairs, key=lambda pair: -pair[2])[:count]


def _head_evaluation(
    probabilities: FloatArray, head: HeadSplit, weights: Weights, names: Sequence[str]
) -> HeadEvaluation:
    said, truth = probabilities.argmax(axis=1), head.held_out.classes
    counts = confusion_counts(said, truth, class_count=len(names))
    return HeadEvaluation(
        performance=head_performance(probabilities, truth, names),
        accuracy_interval=accuracy_interval(int(np.trace(counts)), len(truth)),
        macro_f1_interval=macro_f1_interval(counts),
        slices=slice_performances(said == truth, head.held_out, train=head.train, weights=weights),
        confusion=tuple(map(tuple, counts.tolist())),
        coverage=tuple(map(tuple, coverage_curve(probabilities, truth).tolist())),
    )


def _ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> FloatArray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
