"""At most so many things a second: a token bucket."""

import time
from collections.abc import Callable

BURST_SECONDS = 0.1  # as much may come at once


class TokenBucket:
    """Lets so many things through in a second, on average over any time, and a tenth as many at once.

    Args:
        per_second: how many, above 0.
        clock: gives seconds that only grow.
        sleep: waits for that many seconds.
    """

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_second = per_second
        self._most = max(per_second * BURST_SECONDS, 1.0)
        self._clock, self._sleep = clock, sleep
        self._tokens, self._filled_at = self._most, clock()

    def allowance(self) -> int:
        """Wait until one more may pass, and give how many may at once; nothing is taken."""
        self._fill()
        while self._tokens < 1:
            self._sleep((max(self._most / 2, 1.0) - self._tokens) / self._per_second)
            self._fill()
        return int(self._tokens)

    def take(self, count: int) -> None:
        """Let so many pass; more than the allowance is waited for at the next call of `allowance`."""
        self._tokens -= count

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self._tokens + (now - self._filled_at) * self._per_second, self._most)
        self._filled_at = now
