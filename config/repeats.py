"""Keeps a library that says the same again and again from filling the log."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

MOST_MESSAGES = 1_000  # that are remembered: of one that was forgotten, the next line is written at once


class RepeatFilter(logging.Filter):
    """Lets each message of some libraries through at most once in a while; for a handler.

    A line that is let through after others were not has the field `left_out`, which counts those.

    Args:
        libraries: names of their loggers; what is below these counts too.
        seconds: least time between two lines of the same logger, level and text.
        clock: gives seconds that only grow.
    """

    def __init__(
        self, *, libraries: Sequence[str], seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._libraries = tuple(libraries)
        self._seconds = seconds
        self._clock = clock
        self._written: OrderedDict[tuple[str, int, str], tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is written."""
        if not self._is_theirs(record.name):
            return True
        message = (record.name, record.levelno, record.getMessage())
        with self._lock:
            now = self._clock()
            written_at, left_out = self._written.get(message, (-float("inf"), 0))
            if now - written_at < self._seconds:
                self._written[message] = written_at, left_out + 1
                return False
            self._written[message] = now, 0
            self._written.move_to_end(message)
            if len(self._written) > MOST_MESSAGES:
                self._written.popitem(last=False)
        if left_out:
            record.left_out = left_out
        return True

    def _is_theirs(self, name: str) -> bool:
        return any(name == library or name.startswith(f"{library}.") for library in self._libraries)
