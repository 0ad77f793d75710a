"""Exponentials of many numbers at once are those of the library, as far as anybody sees them."""

import numpy as np
import pytest
from numba import njit

from models.compiled import exponential

exponentials = njit(exponential.exponentials.py_func)


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
