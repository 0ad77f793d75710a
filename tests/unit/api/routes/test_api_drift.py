"""GET /drift and what is below it, from a folder of reports."""

import json
import re
import threading
import urllib.parse
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api.openapi import examples
from api.routes.drift import PAGE_HEADERS
from monitoring.drift.records import DriftEvent
from monitoring.drift.reports.store import ReportStore

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
MakeEvent = Callable[..., DriftEvent]

PAGE = "<!doctype html><p>moved</p>"


@pytest.fixture
def folder(tmp_path: Path, make_drift_event: MakeEvent) -> Path:
    """A folder with the reports of the windows 1 to 3."""
    store = ReportStore(tmp_path / "reports", kept=100)
    for number in (1, 2, 3):
        store.put(make_drift_event(number, time=f"2026-01-31T09:4{number}:00.000Z"), f"{PAGE}{number}", b"{}")
    return tmp_path / "reports"


async def get(serve: Serve, reports: Path, path: str) -> httpx.Response:
    async with serve(lambda: None, reports=reports) as client:
        return await client.get(path, headers={"x-request-id": examples.REQUEST_ID})


@pytest.mark.parametrize(
    ("query", "numbers"), [("", [3, 2, 1]), ("?limit=2", [3, 2]), ("?limit=1&x=y", [3]), ("?limit=100", [3, 2, 1])]
)
async def test_events_are_listed_newest_first_up_to_the_limit(
    serve: Serve, folder: Path, query: str, numbers: list[int]
) -> None:
    response = await get(serve, folder, f"/drift{query}")

    assert [event["window"]["number"] for event in response.json()["events"]] == numbers


async def test_twenty_events_are_listed_where_no_limit_is_given(
    serve: Serve, tmp_path: Path, make_drift_event: MakeEvent
) -> None:
    store = ReportStore(tmp_path, kept=100)
    for number in range(25):
        store.put(make_drift_event(number), PAGE, b"{}")

    response = await get(serve, tmp_path, "/drift")

    assert [event["window"]["number"] for event in response.json()["events"]] == list(range(24, 4, -1))


async def test_folder_that_is_not_there_has_no_events(serve: Serve, tmp_path: Path) -> None:
    response = await get(serve, tmp_path / "none", "/drift")

    assert (response.status_code, response.json()) == (httpx.codes.OK, {"events": []})


async def test_latest_and_named_event_are_what_was_kept(
    serve: Serve, folder: Path, make_drift_event: MakeEvent
) -> None:
    latest, named = [await get(serve, folder, path) for path in ("/drift/latest", "/drift/0a1b2c3d-00000002")]

    assert msgspec.json.decode(latest.content, type=DriftEvent) == make_drift_event(3, time="2026-01-31T09:43:00.000Z")
    assert named.json()["report"] == "0a1b2c3d-00000002"
    assert named.headers["content-type"] == "application/json"


async def test_page_is_given_with_a_policy_that_lets_it_reach_nothing(serve: Serve, folder: Path) -> None:
    response = await get(serve, folder, "/drift/0a1b2c3d-00000002/report")

    policy = response.headers["content-security-policy"].split("; ")
    assert response.text == f"{PAGE}2"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert policy[0] == "default-src 'none'"
    assert (
        "sandbox allow-scripts allow-downloads" in policy
    )  # no origin: no cookies, no storage, no requests to the API
    assert not re.search(r"https?:|\*|connect-src|unsafe-eval|allow-same-origin", " ".join(policy))
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers.items() >= PAGE_HEADERS.items()


@pytest.mark.parametrize("wanted", ["bytes=0-3", "bytes=9999999-", "bytes=3-1", "lines=1-2", ""])
async def test_page_is_given_whole_whatever_range_is_asked_for(serve: Serve, folder: Path, wanted: str) -> None:
    async with serve(lambda: None, reports=folder) as client:
        response = await client.get("/drift/0a1b2c3d-00000002/report", headers={"range": wanted})

    assert (response.status_code, response.text) == (httpx.codes.OK, f"{PAGE}2")


@pytest.mark.parametrize("limit", ["0", "101", "", "-1", "1.5", "ten", "\uff19", "1" * 5000, "+5", " 5"])
async def test_limit_that_is_none_is_refused(serve: Serve, folder: Path, limit: str) -> None:
    async with serve(lambda: None, reports=folder) as client:
        response = await client.get("/drift", params={"limit": limit})

    assert response.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"] == f"limit is {limit[:100]!r}: send a whole number from 1 to 100"


