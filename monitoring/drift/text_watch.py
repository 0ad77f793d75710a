"""Every so many windows: can a classifier tell the texts from those of the look before?"""

import logging
from collections.abc import Sequence

from monitoring.drift.records import Cause

logger = logging.getLogger(__name__)


class TextWatch:
    """Looks at the texts of windows now and then; keeps those of one window in memory, and nowhere else.

    The first window after a start only gives the texts to compare with.

    Args:
        every_windows: how often; 0 for never.
    """

    def __init__(self, every_windows: int) -> None:
        self._every_windows = every_windows
        self._windows = 0
        self._before: tuple[str, ...] = ()

    def causes(self, texts: Sequence[str]) -> tuple[Cause, ...]:
        """Take the texts of the next window; gives a cause, moved or not, where it was its turn. Takes some seconds."""
        turn = self._every_windows > 0 and self._windows % self._every_windows == 0
        self._windows += 1
        if not turn:
            return ()
        before, self._before = self._before, tuple(texts)
        if not before:
            return ()
        try:
            from monitoring.drift.text_drift import text_drift  # noqa: PLC0415  # imports take seconds
        except ModuleNotFoundError as exc:
            logger.warning("texts_not_compared", extra={"missing": exc.name})
            self._every_windows = 0
            return ()
        found = text_drift(before, texts)
        return () if found is None else (found.cause(),)
