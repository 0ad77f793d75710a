from collections.abc import Sequence

import numpy as np
import pytest

from models.calibration import FloatArray
from models.data.dataset import HeadSplit, LabelledTweets, Split
from models.evaluation.metrics import ClassPerformance, evaluate, head_performance, most_confused
from models.weights import Weights


def answers(columns: Sequence[int], class_count: int) -> FloatArray:
    return np.eye(class_count)[columns]


def test_performance_is_counted_by_class() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2])

    performance = head_performance(answers([0, 0, 1, 1, 1, 0], 3), truth, ["a", "b", "c"])

    assert performance.accuracy == pytest.approx(4 / 6)
    assert performance.classes["a"] == ClassPerformance(3, 2 / 3, 2 / 3, 2 / 3)
    assert performance.classes["b"] == ClassPerformance(2, 2 / 3, 1.0, 0.8)
    assert performance.classes["c"] == ClassPerformance(1, 0.0, 0.0, 0.0)
    assert performance.macro_f1 == pytest.approx((2 / 3 + 0.8) / 3)
    assert performance.weighted_f1 == pytest.approx((3 * 2 / 3 + 2 * 0.8) / 6)
    assert performance.calibration_error == pytest.approx(1 - 4 / 6)


def test_class_that_never_occurs_doesn_t_lower_the_mean() -> None:
    performance = head_performance(answers([0, 1], 3), np.array([0, 1]), ["a", "b", "c"])

    assert performance.macro_f1 == 1.0
    assert performance.classes["c"] == ClassPerformance(0, 0.0, 0.0, 0.0)


def test_confused_pairs_come_with_the_most_frequent_first(two_word_weights: Weights) -> None:
    texts = ("good", "good one", "bad", "good news", "bad news")
    tweets = LabelledTweets(texts, np.array([1, 1, 1, 0, 2]))
    head = HeadSplit(tweets, tweets)
    split = Split(head, head, is_published=False, data_sha256="")

    labels = evaluate(two_word_weights, split).labels

    assert most_confused(labels, count=1) == [("Fed | Central Banks", "Analyst Update", 2)]
    assert sum(map(sum, labels.confusion)) == labels.performance.tweets == 5
    assert labels.coverage[0][1] == 1.0
    assert labels.coverage[0][2] == pytest.approx(1 - labels.performance.accuracy)


@pytest.mark.training
def test_figures_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import accuracy_score, f1_score  # noqa: PLC0415  # costs seconds

    chooser = np.random.default_rng(5)
    truth, said = chooser.integers(0, 20, 500), chooser.integers(0, 20, 500)

    performance = head_performance(answers(said, 20), truth, [str(column) for column in range(20)])

    assert performance.accuracy == pytest.approx(accuracy_score(truth, said))
    assert performance.macro_f1 == pytest.approx(f1_score(truth, said, average="macro"))
    assert performance.weighted_f1 == pytest.approx(f1_score(truth, said, average="weighted"))
