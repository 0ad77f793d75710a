"""The exponential function of many numbers at once: a polynomial of few steps that the compiler makes vectors of.

The library's takes one number after the other, which was a seventh of the time of the online model.
"""

from models.calibration import FloatArray
from models.compiled.part import part

_LEAST = -700.0  # below it the exponential is next to nothing, and soon no number any more
_SHARE = 1 / 256  # e ** x is (e ** (x / 256)) ** 256, the power by squaring eight times


@part
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
