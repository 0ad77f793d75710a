"""Reports of drift on their way to the model registry, in a thread of its own that never holds up the reading."""

import logging
import queue
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from models.errors import ModelError
from monitoring.drift.records import DriftEvent
from monitoring.drift.reports.store import EVENT_FILE, HTML_FILE

logger = logging.getLogger(__name__)

WAITING_REPORTS = 4
"""Most reports, of 4 MB each, that wait for the store; further ones are not logged."""


class AddDrift(Protocol):
    """Logs to the run of a registered version: `models.registry.add_drift` with its store given."""

    def __call__(
        self, version: str, *, step: int, time_ms: int, metrics: Mapping[str, float], files: Mapping[str, bytes]
    ) -> None:
        """Log metrics and files; raises `ModelError` where the store can't be reached or lacks the version."""


class RegistryLog:
    """Logs reports of drift to the run of the version that answered.

    Nothing is raised: a failure is a line in the log, one for all in a row.

    Args:
        add: where to.
    """

    def __init__(self, add: AddDrift) -> None:
        self._add = add
        self._waiting: queue.Queue[tuple[DriftEvent, str] | None] = queue.Queue(WAITING_REPORTS)
        self._fails = False
        self._thread = threading.Thread(target=self._run, name="drift-registry-log", daemon=True)
        self._thread.start()

    def put(self, event: DriftEvent, html: str) -> None:
        """Take a report to log; one without drift, or of a model that is in no registry, is not logged."""
        if event.outcome != "drift" or not event.model.version.isdecimal():
            return
        try:
            self._waiting.put_nowait((event, html))
        except queue.Full:
            self._failed(f"{WAITING_REPORTS} reports wait already")

    def close(self, timeout_seconds: float) -> None:
        """Log what waits, but for no longer than the timeout."""
        try:
            self._waiting.put(None, timeout=timeout_seconds)
        except queue.Full:
            return
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while (taken := self._waiting.get()) is not None:
            event, html = taken
            try:
                self._log(event, html)
            except ModelError as exc:
                self._failed(str(exc))
            except Exception:
                logger.exception("drift_not_logged_to_registry")
            else:
                self._fails = False

    def _log(self, event: DriftEvent, html: str) -> None:
        self._add(
            event.model.version,
            step=event.window.number,
            time_ms=round(datetime.fromisoformat(event.time).timestamp() * 1000),
            metrics=event.scores,
            files={
                f"{event.report}/{HTML_FILE}": html.encode("utf-8", "replace"),
                f"{event.report}/{EVENT_FILE}": msgspec.json.encode(event),
            },
        )

    def _failed(self, error: str) -> None:
        if not self._fails:
            logger.warning("drift_not_logged_to_registry", extra={"error": error})
        self._fails = True
