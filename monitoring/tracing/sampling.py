"""Choose what is traced: a message of a trace follows its flag, and of those without a trace a share is drawn."""

import math
import random

from monitoring.tracing.traceparent import Parent

_NEVER = 10**18  # messages; more than will come


class Sampler:
    """Draws places in a sequence of messages, each with the same probability, without a step for each message.

    Not for several threads at once.

    Args:
        share: the probability, 0 to 1.
        chance: gives the random numbers.
    """

    def __init__(self, share: float, *, chance: random.Random | None = None) -> None:
        self._share = share
        self._chance = chance or random.Random()
        self._ahead = self._gap()

    def draw(self, count: int) -> list[int]:
        """Choose among the next messages; gives places from 0 below `count`, in order."""
        drawn = []
        while self._ahead < count:
            drawn.append(self._ahead)
            self._ahead += 1 + self._gap()
        self._ahead -= count
        return drawn

    def takes(self, parent: Parent | None) -> bool:
        """Choose whether the next message is traced."""
        return bool(self.draw(1)) if parent is None else parent.is_sampled

    def _gap(self) -> int:
        """Draw how many messages are passed over before the next one: geometrically distributed."""
        if self._share <= 0:
            return _NEVER
        if self._share >= 1:
            return 0
        return int(min(math.log(1 - self._chance.random()) / math.log1p(-self._share), _NEVER))
