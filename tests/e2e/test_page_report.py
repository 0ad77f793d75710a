"""A drift report is read where keys are on: real routes, real keys, and a report that tries to reach what it may not."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn

from api.access.key_source import KeySource
from api.access.keys import Role, new_key
from api.access.wiring import Access
from api.app import create_app
from api.openapi import examples
from api.page_files import page_files
from api.routes.page import FRAME
from api.serving.server import listen, url_of
from config.api import ApiSettings
from monitoring.drift.records import DriftEvent
from monitoring.drift.reports.store import ReportStore

expect = pytest.importorskip("playwright.sync_api").expect

Build = Callable[..., dict[str, Any]]
Open = Callable[..., Any]

REPORT_ID = examples.DRIFT_EVENT["report"]
# Says what it reached of the page, and what a request of its own got.
REPORT = """<!doctype html><html><head><title>r</title><style>p { color: rgb(1, 2, 3) }</style></head>
<body><p id="drawn"></p><p id="asked"></p><script>
const ways = {
  storage: () => sessionStorage.length, cookie: () => document.cookie, page: () => parent.document.title,
  key: () => parent.sessionStorage.length, away: () => { top.location = "about:blank"; },
};
const reached = [];
for (const [name, way] of Object.entries(ways)) try { way(); reached.push(name); } catch {}
document.getElementById("drawn").textContent = `drawn, reached: ${reached}`;
fetch("/health/live").then(() => "answered", () => "stopped").then((how) => {
  document.getElementById("asked").textContent = how;
});
</script></body></html>"""


@dataclass(frozen=True)
class Guarded:
    """A running API that asks for a key, and the key."""

    url: str
    key: str
    reports: ReportStore


class NoFeedback:
    """Implements `api.dependencies.FeedbackPublisher`: is never used."""

    async def publish(self, given: Any) -> None:
        raise AssertionError(given)

    async def close(self) -> None:
        """Nothing is open."""


class NoVersions:
    """Implements `api.versions.VersionStore`: there are none."""

    def versions(self) -> tuple[str, ...]:
        return ()

    def load(self, version: str) -> Any:
        raise AssertionError(version)


def no_model() -> Any:
    raise RuntimeError("no model")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """Run an API with keys and one report; it has neither a model nor a feed."""
    reports = ReportStore(tmp_path / "reports", kept=10)
    reports.put(msgspec.convert(examples.DRIFT_EVENT, DriftEvent), REPORT, b"{}")
    shown, key = new_key("desk", [Role.READ])
    app = create_app(
        ApiSettings(),
        load=no_model,
        report_file=tmp_path / "none.json",
        publisher=NoFeedback(),
        reports=reports,
        versions=NoVersions(),
        access=Access(keys=KeySource(key.line, None)),
        on_load_failure=lambda _: None,
    )
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield Guarded(url_of(listener), shown, reports)
    server.force_exit = server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def open_with_drift(open_page: Open, build_tick: Build) -> Callable[[Guarded, str], Any]:
    """Give a function that opens the page with a saved key, and has its feed tell of a drift."""

    def open_with_drift(guarded: Guarded, key: str) -> Any:
        drift = {"state": "drift", "window": 42, "at": "x", "causes": [], "report": f"/drift/{REPORT_ID}"}
        feed = f"event: state\ndata: {json.dumps(build_tick(1, history=[], drift=drift))}\n\n"
        opened = open_page("about:blank")
        opened.page.route("**/live", lambda route: route.fulfill(content_type="text/event-stream", body=feed))
        opened.page.add_init_script(
            f"if (location.protocol === 'http:' && self === top) sessionStorage.setItem('tickertape-key', '{key}')"
        )
        opened.page.goto(guarded.url)
        return opened

    return open_with_drift


def test_a_report_is_shown_with_the_key_of_the_page_and_reaches_nothing_of_it(
    guarded: Guarded, open_with_drift: Callable[[Guarded, str], Any]
) -> None:
    page = open_with_drift(guarded, guarded.key).page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.locator("#drift").get_by_role("button", name="report").click()

    report = page.frame_locator("#report iframe")
    expect(report.locator("#drawn")).to_have_text("drawn, reached: ")
    expect(report.locator("#drawn")).to_have_css("color", "rgb(1, 2, 3)")
    expect(report.locator("#asked")).to_have_text("stopped")
    expect(page.locator("#report-state")).to_be_empty()
    assert page.url == f"{guarded.url}/"
    assert f"{guarded.url}/drift/{REPORT_ID}/report" in asked
    assert [url for url in asked if guarded.key in url] == []
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#report iframe")).to_have_count(0)
    expect(page.locator("#report")).to_be_hidden()


def test_a_report_asks_for_a_key_where_that_of_the_page_is_refused(
    guarded: Guarded, open_with_drift: Callable[[Guarded, str], Any]
) -> None:
    page = open_with_drift(guarded, "tt_of_yesterday").page

    page.locator("#drift").get_by_role("button", name="report").click()

    expect(page.get_by_label("API key")).to_be_visible()
    expect(page.locator("#report")).to_be_hidden()
    page.get_by_label("API key").fill(guarded.key)
    page.get_by_role("button", name="Use this key").click()
    page.locator("#drift").get_by_role("button", name="report").click()
    expect(page.frame_locator("#report iframe").locator("#drawn")).to_contain_text("drawn")


def test_a_report_that_is_not_kept_any_more_is_said_to_be(
    guarded: Guarded, open_with_drift: Callable[[Guarded, str], Any]
) -> None:
    page = open_with_drift(guarded, guarded.key).page
    guarded.reports.html(REPORT_ID).unlink()

    page.locator("#drift").get_by_role("button", name="report").click()

    expect(page.locator("#report-state")).to_contain_text(REPORT_ID)
    expect(page.locator("#report iframe")).to_have_count(0)


def test_the_frame_of_a_report_shows_what_its_own_server_sends_and_nothing_else(
    guarded: Guarded, open_page: Open
) -> None:
    page = open_page(f"{guarded.url}/page/{page_files().digest}/{FRAME}").page
    send = """(origin) => {
      dispatchEvent(new MessageEvent("message", { data: "<p id=drawn>sent</p>", source: parent, origin }));
      return document.getElementById("drawn")?.textContent ?? null;
    }"""

    drawn = [page.evaluate(send, origin) for origin in ("https://elsewhere.test", "null", guarded.url)]

    assert drawn == [None, None, "sent"]
