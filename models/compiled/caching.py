"""Machine code that is compiled once a machine, then read from a cache.

numba keeps it in `__pycache__` beside the function's file; where that can't be written, in the user's cache folder; or
in NUMBA_CACHE_DIR. It belongs to this processor, this numba and these sources: for others it is compiled anew.
"""

import hashlib
import inspect
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from numba import njit, types
from numba.core import event

from models import calibration, features, taxonomy, text, weights
from models.online import rules

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., object])
Signature = tuple[types.Type, ...]

_CONSTANTS_FROM = (calibration, features, rules, taxonomy, text, weights)  # compiled into the machine code


def cached(function: Function, signature: Signature, *, constants_from: Sequence[ModuleType] = ()) -> Function:
    """Give the compiled function, which lets go of Python's lock while it runs; reads it from the cache or compiles it.

    Args:
        function: plain Python that numba can compile; gets a new qualified name.
        signature: of its arguments. numba compiles now and for nothing else: other types are a mistake, not worth
            seconds.
        constants_from: modules outside of the function's package whose values are compiled into it.
    """
    started = time.perf_counter()
    name = function.__name__
    _name_by_sources(function, constants_from)
    with _told_when_compiling():
        try:
            kernel = _compiled(function, signature, is_cached=True)
        except Exception as exc:  # noqa: BLE001  # a full disk, a folder not ours, a damaged file: numba lets all through
            extra = {
                "reason": f"{type(exc).__name__}: {exc}",
                "remedy": "delete the .nbi and .nbc files, or free space",
            }
            logger.warning("kernel_cache_not_usable", extra=extra)
            kernel = _compiled(function, signature, is_cached=False)
    logger.info("kernel_ready", extra={"kernel": name, "seconds": round(time.perf_counter() - started, 3)})
    return kernel


def _compiled(function: Function, signature: Signature, *, is_cached: bool) -> Function:
    kernel: Function = njit(signature, cache=is_cached, nogil=True)(function)
    return kernel


def _name_by_sources(function: Callable[..., object], constants_from: Sequence[ModuleType]) -> None:
    """Put a hash of all that is compiled into the function's name, which numba's cache files get.

    numba compares the source of the function's own file alone: after a change of another one it would run old code.
    """
    folders = {Path(__file__).parent, Path(inspect.getfile(function)).parent}
    paths = [path for folder in sorted(folders) for path in sorted(folder.glob("*.py"))]
    paths += [Path(str(module.__file__)) for module in (*_CONSTANTS_FROM, *constants_from)]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()
    function.__qualname__ = f"{function.__name__}_{digest[:16]}"


@contextmanager
def _told_when_compiling() -> Iterator[None]:
    with event.install_listener("numba:compile", _CompilingTold()):
        yield


class _CompilingTold(event.Listener):  # type: ignore[misc]  # numba has no types
    """Says once, at the first of many functions, that compiling has begun."""

    def __init__(self) -> None:
        self._is_told = False

    def on_start(self, event: object) -> None:
        del event
        if not self._is_told:
            logger.info("kernel_compiling", extra={"why": "first start with this version on this machine"})
        self._is_told = True

    def on_end(self, event: object) -> None:
        """Nothing to say: `kernel_ready` follows."""
