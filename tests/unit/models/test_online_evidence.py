"""What labels say for one model against another."""

import numpy as np
import pytest

from models.contest import BETTER
from models.online.evidence import Evidence, judged

FAIR_BETS = 2_000


def mean_score_on_random_labels(probabilities: np.ndarray) -> float:
    """The mean over all classes, each being the true one once."""
    count = len(probabilities)
    return float(np.mean(judged(np.tile(probabilities, (count, 1)), np.arange(count)).scores))


def test_a_model_that_is_no_better_is_taken_for_better_once_in_a_hundred_times_at_most() -> None:
    chooser = np.random.default_rng(1)
    taken = 0
    for _ in range(FAIR_BETS):
        evidence = Evidence()
        for gain in chooser.choice([-1.0, -0.25, 0.25, 1.0], 300).tolist():
            evidence.add(gain, weight=1.0, is_right=True, is_other_right=True)
            if evidence.logarithm >= BETTER:
                taken += 1
                break

    assert 0 < taken <= FAIR_BETS / 100


def test_a_model_that_is_better_is_seen_to_be() -> None:
    chooser = np.random.default_rng(2)
    evidence = Evidence()

    for gain in chooser.choice([-1.0, 1.0], 100, p=[0.2, 0.8]).tolist():
        evidence.add(gain, weight=1.0, is_right=gain > 0, is_other_right=gain < 0)

    assert evidence.logarithm > BETTER
    assert evidence.labels == evidence.right + evidence.other_right == 100
    assert evidence.right > 70


def test_a_label_weighs_as_many_labels_as_it_counts() -> None:
    heavy, often = Evidence(), Evidence()

    heavy.add(0.5, weight=3.0, is_right=True, is_other_right=False)
    for _ in range(3):
        often.add(0.5, weight=1.0, is_right=True, is_other_right=False)

    assert heavy.logarithm == pytest.approx(often.logarithm)


@pytest.mark.parametrize("classes", [3, 20])
def test_random_labels_give_every_model_without_ties_the_same_mean_score(classes: int) -> None:
    chooser = np.random.default_rng(3)
    any_model, sure = chooser.dirichlet(np.ones(classes)), chooser.dirichlet(np.full(classes, 0.1))

    means = [mean_score_on_random_labels(one) for one in (any_model, sure)]

    assert means[0] == pytest.approx(means[1], abs=1e-12)


@pytest.mark.parametrize("classes", [3, 20])
def test_random_labels_give_a_model_with_ties_less(classes: int) -> None:
    chooser = np.random.default_rng(4)

    with_ties = mean_score_on_random_labels(np.full(classes, 1 / classes))

    assert with_ties < mean_score_on_random_labels(chooser.dirichlet(np.ones(classes)))


def test_the_class_with_the_highest_probability_is_right_and_first() -> None:
    said = judged(np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]]), np.array([0, 2]))

    assert said.classes == [0, 0]
    assert said.is_right == [True, False]
    assert said.scores == [1.0, 0.0]
    assert said.of_truth == [0.7, 0.1]
