import numpy as np
import pytest

from models.abstention import NEVER, Abstention, coverage_curve, threshold_for
from models.calibration import FloatArray
from models.errors import ModelError

# Four tweets, the surest first; the second and the last are answered wrongly.
PROBABILITIES = np.array([[0.95, 0.05], [0.8, 0.2], [0.3, 0.7], [0.55, 0.45]])
TRUTH = np.array([0, 1, 1, 1])


@pytest.fixture
def curve() -> FloatArray:
    return coverage_curve(PROBABILITIES, TRUTH)


def test_curve_counts_what_is_answered_and_what_of_that_is_wrong(curve: FloatArray) -> None:
    rows = {round(threshold, 2): (coverage, wrong) for threshold, coverage, wrong in curve.tolist()}

    assert rows[0.0] == rows[0.55] == (1.0, 0.5)
    assert rows[0.56] == (0.75, pytest.approx(1 / 3))
    assert rows[0.75] == (0.5, 0.5)
    assert rows[0.95] == (0.25, 0.0)


def test_threshold_that_no_tweet_reaches_is_not_in_the_curve(curve: FloatArray) -> None:
    assert curve[-1, 0] == 0.95


def test_target_is_reached_by_the_lowest_threshold_that_does(curve: FloatArray) -> None:
    assert threshold_for(curve, target_error_rate=0.5) == 0.0
    assert threshold_for(curve, target_error_rate=0.4) == pytest.approx(0.56)
    assert threshold_for(curve, target_error_rate=0.1) == pytest.approx(0.81)


def test_target_out_of_reach_is_an_error_that_names_the_lowest(curve: FloatArray) -> None:
    with pytest.raises(ModelError, match=r"down to 0\.2; the lowest is 0\.333"):
        threshold_for(curve[curve[:, 0] < 0.6], target_error_rate=0.2)


def test_model_without_a_curve_takes_a_threshold_but_no_target() -> None:
    nothing = np.empty((0, 3))

    assert (NEVER.threshold(nothing), Abstention(below=0.4).threshold(nothing)) == (0.0, 0.4)
    with pytest.raises(ModelError, match="train again, or set a threshold"):
        Abstention(target_error_rate=0.1).threshold(nothing)
