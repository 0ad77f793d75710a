"""The figures on labels as they come."""

import msgspec
import numpy as np
import pytest

from models.online.prequential import Prequential
from models.online.truth import Scores
from models.taxonomy import LABELS
from models.weights import COLUMNS


def said(*columns: np.ndarray, certainty: float = 0.8) -> Scores:
    """Say of n texts that a column is the most probable; one array of columns for each answerer."""
    parts = []
    for chosen in columns:
        part = np.full((len(chosen), COLUMNS), (1 - certainty) / (len(LABELS) - 1))
        part[np.arange(len(chosen)), chosen] = certainty
        parts.append(part)
    return Scores(*parts)


def topics(*classes: int) -> np.ndarray:
    return np.array([(column, -1) for column in classes])


def test_each_answerer_has_its_own_figures() -> None:
    figures = Prequential()

    figures.add(said(np.array([0, 0, 0, 0]), np.array([0, 1, 0, 0]), np.array([0, 1, 1, 1])), topics(0, 1, 1, 1))

    window = figures.standings()["topic"].window
    assert {name: standing.accuracy.value for name, standing in window.items()} == pytest.approx(
        {"batch": 0.25, "online": 0.5, "served": 1.0}
    )
    assert window["served"].log_loss.value == pytest.approx(-np.log(0.8))
    assert window["batch"].macro_f1.value == pytest.approx(0.2)  # 2 * 1 / 5 of the one, 0 of the other
    assert window["batch"].f1["Analyst Update"] == pytest.approx(0.4)
    assert window["batch"].f1["Macro"] is None


@pytest.mark.parametrize("labels", [0, 1, 3])
def test_figures_go_on_from_their_states_as_if_nothing_had_happened(labels: int) -> None:
    before, after = said(*[np.full(labels, 1)] * 3), said(*[np.array([0, 1])] * 3)
    figures = Prequential()
    figures.add(before, topics(*[0] * labels).astype(np.int64).reshape(labels, 2))

    restored = Prequential.restored(figures.states())
    for one in (figures, restored):
        one.add(after, topics(0, 0))

    assert restored.standings() == figures.standings()


def test_a_head_without_labels_has_no_figures() -> None:
    figures = Prequential()

    figures.add(said(*[np.array([0])] * 3), np.array([[-1, 2]]))

    assert list(figures.standings()) == ["sentiment"]
    assert Prequential().standings() == {}


def test_the_window_forgets_and_fading_figures_remember_a_little() -> None:
    figures = Prequential(window_labels=100, fading=0.99)
    wrong, right = np.full(400, 1), np.zeros(100, dtype=int)

    figures.add(said(wrong, wrong, wrong), topics(*[0] * 400))
    figures.add(said(right, right, right), topics(*[0] * 100))

    topic = figures.standings()["topic"]
    assert topic.window["served"].accuracy.value == 1.0
    assert topic.window["served"].labels == 100
    older = sum(0.99**age for age in range(100, 500)) / sum(0.99**age for age in range(500))
    assert topic.fading["served"].accuracy.value == pytest.approx(1 - older)


def test_the_number_of_calls_makes_no_difference() -> None:
    chooser = np.random.default_rng(1)
    columns, truth = chooser.integers(0, 20, (3, 60)), topics(*chooser.integers(0, 20, 60))
    chances = chooser.uniform(0.1, 1, 60)
    at_once, one_by_one = Prequential(window_labels=50), Prequential(window_labels=50)

    at_once.add(said(*columns), truth, chances)
    for row in range(60):
        one_by_one.add(said(*columns[:, row : row + 1]), truth[row : row + 1], chances[row : row + 1])

    (first, second) = (
        msgspec.to_builtins(figures.standings()["topic"].fading["served"]) for figures in (at_once, one_by_one)
    )
    assert first["log_loss"]["value"] == pytest.approx(second["log_loss"]["value"])
    assert first["labels"] == pytest.approx(second["labels"])
    assert at_once.standings()["topic"].window == one_by_one.standings()["topic"].window


def test_labels_of_chosen_tweets_are_weighed_to_those_of_the_feed() -> None:
    chooser = np.random.default_rng(2)
    is_hard = chooser.random(40_000) < 0.3
    is_right = chooser.random(40_000) < np.where(is_hard, 0.5, 0.95)
    chances = np.where(is_hard, 0.5, 0.05)  # the hard ones are asked for ten times as often
    asked = np.flatnonzero(chooser.random(40_000) < chances)
    columns = np.where(is_right[asked], 0, 1)
    weighed, plain = Prequential(window_labels=10_000), Prequential(window_labels=10_000)

    weighed.add(said(columns, columns, columns), topics(*[0] * len(asked)), chances[asked])
    plain.add(said(columns, columns, columns), topics(*[0] * len(asked)))

    of_weighed = weighed.standings()["topic"].window["served"]
    interval = of_weighed.accuracy.interval
    assert interval.low < is_right.mean() < interval.high
    assert plain.standings()["topic"].window["served"].accuracy.interval.high < is_right.mean()
    assert of_weighed.labels < len(asked) / 2


def test_interval_of_losses_that_are_all_the_same_is_a_point() -> None:
    always, figures = np.zeros(50, dtype=int), Prequential()

    figures.add(said(always, always, always), topics(*always))

    loss = figures.standings()["topic"].window["served"].log_loss
    assert (loss.interval.low, loss.interval.high) == pytest.approx((loss.value, loss.value), abs=1e-6)


def test_intervals_narrow_as_labels_come() -> None:
    chooser = np.random.default_rng(3)
    widths = []
    for count in (100, 10_000):
        columns, figures = chooser.integers(0, 2, count), Prequential(window_labels=count)
        figures.add(said(columns, columns, columns), topics(*[0] * count))
        standing = figures.standings()["topic"].window["served"]
        widths.append([figure.interval.high - figure.interval.low for figure in (standing.accuracy, standing.log_loss)])

    assert np.array(widths[0]) / widths[1] == pytest.approx(10, rel=0.3)


@pytest.mark.parametrize("chance", [0.0, -0.5, 1.5, float("nan")])
def test_a_selection_probability_that_is_none_is_refused(chance: float) -> None:
    with pytest.raises(ValueError, match="selection probability"):
        Prequential().add(said(*[np.array([0])] * 3), topics(0), np.array([chance]))
