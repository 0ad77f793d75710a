from pathlib import Path

import pytest

from models.data.dataset import Split, read_split
from models.evaluation.differences import paired_differences
from models.evaluation.metrics import HeadPerformance, head_performance
from models.predictor import pretrained_predictor
from models.scorer import Scorer
from models.taxonomy import LABELS
from models.weights import Weights

LABELLED = Path(__file__).parents[3] / "data" / "labelled"
PRETRAINED = pretrained_predictor(3).scorer.weights


@pytest.fixture(scope="module")
def split() -> Split:
    return read_split(LABELLED, held_out_share=0.5, seed=3)


def labels_performance(weights: Weights, split: Split) -> HeadPerformance:
    held_out = split.labels.held_out
    return head_performance(Scorer(weights).probabilities(held_out.texts).labels, held_out.classes, LABELS)


def test_values_are_those_of_the_evaluation(split: Split, two_word_weights: Weights) -> None:
    good, bad = labels_performance(PRETRAINED, split), labels_performance(two_word_weights, split)

    accuracy, macro_f1, *_ = paired_differences(PRETRAINED, two_word_weights, split)

    assert (accuracy.metric, macro_f1.metric) == ("labels accuracy", "labels macro-F1")
    assert accuracy.value == pytest.approx(good.accuracy - bad.accuracy)
    assert macro_f1.value == pytest.approx(good.macro_f1 - bad.macro_f1)


def test_interval_lies_around_the_value_and_turns_with_the_sides(split: Split, two_word_weights: Weights) -> None:
    better = paired_differences(PRETRAINED, two_word_weights, split)
    worse = paired_differences(two_word_weights, PRETRAINED, split)

    assert all(one.low < one.value < one.high for one in better)
    assert better[0].low > 0
    assert worse[0].high == pytest.approx(-better[0].low, abs=0.02)  # other draws


def test_equal_models_do_not_differ(split: Split) -> None:
    assert {(one.value, one.low, one.high) for one in paired_differences(PRETRAINED, PRETRAINED, split)} == {
        (0.0, 0.0, 0.0)
    }
