"""Render the report of a window and put it into the folder."""

from models.errors import DriftError
from monitoring.drift.monitor import Verdict
from monitoring.drift.records import DriftEvent
from monitoring.drift.references.reference import Reference
from monitoring.drift.reports.store import ReportStore
from monitoring.drift.windows import Window


def put_report(store: ReportStore, event: DriftEvent, reference: Reference, window: Window, verdict: Verdict) -> str:
    """Make a report and put it in place; takes seconds the first time, then about one. Gives the page.

    Raises:
        DriftError: Evidently is not installed, or the folder can't be written.
    """
    try:
        from monitoring.drift.reports.rendering import render  # noqa: PLC0415  # imports take seconds, `--help` none
    except ModuleNotFoundError as exc:
        raise DriftError(f"reports need {exc.name}, which is not installed: run `make venv`") from exc

    rendered = render(reference, window, verdict)
    store.put(event, rendered.html, rendered.json)
    return rendered.html
