"""How a part of the kernel is compiled: as `numba.njit` does, but without counting references to arrays.

A part makes no arrays, it only reads and fills those of its caller. numba would count them up and down in every call
all the same, with locked instructions; for functions called once a word that was a quarter of the kernel's time.
"""

from collections.abc import Callable
from typing import TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])


def part(function: Function) -> Function:
    """Compile a function that makes no array; it fails to compile if it does."""
    compiled: Function = njit(_nrt=False)(function)
    return compiled
