"""How a part of the kernel is compiled: as `numba.njit` does, but without counting references to arrays.

A part makes no arrays, it only reads and fills those of its caller. numba would count them up and down in every call
all the same, with locked instructions; for functions called once a word that was a quarter of the kernel's time.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import numpy as np
from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])


def numbers(count: int, *, first: int = 0) -> Sequence[int]:
    """Count from `first` on, in numbers of numpy's.

    Such a constant can be handed to many functions: for each of Python's numbers that stands in a call, numba compiles
    the function once more.
    """
    return cast("Sequence[int]", np.arange(first, first + count))


_NO_WAY_IN = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # from Python
_PART = {"_nrt": False} | _NO_WAY_IN


def part(function: Function) -> Function:
    """Compile a function that makes no array; it fails to compile if it does.

    Only compiled functions can call it, from Python it ends the process: a way in would be a quarter of the time to compile.
    Tests make one by compiling its `py_func`.
    """
    compiled: Function = njit(**_PART)(function)
    return compiled


def fused(function: Function) -> Function:
    """Compile a part in which a product and the sum it goes into are one step of the processor, where it has such a step.

    That is rounded once instead of twice. Each sum may have one product only: then there is one way to fuse them, and all
    kernels that use the part get the same bits.
    """
    compiled: Function = njit(**_PART, fastmath={"contract"})(function)
    return compiled


def maker(function: Function) -> Function:
    """Compile a function that makes arrays, or gives what it was given; as `part` else."""
    compiled: Function = njit(**_NO_WAY_IN)(function)
    return compiled
