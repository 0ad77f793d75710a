"""The reports as a workspace of Evidently's UI, and that UI."""

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evidently.core.report import Snapshot
from evidently.sdk.models import ProjectModel
from evidently.ui.workspace import Workspace

from models.errors import DriftError
from monitoring.drift.reports.store import JSON_FILE, ReportStore

logger = logging.getLogger(__name__)

PROJECT_NAME = "Tickertape drift"
FOLDER = "workspace"
"""Name of the workspace's folder, inside that of the reports."""
_IDS = uuid.UUID("6f1c8d52-5f0c-4f3a-9d3e-2b8c5f4a7e10")
_PROJECT_ID = uuid.uuid5(_IDS, "project")
_LOOK_AGAIN_SECONDS = 10.0


def show(folder: Path, *, host: str, port: int) -> None:
    """Serve Evidently's UI over a folder of reports until it is told to stop; new reports appear while it runs.

    Evidently sends usage statistics unless the variable `DO_NOT_TRACK` is set.

    Raises:
        DriftError: the workspace can't be written, or the port is taken.
    """
    from evidently.ui.service.app import get_config, run  # noqa: PLC0415  # loads the telemetry, which reads the variable

    with _followed(folder):
        try:
            run(get_config(host=host, port=port, workspace=str(folder / FOLDER)))
        except SystemExit as exc:  # uvicorn has logged why
            raise DriftError(f"the UI can't listen on {host}:{port}; choose another port with --port") from exc


def update_workspace(folder: Path) -> int:
    """Bring the workspace to what the folder holds: new reports come in, and those that are gone go.

    Returns:
        How many reports it shows.

    Raises:
        DriftError: it can't be written.
    """
    try:
        return _updated(folder)
    except OSError as exc:
        raise DriftError(
            f"the workspace {folder / FOLDER} can't be written: {exc.strerror}; make room, or choose another folder with "
            "DRIFT_REPORTS_DIR"
        ) from exc


def _updated(folder: Path) -> int:
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    state = Workspace(str(folder / FOLDER)).state
    if _PROJECT_ID not in state.list_projects():
        state.write_project(ProjectModel(id=_PROJECT_ID, name=PROJECT_NAME))
    (folder / FOLDER / str(_PROJECT_ID) / "snapshots").mkdir(parents=True, exist_ok=True)
    wanted = {uuid.uuid5(_IDS, f"{event.report} {event.time}"): event for event in ReportStore(folder, 1).events()}
    there = set(state.list_snapshots(_PROJECT_ID))
    for gone in there - wanted.keys():
        state.delete_snapshot(_PROJECT_ID, gone)
    for snapshot_id in wanted.keys() - there:
        event = wanted[snapshot_id]
        try:
            snapshot = Snapshot.loads((folder / str(event.report) / JSON_FILE).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            logger.warning("drift_report_not_shown", extra={"report": event.report})
            continue
        snapshot.set_name(f"{event.report} {event.outcome}")
        state.write_snapshot(_PROJECT_ID, snapshot_id, snapshot.to_snapshot_model())
    return len(state.list_snapshots(_PROJECT_ID))


@contextmanager
def _followed(folder: Path) -> Iterator[None]:
    """Keep the workspace up to date in a thread; Evidently's UI sees what changes in it."""
    update_workspace(folder)
    stopped = threading.Event()

    def follow() -> None:
        while not stopped.wait(_LOOK_AGAIN_SECONDS):
            try:
                update_workspace(folder)
            except DriftError as exc:
                logger.warning("drift_workspace_not_updated", extra={"error": str(exc)})

    thread = threading.Thread(target=follow, name="drift-workspace", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