async def ask(client: Any, raw_path: str) -> tuple[int, bytes]:
    """Ask for a path as it is: httpx takes `..` out of it before it is sent, an attacker does not."""
    sent: list[dict[str, Any]] = []
    path = urllib.parse.unquote(raw_path)
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": raw_path.encode(), "query_string": b""}

    async def receive() -> dict[str, str]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await client._transport.app({**scope, "headers": []}, receive, send)
    return sent[0]["status"], b"".join(message["body"] for message in sent[1:])


HOSTILE = [
    "..",
    "../secret",
    "..%2fsecret",
    "..%2F..%2Fetc%2Fpasswd",
    "%2e%2e%2fsecret",
    "..%5csecret",
    "%2Fetc%2Fpasswd",
    "0a1b2c3d-00000001%2f..%2f..%2fsecret",
    "0a1b2c3d-00000001%00",
    "0a1b2c3d-00000001%0a",
    "0a1b2c3d-0000000%D9%A1",
    "0A1B2C3D-00000001",
    "0a1b2c3d-000000001",
    "0a1b2c3d-00000009",
    "index.html",
    ".",
    "%20",
    "%F0%9F%92%A9",
    "%ff",
    "a" * 20_000,
]


@pytest.mark.parametrize("tail", ["", "/report"])
@pytest.mark.parametrize("report_id", HOSTILE, ids=[name[:30] for name in HOSTILE])
async def test_id_of_no_report_is_not_found_whatever_it_is(
    serve: Serve, folder: Path, report_id: str, tail: str
) -> None:
    secret = folder.parent / "secret"
    secret.mkdir()
    for name in ("event.json", "report.html"):
        (secret / name).write_text('"leaked"')

    async with serve(lambda: None, reports=folder) as client:
        status, body = await ask(client, f"/drift/{report_id}{tail}")

    assert (status, json.loads(body)["title"]) == (httpx.codes.NOT_FOUND, "Not Found")
    assert b"leaked" not in body


async def test_latest_is_not_found_where_there_is_none_and_says_what_to_do(serve: Serve, tmp_path: Path) -> None:
    response = await get(serve, tmp_path, "/drift/latest")

    assert response.json() == examples.NO_DRIFT_REPORT


async def test_problem_examples_are_what_is_answered(serve: Serve, folder: Path) -> None:
    unknown, limit = [await get(serve, folder, path) for path in ("/drift/0a1b2c3d-00000007", "/drift?limit=0")]

    assert unknown.json() == examples.UNKNOWN_DRIFT_REPORT
    assert limit.json() == examples.WRONG_LIMIT


async def test_page_that_is_removed_meanwhile_is_not_found(
    serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReportStore, "html", lambda self, _: self._folder / "gone" / "report.html")

    response = await get(serve, folder, "/drift/0a1b2c3d-00000002/report")

    assert response.status_code == httpx.codes.NOT_FOUND
    assert response.json()["detail"] == "the drift report 0a1b2c3d-00000002 is not kept any more"


async def test_event_that_is_half_written_is_left_out(serve: Serve, folder: Path) -> None:
    (folder / "0a1b2c3d-00000003" / "event.json").write_text('{"window": ')

    async with serve(lambda: None, reports=folder) as client:
        answers = [await client.get(path) for path in ("/drift/latest", "/drift/0a1b2c3d-00000003")]

    assert answers[0].json()["window"]["number"] == 2
    assert answers[1].status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("path", ["/drift", "/drift/latest", "/drift/0a1b2c3d-00000002"])
async def test_disk_is_read_in_another_thread_than_the_event_loop(
    serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    readers: list[threading.Thread] = []
    read_bytes = Path.read_bytes

    def read_and_tell(file: Path) -> bytes:
        readers.append(threading.current_thread())
        return read_bytes(file)

    monkeypatch.setattr(Path, "read_bytes", read_and_tell)

    await get(serve, folder, path)

    assert readers
    assert threading.current_thread() not in readers


async def test_drift_is_told_while_no_model_answers(serve: Serve, folder: Path) -> None:
    def load() -> None:
        raise RuntimeError("no model")

    async with serve(load, reports=folder) as client:
        assert (await client.get("/drift")).status_code == httpx.codes.OK
        assert (await client.get("/health/ready")).status_code == httpx.codes.SERVICE_UNAVAILABLE
