"""The folder of drift reports: what is put in, found, removed, and left alone."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from models.errors import DriftError, DriftReportNotFoundError
from models.records import ModelVersion
from monitoring.drift.records import Cause, DriftEvent, Kind
from monitoring.drift.reports.store import ReportStore

Make = Callable[..., DriftEvent]
PAGE = "<html>a report</html>"
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "p", "table", "thead", "tr", "th", "tbody", "td", "time"),
    *("span", "ul", "li", "bdi", "a"),
}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def put(store: ReportStore, *events: DriftEvent) -> None:
    for event in events:
        store.put(event, PAGE, b"{}")


def test_report_is_found_with_its_event_and_page(tmp_path: Path, make_event: Make) -> None:
    store = ReportStore(tmp_path / "new" / "reports", 3)

    store.put(make_event(1), PAGE, b'{"metrics": []}')

    folder = tmp_path / "new" / "reports" / "0a1b2c3d-00000001"
    assert store.events() == [make_event(1)]
    assert store.event("0a1b2c3d-00000001") == make_event(1)
    assert store.html("0a1b2c3d-00000001") == folder / "report.html"
    assert names(folder) == ["event.json", "report.html", "report.json"]
    assert (folder / "report.html").read_text() == PAGE
    assert (folder / "report.json").read_bytes() == b'{"metrics": []}'
    assert names(folder.parent) == ["0a1b2c3d-00000001", "index.html"]


def test_other_users_may_read_a_report(tmp_path: Path, make_event: Make) -> None:
    put(ReportStore(tmp_path, 3), make_event(1))

    assert (tmp_path / "0a1b2c3d-00000001").stat().st_mode & 0o777 == 0o755


def test_newest_report_comes_first_whatever_its_reference(tmp_path: Path, make_event: Make) -> None:
    store = ReportStore(tmp_path, 9)
    of_new_model = make_event(1, report="ffffffff-00000001", time="2026-01-01T12:00:00.000Z")

    put(store, make_event(5), of_new_model, make_event(4))

    assert [event.report for event in store.events()] == ["ffffffff-00000001", "0a1b2c3d-00000005", "0a1b2c3d-00000004"]


def test_oldest_reports_beyond_those_kept_are_removed(tmp_path: Path, make_event: Make) -> None:
    store = ReportStore(tmp_path, 2)

    put(store, *(make_event(number) for number in (1, 2, 3, 4)))

    assert names(tmp_path) == ["0a1b2c3d-00000003", "0a1b2c3d-00000004", "index.html"]
    with pytest.raises(DriftReportNotFoundError):
        store.event("0a1b2c3d-00000001")


def test_report_of_the_same_id_is_replaced(tmp_path: Path, make_event: Make) -> None:
    store = ReportStore(tmp_path, 2)
    put(store, make_event(1))

    store.put(make_event(1, outcome="quiet", causes=()), "<html>again</html>", b"{}")

    assert [event.outcome for event in store.events()] == ["quiet"]
    assert store.html("0a1b2c3d-00000001").read_text() == "<html>again</html>"
    assert names(tmp_path) == ["0a1b2c3d-00000001", "index.html"]


@pytest.mark.parametrize(
    "report_id",
    [
        "",
        ".",
        "..",
        "../0a1b2c3d-00000001",
        "/etc/passwd",
        "0a1b2c3d-00000001/../../x",
        "0a1b2c3d-00000001\n",
        "0A1B2C3D-00000001",
        "0a1b2c3d-0000000\u0661",
        "0a1b2c3d-000000010",
        "0a1b2c3d-00000001\0",
        "index.html",
    ],
)
def test_id_that_is_none_never_becomes_a_path(tmp_path: Path, make_event: Make, report_id: str) -> None:
    store = ReportStore(tmp_path / "reports", 2)

    for use in (
        lambda: store.event(report_id),
        lambda: store.html(report_id),
        lambda: put(store, make_event(1, report=report_id)),
    ):
        with pytest.raises(DriftReportNotFoundError, match="an id is like 0a1b2c3d-00000042"):
            use()

    assert names(tmp_path) == []


def test_event_without_a_report_is_refused(tmp_path: Path, make_event: Make) -> None:
    with pytest.raises(DriftReportNotFoundError):
        put(ReportStore(tmp_path, 2), make_event(1, report=None))


def test_folder_that_is_not_there_has_no_reports(tmp_path: Path) -> None:
    store = ReportStore(tmp_path / "none", 2)

    assert store.events() == []
    with pytest.raises(DriftReportNotFoundError):
        store.html("0a1b2c3d-00000001")


def test_foreign_and_half_written_folders_are_no_reports_and_stay(tmp_path: Path, make_event: Make) -> None:
    store = ReportStore(tmp_path, 1)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "0a1b2c3d-00000090").write_text("a file")
    half, wrong, renamed, deep = (tmp_path / f"0a1b2c3d-0000009{number}" for number in range(1, 5))
    for folder in (half, wrong, renamed, deep):
        folder.mkdir()
        (folder / "report.html").write_text(PAGE)
    (half / "event.json").write_bytes(msgspec.json.encode(make_event(91))[:50])
    (wrong / "event.json").write_bytes(b'{"report": "0a1b2c3d-00000092"}')
    (renamed / "event.json").write_bytes(msgspec.json.encode(make_event(1)))
    (deep / "event.json").write_bytes(b"[" * 100_000)

    put(store, make_event(1), make_event(2))

    assert [event.report for event in store.events()] == ["0a1b2c3d-00000002"]
    kept = ["0a1b2c3d-00000002", "0a1b2c3d-00000090", half.name, wrong.name, renamed.name, deep.name]
    assert names(tmp_path) == [*kept, "index.html", "notes.txt"]
    with pytest.raises(DriftReportNotFoundError):
        store.event(half.name)


def test_link_to_a_folder_elsewhere_is_no_report(tmp_path: Path, make_event: Make) -> None:
    put(ReportStore(tmp_path / "other", 1), make_event(3))
    store = ReportStore(tmp_path / "reports", 1)
    put(store, make_event(1))
    (tmp_path / "reports" / "0a1b2c3d-00000003").symlink_to(tmp_path / "other" / "0a1b2c3d-00000003")

    put(store, make_event(2))

    assert [event.report for event in store.events()] == ["0a1b2c3d-00000002"]
    assert names(tmp_path / "other" / "0a1b2c3d-00000003") == ["event.json", "report.html", "report.json"]


def test_what_a_killed_writer_left_is_removed_and_what_another_writes_now_is_not(
    tmp_path: Path, make_event: Make
) -> None:
    for name, age_seconds in ((".unfinished-dead", 7200), (".unfinished-alive", 5)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.html").write_text(PAGE)
        changed = (tmp_path / name).stat().st_mtime - age_seconds
        os.utime(tmp_path / name, (changed, changed))

    put(ReportStore(tmp_path, 1), make_event(1))

    assert names(tmp_path) == [".unfinished-alive", "0a1b2c3d-00000001", "index.html"]


def test_two_writers_leave_whole_reports_no_more_than_are_kept(tmp_path: Path, make_event: Make) -> None:
    def write(numbers: range) -> None:
        put(ReportStore(tmp_path, 3), *(make_event(number) for number in numbers))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (range(1, 11), range(11, 21))))

    put(ReportStore(tmp_path, 3), make_event(21))
    assert [event.window.number for event in ReportStore(tmp_path, 3).events()] == [21, 20, 19]
    assert len(names(tmp_path)) == 4


def test_folder_that_is_a_file_says_what_to_do(tmp_path: Path, make_event: Make) -> None:
    (tmp_path / "reports").write_text("a file")

    with pytest.raises(
        DriftError, match=r"reports can't be written: .*; make room, or choose another with DRIFT_REPORTS_DIR"
    ):
        put(ReportStore(tmp_path / "reports", 2), make_event(1))
    with pytest.raises(DriftError, match=r"reports can't be read: Not a directory"):
        ReportStore(tmp_path / "reports", 2).events()


def test_disk_without_room_leaves_no_half_report(tmp_path: Path, make_event: Make) -> None:
    event = tmp_path / "event.json"
    event.write_bytes(msgspec.json.encode(make_event(2)))
    put(ReportStore(tmp_path / "reports", 2), make_event(1))
    code = f"""
