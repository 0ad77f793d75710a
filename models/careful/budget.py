"""How many texts the teacher may be asked now."""

import time
from collections.abc import Callable

_BURST_SECONDS = 1.0  # a stream comes in chunks: what one leaves is for the next


class Budget:
    """A number of texts a second, of which one second's worth can be saved up.

    Args:
        texts_per_second: above 0.
        clock: gives the time in seconds.

    >>> budget = Budget(100, clock=iter([0.0, 0.0, 0.25]).__next__)
    >>> budget.left()
    100
    >>> budget.spend(90)
    >>> budget.left()
    35
    """

    def __init__(self, texts_per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = texts_per_second
        self._clock = clock
        self._left = texts_per_second * _BURST_SECONDS
        self._seen = clock()

    def left(self) -> int:
        """Give how many texts may be asked now."""
        now = self._clock()
        self._left = min(self._left + (now - self._seen) * self._rate, self._rate * _BURST_SECONDS)
        self._seen = now
        return int(self._left)

    def spend(self, texts: int) -> None:
        """Note texts that were asked."""
        self._left -= texts
