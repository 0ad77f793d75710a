# ruff: noqa: PLC0415 -- SciPy is imported by the tests that use it
import numpy as np
import pytest

from models.calibration import FloatArray, fit_temperature, softmax
from models.scorer import Scorer
from models.weights import Weights

pytestmark = pytest.mark.training  # needs SciPy


def drawn(chances: FloatArray, chooser: np.random.Generator) -> "np.typing.NDArray[np.int64]":
    return np.asarray((chances.cumsum(axis=1) < chooser.random((len(chances), 1))).sum(axis=1), dtype=np.int64)


def test_scaling_that_made_the_answers_is_found_again() -> None:
    from models.training.scaling import Scaling, fit_scaling

    chooser = np.random.default_rng(5)
    scores = chooser.normal(size=(100_000, 3)) * 3
    made = Scaling(0.5, np.array([1.0, 0.8, 1.2]), np.array([0.2, 0.0, -0.2]))

    truth = drawn(made.probabilities(scores), chooser)
    found = fit_scaling(scores, truth)

    wanted = made.probabilities(scores[:1000])
    assert found.probabilities(scores[:1000]) == pytest.approx(wanted, abs=0.04)
    one_temperature = softmax(scores[:1000], temperature=fit_temperature(scores, truth))
    assert np.abs(one_temperature - wanted).max() > 0.15


def test_class_with_few_tweets_is_hardly_moved() -> None:
    from models.training.scaling import fit_scaling

    scores = np.tile([2.0, 0.0, 0.0], (200, 1))
    truth = np.zeros(200, dtype=np.int64)
    truth[:3] = 2  # the model never says so

    found = fit_scaling(scores, truth)

    assert abs(found.shifts[2] / found.temperature) < 0.05
    assert found.factors == pytest.approx(np.ones(3), abs=0.05)


def test_unscaled_scores_stay_and_so_do_weights() -> None:
    from models.predictor import pretrained_predictor
    from models.training.scaling import scaled, unscaled

    weights = pretrained_predictor(1).scorer.weights

    kept = scaled(weights, (unscaled(20), unscaled(3)))

    assert (kept.scales == weights.scales).all()
    assert (kept.biases == weights.biases).all()
    assert kept.temperatures.tolist() == [1.0, 1.0]


def test_weights_carry_the_scalings_of_both_heads(two_word_weights: Weights) -> None:
    from models.training.scaling import Scaling, scaled

    chooser = np.random.default_rng(2)
    scalings = [Scaling(0.5 + size, chooser.uniform(0.5, 2, size), chooser.normal(size=size)) for size in (20, 3)]
    texts = ["fed", "dividend fed", "nothing known"]
    before = Scorer(two_word_weights).scores(texts)

    after = Scorer(scaled(two_word_weights, scalings)).probabilities(texts)

    assert after.labels == pytest.approx(scalings[0].probabilities(before.labels), abs=1e-5)
    assert after.sentiments == pytest.approx(scalings[1].probabilities(before.sentiments), abs=1e-5)


def test_cross_fitted_half_gets_the_scaling_of_the_other() -> None:
    from models.training.scaling import cross_fitted

    chooser = np.random.default_rng(3)
    scores = chooser.normal(size=(20_000, 3))
    cold, hot = softmax(scores[::2], temperature=0.3), softmax(scores[1::2], temperature=3.0)
    truth = np.empty(20_000, dtype=np.int64)
    for half, chances in enumerate((cold, hot)):
        truth[half::2] = (chances.cumsum(axis=1) < chooser.random((10_000, 1))).sum(axis=1)

    found = cross_fitted(scores, truth)

    assert found[1::2] == pytest.approx(softmax(scores[1::2], temperature=0.3), abs=0.05)
    assert found[::2] == pytest.approx(softmax(scores[::2], temperature=3.0), abs=0.05)
