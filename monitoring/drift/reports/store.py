"""The folder of drift reports: each in a folder of its own, put in place at once, and a page over all of them."""

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from models.errors import DriftError, DriftReportNotFoundError
from monitoring.drift.records import DriftEvent
from monitoring.drift.reports.index_page import index_page

REPORT_ID = re.compile(r"[0-9a-f]{8}-[0-9]{8}")
"""The reference's first eight digits, and the window's number."""
INDEX_FILE, HTML_FILE, JSON_FILE, EVENT_FILE = "index.html", "report.html", "report.json", "event.json"
_UNFINISHED = ".unfinished-"
_ABANDONED_SECONDS = 3600  # no report takes so long to write: whoever began it is gone
_LARGEST_EVENT_BYTES = 4_194_304  # far above any; a larger file is not ours
_FOLDER_MODE = 0o755  # a temporary folder is for its owner's eyes, a report is to be served


class ReportStore:
    """Reads and writes the folder of reports; other files in it are left alone.

    Args:
        folder: made at the first `put`.
        kept: most reports that stay, at least 1; each `put` removes the oldest beyond.
    """

    def __init__(self, folder: Path, kept: int) -> None:
        self._folder = folder
        self._kept = max(kept, 1)

    def put(self, event: DriftEvent, html: str, json: bytes) -> None:
        """Put a report where readers find it, whole; one of the same id is replaced.

        Args:
            event: its `report` is the id.
            html: the report as a page.
            json: the same in figures.

        Raises:
            DriftError: the folder can't be written, or the event has no id.
        """
        path = self._path(event.report or "")
        files = {HTML_FILE: html.encode("utf-8", "replace"), JSON_FILE: json, EVENT_FILE: msgspec.json.encode(event)}
        with self._writing():
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._unfinished() as new:
                for name, content in files.items():
                    (new / name).write_bytes(content)
                new.chmod(_FOLDER_MODE)
                self._remove(path)
                new.rename(path)
            self._tidy()

    def events(self) -> list[DriftEvent]:
        """Give the events of the reports that are there, the newest first; a folder without a readable one is none."""
        found = [event for path in self._report_folders() if (event := _event_in(path)) is not None]
        return sorted(found, key=lambda event: (event.time, event.window.number), reverse=True)

    def event(self, report_id: str) -> DriftEvent:
        """Give the event of a report.

        Raises:
            DriftReportNotFoundError: there is no such report.
        """
        event = _event_in(self._path(report_id))
        if event is None:
            raise _not_found(report_id)
        return event

    def html(self, report_id: str) -> Path:
        """Give the path of a report's page.

        Raises:
            DriftReportNotFoundError: there is no such report.
        """
        path = self._path(report_id) / HTML_FILE
        if not path.is_file():
            raise _not_found(report_id)
        return path

    def _path(self, report_id: str) -> Path:
        if not REPORT_ID.fullmatch(report_id):
            raise _not_found(report_id)
        return self._folder / report_id

    def _report_folders(self) -> list[Path]:
        try:
            found = [path for path in self._folder.iterdir() if REPORT_ID.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise DriftError(f"the folder of reports {self._folder} can't be read: {exc.strerror}") from exc
        return [path for path in found if path.is_dir() and not path.is_symlink()]

    def _tidy(self) -> None:
        """Remove the oldest reports and what dead writers left, and write the index anew."""
        events = self.events()
        for event in events[self._kept :]:
            self._remove(self._folder / str(event.report))
        for path in self._folder.glob(f"{_UNFINISHED}*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)
        with self._unfinished() as new:
            (new / INDEX_FILE).write_text(index_page(events[: self._kept]), encoding="utf-8")
            (new / INDEX_FILE).replace(self._folder / INDEX_FILE)

    def _remove(self, path: Path) -> None:
        """Take a report away at once: a reader finds all of it, or nothing."""
        with suppress(FileNotFoundError), self._unfinished() as old:
            path.rename(old / path.name)

    @contextmanager
    def _unfinished(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise DriftError(
                f"the folder of reports {self._folder} can't be written: {exc.strerror}; make room, or choose another "
                "with DRIFT_REPORTS_DIR"
            ) from exc


def _event_in(path: Path) -> DriftEvent | None:
    """Read a report's event; None where it is not there, half written, or another report's."""
    file = path / EVENT_FILE
    try:
        if path.is_symlink() or file.stat().st_size > _LARGEST_EVENT_BYTES:
            return None
        event = msgspec.json.decode(file.read_bytes(), type=DriftEvent)
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None
    return event if event.report == path.name and (path / HTML_FILE).is_file() else None


def _not_found(report_id: str) -> DriftReportNotFoundError:
    return DriftReportNotFoundError(f"there is no drift report {report_id[:40]!r}; an id is like 0a1b2c3d-00000042")
