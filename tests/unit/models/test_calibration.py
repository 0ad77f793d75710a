import numpy as np
import pytest

from models.calibration import expected_calibration_error, fit_temperature, softmax


def test_softmax_rows_sum_to_one_even_for_huge_scores() -> None:
    probabilities = softmax(np.array([[1e6, 0.0, -1e6], [1.0, 1.0, 1.0]]), temperature=0.5)

    assert probabilities[0].tolist() == [1.0, 0.0, 0.0]
    assert probabilities[1] == pytest.approx([1 / 3] * 3)


def test_higher_temperature_makes_less_sure() -> None:
    scores = np.array([[2.0, 0.0]])

    assert softmax(scores, temperature=2.0)[0, 0] < softmax(scores, temperature=1.0)[0, 0]


@pytest.mark.parametrize("temperature", [0.2, 1.0, 5.0])
def test_temperature_that_made_the_answers_is_found_again(temperature: float) -> None:
    chooser = np.random.default_rng(1)
    scores = chooser.normal(size=(20_000, 3)) * temperature
    chances = softmax(scores, temperature=temperature)
    truth = (chances.cumsum(axis=1) < chooser.random((20_000, 1))).sum(axis=1)

    found = fit_temperature(scores, truth)

    assert found == pytest.approx(temperature, rel=0.05)


def test_calibration_error_is_the_gap_between_certainty_and_accuracy() -> None:
    probabilities = np.array([[0.9, 0.1]] * 4)

    assert expected_calibration_error(probabilities, np.array([0, 0, 0, 1])) == pytest.approx(0.15)
    assert expected_calibration_error(np.array([[1.0, 0.0]]), np.array([0])) == 0.0
