"""Evidently's own UI over the folder of reports, as a process of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from models.errors import DriftError
from models.records import ModelVersion
from monitoring.drift.describing import Description
from monitoring.drift.monitor import Verdict
from monitoring.drift.records import DriftEvent, Span
from monitoring.drift.references.making import reference_of
from monitoring.drift.reports.rendering import render
from monitoring.drift.reports.store import ReportStore
from monitoring.drift.reports.workspace import update_workspace
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import window_of

# The real command, which also writes down what it connects to.
WATCHED = """
import sys
file = open(sys.argv.pop(1), "a", buffering=1)
def note(event, arguments):
    if event == "socket.connect": file.write(f"{arguments[1]}\\n")
    if event == "socket.getaddrinfo": file.write(f"{arguments[0]}\\n")
sys.addaudithook(note)
import runpy
runpy.run_module("monitoring", run_name="__main__")
"""


@contextmanager
def ui(folder: Path) -> Iterator[Callable[[str], Any]]:
    """Run the UI; gives a function that asks it for a path."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", WATCHED, str(folder.parent / "asked.txt")),
            *("drift-ui", "--reports", str(folder), "--port", str(port)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "DO_NOT_TRACK"},
    )

    def ask(path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:  # our own
            content = answer.read().decode()
        return json.loads(content) if path.startswith("/api") else content

    try:
        _wait_until_it_answers(process, ask)
        yield ask
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


def _wait_until_it_answers(process: subprocess.Popen[str], ask: Callable[[str], Any]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the UI ended: {process.communicate()[0]}")
        try:
            ask("/api/version")
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the UI does not answer")


@pytest.fixture(scope="module")
def put() -> Callable[[Path, int], None]:
    """Put the report of a window into a folder that keeps two."""
    row = Description(
        *("1", 7, 1, "IPO", "neutral", 0.5, 0.1, 9, 1, 0.0, 1.0, True, True, True, True, True, True),
        tickers=("AAPL",),
        words=(b"oil",),
    )
    window = window_of([row] * 300)
    reference = reference_of(
        [window], trained=Vocabulary.of([]), model_name="model", model_version="1", source="a test"
    )
    scores = {"label": 2.0, "label_score": 0.5}
    rendered = render(reference, window, Verdict(1, "drift", scores, (), (), (), {}, None))

    def put_report(folder: Path, number: int) -> None:
        event = DriftEvent(
            window=Span(number, 300, 300, 0, {}, {}, 0, "", ""),
            reference="0a1b2c3d",
            model=ModelVersion("model", "1"),
            outcome="drift",
            kinds=(),
            scores=scores,
            causes=(),
            opened=(),
            closed=(),
            open={},
            report=f"0a1b2c3d-{number:08}",
            replay="",
            time=f"2026-01-01T00:00:0{number}.000Z",
        )
        ReportStore(folder, 2).put(event, rendered.html, rendered.json)

    return put_report


def shown(ask: Callable[[str], Any], project_id: str) -> set[str]:
    return {snapshot["name"] for snapshot in ask(f"/api/projects/{project_id}/snapshots")}


@pytest.mark.slow
def test_ui_shows_the_reports_that_are_there_and_asks_nobody(put: Callable[[Path, int], None], tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    for number in (1, 2):
        put(reports, number)

    with ui(reports) as ask:
        (project,) = ask("/api/projects")
        before = shown(ask, project["id"])
        page = ask("/")
        put(reports, 3)
        deadline = time.monotonic() + 90
        while "0a1b2c3d-00000003 drift" not in (after := shown(ask, project["id"])) and time.monotonic() < deadline:
            time.sleep(0.5)

    assert project["name"] == "Tickertape drift"
    assert before == {"0a1b2c3d-00000001 drift", "0a1b2c3d-00000002 drift"}
    assert after == {"0a1b2c3d-00000002 drift", "0a1b2c3d-00000003 drift"}
    assert re.findall(r"(?:src|href)=\"(?!/)[^\"]*\"", page) == []
    assert (tmp_path / "asked.txt").read_text() == ""


def test_workspace_shows_what_the_folder_holds_and_skips_what_it_can_not_read(
    put: Callable[[Path, int], None], tmp_path: Path
) -> None:
    for number in (1, 2):
        put(tmp_path, number)
    (tmp_path / "0a1b2c3d-00000002" / "report.json").write_text('{"not": "a snapshot"')

    first = update_workspace(tmp_path)
    put(tmp_path, 3)
    second = update_workspace(tmp_path)

    assert (first, second) == (1, 1)
    assert len(list((tmp_path / "workspace").glob("*/snapshots/*.json"))) == 1


def test_workspace_that_can_not_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "workspace").write_text("a file")

    with pytest.raises(DriftError, match=r"workspace can't be written: .*; make room, or choose another folder with"):
        update_workspace(tmp_path)
