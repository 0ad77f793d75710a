import numpy as np
import pytest

from models.evaluation.intervals import accuracy_interval, confusion_counts, f1_scores, macro_f1_interval


def test_confusion_has_truth_in_rows_and_answers_in_columns() -> None:
    counts = confusion_counts(np.array([1, 1, 0]), np.array([0, 0, 2]), class_count=3)

    assert counts.tolist() == [[0, 2, 0], [0, 0, 0], [1, 0, 0]]


def test_class_that_nobody_names_has_no_f1() -> None:
    scores = f1_scores(np.array([[2, 0, 0], [1, 1, 0], [0, 0, 0]]))

    assert scores[:2].tolist() == pytest.approx([4 / 5, 2 / 3])
    assert np.isnan(scores[2])


@pytest.mark.parametrize(("right", "tweets"), [(80, 100), (800, 1000)])
def test_interval_of_an_accuracy_is_that_of_a_share(right: int, tweets: int) -> None:
    interval = accuracy_interval(right, tweets)

    margin = 1.96 * (0.8 * 0.2 / tweets) ** 0.5
    assert interval.low == pytest.approx(0.8 - margin, abs=0.012)
    assert interval.high == pytest.approx(0.8 + margin, abs=0.012)


def test_interval_of_macro_f1_is_that_of_drawing_tweets_one_by_one() -> None:
    chooser = np.random.default_rng(3)
    truth = np.repeat([0, 1, 2], [100, 60, 20])
    said = np.where(chooser.random(len(truth)) < 0.7, truth, chooser.integers(0, 3, len(truth)))
    drawn = chooser.integers(0, len(truth), (1000, len(truth)))
    scores = [np.nanmean(f1_scores(confusion_counts(said[rows], truth[rows], class_count=3))) for rows in drawn]

    interval = macro_f1_interval(confusion_counts(said, truth, class_count=3))

    assert [interval.low, interval.high] == pytest.approx(np.quantile(scores, [0.025, 0.975]).tolist(), abs=0.01)


def test_equal_counts_give_equal_intervals() -> None:
    counts = np.array([[5, 1], [2, 7]])

    assert macro_f1_interval(counts) == macro_f1_interval(counts.copy())
    assert accuracy_interval(3, 3) == accuracy_interval(3, 3)
