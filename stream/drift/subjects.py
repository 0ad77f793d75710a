"""What windows are compared with: a model version, its reference, and what is known of the windows before."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from models.errors import DriftError
from models.records import ModelVersion
from monitoring.drift.monitor import Monitor
from monitoring.drift.records import DriftEvent
from monitoring.drift.references.reference import Reference
from monitoring.drift.references.sources import References
from monitoring.drift.windows import Window

RETRY_SECONDS = 60.0  # a registry that was away may be back, or somebody may have added the file

logger = logging.getLogger(__name__)


class DriftEvents(Protocol):
    """What was told before; see `stream.drift.event_log.EventLog`."""

    def newest(self) -> DriftEvent | None:
        """Give the event that was told last; None for none."""

    def newest_of(self, reference: str, count: int = 1) -> list[DriftEvent]:
        """Give the last events of a reference that no other reference's is among, the newest first."""

    def tell(self, event: DriftEvent) -> None:
        """Add an event, and wait until it is there."""


class EarlierWindows(Protocol):
    """Reads tweets of windows that were told."""

    def windows(self, events: Sequence[DriftEvent], reference: Reference) -> list[Window]:
        """Give the windows of events in their order; what is gone of them is left out."""


@dataclass(frozen=True)
class Subject:
    """What windows are compared with at present.

    Attributes:
        model: the version whose tweets are compared.
        reference: what with.
        monitor: compares them.
    """

    model: ModelVersion
    reference: Reference
    monitor: Monitor


class Subjects:
    """Makes subjects.

    Args:
        references: where references come from.
        told: what was told before.
        earlier: reads the tweets of windows before.
        long_windows: of how many windows the long one is made.
        malformed_share: share of refused records, 0 to 1, up to which a feed is sound.
        clock: gives seconds that only grow.
    """

    def __init__(
        self,
        references: References,
        told: DriftEvents,
        earlier: EarlierWindows,
        *,
        long_windows: int,
        malformed_share: float,
        clock: Callable[[], float],
    ) -> None:
        self._references, self._told, self._earlier = references, told, earlier
        self._long_windows, self._malformed_share = long_windows, malformed_share
        self._clock = clock
        self._missing: dict[tuple[str, str], float] = {}

    def of(self, model: ModelVersion) -> Subject | None:
        """Give what the tweets of a version are compared with; None where there is no reference for it.

        What is missing is logged once, and looked for again after `RETRY_SECONDS`. Where the last window of all was of
        this reference, the windows before are read again, and belong to the long window; alarms that were open when the
        reference was last used are open still.
        """
        version = (model.name, model.version)
        missing_since = self._missing.get(version)
        if missing_since is not None and self._clock() - missing_since < RETRY_SECONDS:
            return None
        try:
            reference = self._references.of(model)
        except DriftError as exc:
            if missing_since is None:
                extra = {"model": model.name, "version": model.version, "error": str(exc)}
                logger.error("reference_missing", extra=extra)  # noqa: TRY400  # its message says all
            self._missing[version] = self._clock()
            return None
        self._missing.pop(version, None)
        return self._subject(model, reference)

    def _subject(self, model: ModelVersion, reference: Reference) -> Subject:
        last, events = self._told.newest(), self._told.newest_of(reference.id, max(self._long_windows - 1, 1))
        goes_on = last is not None and last.reference == reference.id
        compared = [event for event in reversed(events) if event.outcome != "too_few"]
        earlier = self._earlier.windows(compared, reference) if goes_on and self._long_windows > 1 else []
        number = events[0].window.number if events else 0
        monitor = Monitor(
            reference,
            earlier=earlier,
            number=number,
            open=events[0].open if events else {},
            long_windows=self._long_windows,
            malformed_share=self._malformed_share,
        )
        logger.info(
            "reference_taken",
            extra={"reference": reference.id, "version": model.version, "window": number, "earlier": len(earlier)},
        )
        return Subject(model, reference, monitor)
