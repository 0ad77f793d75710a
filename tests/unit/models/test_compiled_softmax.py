"""A softmax of several numbers at once is that of the library, as far as anybody sees it."""

import numpy as np
import pytest
from numba import njit

from models.compiled import softmax

exponentials = njit(softmax.exponentials.py_func)
lower, share_out = njit(softmax.lower.py_func), njit(softmax.share_out.py_func)


def test_exponentials_are_those_of_the_library() -> None:
    numbers = np.linspace(-50, 0, 100_001)
    values = numbers.copy()

    exponentials(values)

    assert np.abs(values / np.exp(numbers) - 1).max() < 1e-11


def test_far_below_nothing_they_are_next_to_nothing_and_never_negative() -> None:
    numbers = np.array([-51.0, -100.0, -350.0, -700.0, -1e4, -1e300, -np.inf])
    values = numbers.copy()

    exponentials(values)

    assert ((values >= 0) & (np.abs(values - np.exp(numbers)) < 1e-30)).all()


@pytest.mark.parametrize("count", [0, 1, 3, 48])
def test_each_number_is_replaced_by_its_own_exponential(count: int) -> None:
    values = -np.arange(count, dtype=np.float64)

    exponentials(values)

    assert values == pytest.approx(np.exp(-np.arange(count)), rel=1e-13)


@pytest.mark.parametrize(("begin", "end"), [(0, 20), (20, 23)])
def test_the_highest_of_each_head_becomes_0_wherever_it_stands(begin: int, end: int) -> None:
    for highest in range(begin, end):
        before = np.linspace(-3, 3, 23)
        before[highest] = 7.5
        values = before.copy()

        lower(values)

        assert values[begin:end].tolist() == (before[begin:end] - 7.5).tolist()


def test_each_head_is_divided_by_its_own_sum() -> None:
    before = np.linspace(0.5, 9, 24)
    values = before.copy()

    share_out(values)

    assert values[:20] == pytest.approx(before[:20] / before[:20].sum(), rel=1e-14)
    assert values[20:23] == pytest.approx(before[20:23] / before[20:23].sum(), rel=1e-14)
    assert values[23] == 9