import resource, sys
from pathlib import Path
import msgspec
from models.errors import DriftError
from monitoring.drift.records import DriftEvent
from monitoring.drift.reports.store import ReportStore
event = msgspec.json.decode(Path({str(event)!r}).read_bytes(), type=DriftEvent)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try: ReportStore(Path({str(tmp_path / "reports")!r}), 2).put(event, "x" * 1000, b"")
except DriftError as exc: print(exc)
"""

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "can't be written: File too large; make room" in answer.stdout, answer.stderr
    assert names(tmp_path / "reports") == ["0a1b2c3d-00000001", "index.html"]


def test_index_shows_each_report_newest_first_with_links(tmp_path: Path, make_event: Make) -> None:
    quiet = make_event(2, outcome="quiet", kinds=(), causes=())

    put(ReportStore(tmp_path, 5), make_event(1), quiet)

    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="([^"]+)"', page) == [
        f"0a1b2c3d-0000000{number}/{file}" for number in (2, 1) for file in ("report.html", "report.json", "event.json")
    ]
    assert "data: <bdi>has_link=yes</bdi> 25.0% to 75.0%" in page
    assert "1 (500 tweets), model 7" in page
    assert "2 reports, the newest first." in page


def test_index_says_how_many_more_causes_there_are(tmp_path: Path, make_event: Make) -> None:
    numbers = tuple(Cause(Kind.DATA, "text_characters", None, "long", 120.0, 1040.5, 2.0) for _ in range(5))

    put(ReportStore(tmp_path, 5), make_event(1, causes=numbers))

    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.count("data: <bdi>text_characters</bdi> median 120 to 1.04e+03") == 3
    assert "and 2 more" in page


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202eabc", "a\x00b", "x" * 10_000]
)
def test_index_holds_nothing_that_a_ticker_or_a_name_could_smuggle_in(
    tmp_path: Path, make_event: Make, hostile: str
) -> None:
    cause = Cause(Kind.DATA, "ticker", hostile, "short", 0.0, 0.5, 3.0)

    put(ReportStore(tmp_path, 5), make_event(1, causes=(cause,), model=ModelVersion("x", hostile), time=hostile))

    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert len(page) < 10_000
    assert not re.search(r"<script|<img|onerror=alert\(1\)>\"|[\u202e\x00]", page)
    assert set(re.findall(r"<([a-z0-9]+)", page)) == TAGS


def test_browser_runs_no_script_of_the_index_and_loads_nothing(tmp_path: Path, make_event: Make) -> None:
    put(ReportStore(tmp_path, 5), make_event(1))

    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    style = page.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy is not None
    assert policy[1] == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "<script" not in page
    assert "http:" not in page
    assert "https:" not in page
