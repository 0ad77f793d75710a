"""Window after window compared with a reference: what moved, what is new of it, what is over."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from models.records import ModelVersion, utc_timestamp
from monitoring.drift.comparing import MALFORMED_SHARE, Comparison, compare
from monitoring.drift.records import Cause, DriftEvent, Kind, Span
from monitoring.drift.references.reference import Reference
from monitoring.drift.windows import Window, joined

WINDOW_TWEETS = 500
LONG_WINDOWS = 10  # of which the long window is made
MIN_WINDOW_TWEETS = 200
STAYS_OPEN = 0.7  # an open alarm goes on while its score is above this, so that it does not flutter
CLOSES_AFTER = 5  # windows without it


@dataclass(frozen=True)
class Verdict:
    """What became of one window; the fields are those of `monitoring.drift.records.DriftEvent`.

    Attributes:
        number: of the window.
        long: the window with those before, as it was compared; None where there are none before.
    """

    number: int
    outcome: Literal["quiet", "drift", "too_few"]
    scores: Mapping[str, float]
    causes: tuple[Cause, ...]
    opened: tuple[str, ...]
    closed: tuple[str, ...]
    open: Mapping[str, int]
    long: Window | None

    def event(
        self,
        span: Span,
        *,
        reference: Reference,
        model: ModelVersion,
        replay: str,
        time: float,
        report: str | None = None,
    ) -> DriftEvent:
        """Give the event that tells of it.

        Args:
            span: where the window's tweets stand.
            reference: what they were compared with.
            model: the version that answered.
            replay: the command that reads the tweets again.
            time: when this is told, in seconds since 1970.
            report: id of the report of this window; None where there is none.
        """
        return DriftEvent(
            window=span,
            reference=reference.id,
            model=model,
            outcome=self.outcome,
            kinds=tuple(kind for kind in Kind if any(cause.kind == kind for cause in self.causes)),
            scores=dict(self.scores),
            causes=self.causes,
            opened=self.opened,
            closed=self.closed,
            open=dict(self.open),
            report=report,
            replay=replay,
            time=utc_timestamp(time),
        )


class Monitor:
    """Compares window after window; holds at most `long_windows` of them.

    Args:
        reference: what with.
        earlier: windows before the first, oldest first, which belong to its long window; they are not compared.
        number: of the last window that was compared.
        open: the alarms that are open, as the last event told them.
        long_windows: of how many windows the long one is made; 1 for none.
        malformed_share: share of refused records, 0 to 1, up to which a feed is sound.
    """

    def __init__(
        self,
        reference: Reference,
        *,
        earlier: Sequence[Window] = (),
        number: int = 0,
        open: Mapping[str, int] | None = None,  # noqa: A002  # the field's name in events
        long_windows: int = LONG_WINDOWS,
        malformed_share: float = MALFORMED_SHARE,
    ) -> None:
        self._reference = reference
        self._windows = deque(earlier, maxlen=long_windows)
        self._number = number
        self._open = dict(open or {})
        self._malformed_share = malformed_share

    def judge(self, window: Window, causes: Sequence[Cause] = ()) -> Verdict:
        """Compare a window, and it with those before; one of fewer than `MIN_WINDOW_TWEETS` is not compared.

        Args:
            window: the newest tweets.
            causes: what was found elsewhere, as by late labels; counts as moved.
        """
        self._number += 1
        if window.tweets < MIN_WINDOW_TWEETS:
            return Verdict(self._number, "too_few", {}, (), (), (), dict(self._open), None)
        self._windows.append(window)
        long = joined(list(self._windows)) if len(self._windows) > 1 else None
        comparisons = [compare(self._reference, window, "short", malformed_share=self._malformed_share)]
        if long is not None:
            comparisons.append(compare(self._reference, long, "long", malformed_share=self._malformed_share))
        return self._verdict(*_together(comparisons, causes), long)

    def _verdict(self, scores: dict[str, float], near: dict[str, Cause], long: Window | None) -> Verdict:
        moved = tuple(cause for cause in near.values() if cause.score >= 1)
        opened = tuple(cause.name for cause in moved if cause.name not in self._open)
        for cause in near.values():
            if cause.score >= 1 or (cause.name in self._open and cause.score >= STAYS_OPEN):
                self._open[cause.name] = self._number
        closed = tuple(name for name, last in self._open.items() if self._number - last >= CLOSES_AFTER)
        for name in closed:
            del self._open[name]
        outcome: Literal["quiet", "drift"] = "drift" if moved else "quiet"
        return Verdict(self._number, outcome, scores, moved, opened, closed, dict(self._open), long)


def _together(comparisons: Sequence[Comparison], others: Sequence[Cause]) -> tuple[dict[str, float], dict[str, Cause]]:
    """Put what several comparisons found together: of each cause and column the largest score."""
    scores: dict[str, float] = {}
    near: dict[str, Cause] = {}
    for comparison in comparisons:
        for column, score in comparison.scores.items():
            scores[column] = max(score, scores.get(column, 0.0))
    for cause in [*(cause for one in comparisons for cause in one.near.values()), *others]:
        if cause.name not in near or cause.score > near[cause.name].score:
            near[cause.name] = cause
    for cause in others:
        scores[cause.column] = max(cause.score, scores.get(cause.column, 0.0))
    return scores, dict(sorted(near.items(), key=lambda pair: -pair[1].score))
