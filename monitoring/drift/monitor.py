"""Window after window compared with a reference: what moved, what is new of it, what is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitoring.drift.records import Cause
from monitoring.drift.reference import Reference
from monitoring.drift.windows import Window

WINDOW_TWEETS = 500
LONG_WINDOWS = 10  # of which the long window is made
MIN_WINDOW_TWEETS = 200


@dataclass(frozen=True)
class Verdict:
    """What became of one window; the fields are those of `monitoring.drift.records.DriftEvent`.

    Attributes:
        long: the window with those before, as it was compared; None for the first after the start.
    """

    outcome: str
    scores: Mapping[str, float]
    causes: tuple[Cause, ...]
    opened: tuple[str, ...]
    closed: tuple[str, ...]
    open: Mapping[str, int]
    long: Window | None


class Monitor:
    """Compares window after window.

    Args:
        reference: what with.
        earlier: windows before the first, oldest first, which belong to its long window; they are not compared.
        number: of the last window that was compared.
        open: the alarms that are open, as the last event told them.
    """

    def __init__(
        self,
        reference: Reference,
        *,
        earlier: Sequence[Window] = (),
        number: int = 0,
        open: Mapping[str, int] | None = None,  # noqa: A002  # the field's name in events
    ) -> None:
        raise NotImplementedError

    def judge(self, window: Window) -> Verdict:
        """Compare a window, and it with those before; a window of fewer than `MIN_WINDOW_TWEETS` is not compared."""
        raise NotImplementedError
