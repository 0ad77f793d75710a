"""A softmax of both heads in three steps: `lower`, `exponentials`, `share_out`; each computes several numbers at once.

The library's exponential takes one number after the other, and so does a plain sum: each addition waits for the one before.
"""

from models.calibration import FloatArray
from models.compiled.part import fused, part
from models.taxonomy import LABELS
from models.weights import COLUMNS

_LEAST = -700.0  # below it the exponential is next to nothing, and soon no number any more
_SHARE = 1 / 256  # e ** x is (e ** (x / 256)) ** 256, the power by squaring eight times
_LABEL_COUNT = len(LABELS)
_LANES = 4  # numbers that don't wait for each other


@part
def lower(values: FloatArray) -> None:
    """Make 0 the highest of each head, which changes no share and keeps the exponentials in bounds."""
    _lower(values, 0, _LABEL_COUNT)
    _lower(values, _LABEL_COUNT, COLUMNS)


@fused
def exponentials(values: FloatArray) -> None:
    """Replace numbers up to 0 by their exponentials: right to 1e-11 of them down to -50, and to 1e-30 below.

    Source: Taylor's series of the ninth degree, by Horner's rule.
    """
    for place in range(len(values)):
        x = max(values[place], _LEAST) * _SHARE
        power = 1 / 362_880
        power = power * x + 1 / 40_320
        power = power * x + 1 / 5_040
        power = power * x + 1 / 720
        power = power * x + 1 / 120
        power = power * x + 1 / 24
        power = power * x + 1 / 6
        power = power * x + 1 / 2
        power = power * x + 1
        power = power * x + 1
        power *= power
        power *= power
        power *= power
        power *= power
        power *= power
        power *= power
        power *= power
        power *= power
        values[place] = power


@part
def share_out(values: FloatArray) -> None:
    """Divide each head by its sum."""
    _share_out(values, 0, _LABEL_COUNT)
    _share_out(values, _LABEL_COUNT, COLUMNS)


@part
def _lower(values: FloatArray, begin: int, end: int) -> None:
    one = two = three = four = values[begin]
    rest = end - (end - begin) % _LANES
    for place in range(begin, rest, _LANES):
        one, two = max(one, values[place]), max(two, values[place + 1])
        three, four = max(three, values[place + 2]), max(four, values[place + 3])
    for place in range(rest, end):
        one = max(one, values[place])
    highest = max(one, two, three, four)
    for place in range(begin, end):
        values[place] -= highest


@part
def _share_out(values: FloatArray, begin: int, end: int) -> None:
    one = two = three = four = 0.0
    rest = end - (end - begin) % _LANES
    for place in range(begin, rest, _LANES):
        one += values[place]
        two += values[place + 1]
        three += values[place + 2]
        four += values[place + 3]
    for place in range(rest, end):
        one += values[place]
    share = 1 / ((one + two) + (three + four))
    for place in range(begin, end):
        values[place] *= share
