"""Tell of records that are refused: a line a second, however many they are."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Self

LINE_SECONDS = 1.0


class RefusalLog:
    """Adds up what is refused and logs it at most once a second; as a context, its end logs the rest.

    Args:
        logger: writes the line.
        event: what the line says; the reasons are its fields.
        seconds: least time between two lines.
    """

    def __init__(self, logger: logging.Logger, event: str, *, seconds: float = LINE_SECONDS) -> None:
        self._logger = logger
        self._event = event
        self._seconds = seconds
        self._counts: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Log what is left."""
        self.tell()

    def add(self, refused: Mapping[str, int]) -> None:
        """Add what was refused, by reason; may be nothing."""
        if refused:
            self._counts.update(refused)
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(self._seconds, self.tell)

    def tell(self) -> None:
        """Log now what was added since the last line, if anything."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._counts:
            self._logger.warning(self._event, extra=dict(self._counts))
            self._counts.clear()
