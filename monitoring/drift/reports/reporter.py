"""Makes the reports of windows, and knows when the last one was made."""

import time
from collections.abc import Callable
from datetime import datetime

from models.errors import DriftError
from monitoring.drift.monitor import Verdict
from monitoring.drift.recording import observe_drift_report
from monitoring.drift.records import DriftEvent
from monitoring.drift.references.reference import Reference
from monitoring.drift.reports.putting import put_report
from monitoring.drift.reports.registry_log import RegistryLog
from monitoring.drift.reports.store import ReportStore
from monitoring.drift.windows import Window

EVERY_SECONDS = 86_400.0  # a quiet feed has a report a day, to compare a bad day's with


class Reporter:
    """Puts reports into the folder, and those with drift to the registry.

    Args:
        store: the folder.
        registry_log: logs reports to the run of the model; None for none.
        clock: gives seconds since 1970.
    """

    def __init__(
        self, store: ReportStore, registry_log: RegistryLog | None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store, self._registry_log, self._clock = store, registry_log, clock
        self._made: tuple[str, float] | None = None

    def is_due(self, event: DriftEvent) -> bool:
        """Tell whether a window is to have a report though nothing opened: the last of its reference is long ago."""
        if self._made is None or self._made[0] != event.reference:
            self._made = event.reference, self._newest(event.reference)
        return self._clock() - self._made[1] >= EVERY_SECONDS

    def put(self, event: DriftEvent, reference: Reference, window: Window, verdict: Verdict) -> None:
        """Make a report and put it in place, see `put_report`.

        Raises:
            DriftError: Evidently is not installed or fails, or the folder can't be written.
        """
        self._made = event.reference, self._clock()  # also where it fails: not again for each window
        begun = time.monotonic()
        try:
            page = put_report(self._store, event, reference, window, verdict)
        except DriftError:
            raise
        except Exception as exc:  # whatever a report can't draw, the window is told all the same
            raise DriftError(f"the report can't be drawn: {type(exc).__name__}") from exc
        observe_drift_report(time.monotonic() - begun)
        if self._registry_log is not None:
            self._registry_log.put(event, page)

    def _newest(self, reference: str) -> float:
        try:
            events = self._store.events()
        except DriftError:
            return float("-inf")
        return max((_seconds(event.time) for event in events if event.reference == reference), default=float("-inf"))


def _seconds(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return float("-inf")
