"""The live page in a headless Chromium, before a server whose feed the test writes."""

import asyncio
import contextlib
import json
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from api.openapi.examples import ANSWER
from api.routes import page

PATIENCE_MS = 30_000  # of a machine on which much else runs
NO_CHROMIUM = "no Chromium: install Debian's package `chromium`, or put one into PATH"
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome")
VERSION = {"name": "tickertape", "version": "pretrained-1ea10ba5", "online_version": 0}
START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
EXPLANATION = {
    head: {
        "answer": answer,
        "runner_up": runner_up,
        "total": {"score": 2.0, "lead": 1.5},
        "bias": {"score": 0.1, "lead": 0.1},
        "terms": [{"term": "dividend", "score": 1.0, "lead": 0.9}, {"term": "cut", "score": -0.2, "lead": -0.3}],
        "rest": {"score": 0.9, "lead": 0.8},
    }
    for head, answer, runner_up in (("label", "Dividend", "Financials"), ("sentiment", "bullish", "neutral"))
}


def make_tweet(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Build one record of the feed."""
    at = (START + timedelta(seconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "id": str(1_790_000_000_000_000_000 + number),
        "text": f"Tweet number {number}: $AAPL beats estimates",
        "created_at": at,
        "classified_at": at,
        "tickers": ["AAPL"],
        "label": "Earnings",
        "label_score": 0.93,
        "labels": {"Earnings": 0.93, "Stock Movement": 0.04},
        "sentiment": "bullish",
        "sentiment_score": 0.84,
        "answered_by": "batch",
        "model": VERSION,
    } | fields


def make_tick(number: int = 1, *tweets: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Build one frame of the feed; fields can be overridden."""
    return {
        "at": (START + timedelta(seconds=number)).isoformat().replace("+00:00", "Z"),
        "broker": "connected",
        "model": VERSION,
        "tweets_per_second": 2.0,
        "sampled_share": 1.0,
        "latency_ms": {"p50": 3.1, "p99": 9.0},
        "tweets": list(tweets),
        "labels": {"Earnings": len(tweets)},
        "sentiments": {"bullish": len(tweets)},
        "tickers": [],
        "accuracy": None,
        "drift": {"state": "unknown", "window": None, "at": None, "causes": [], "report": None},
        "dead_letters": {},
        "events": [],
    } | fields


@dataclass
class FakeApi:
    """A server with the real page and routes that say what the test tells them.

    Attributes:
        prefix: where all is, as behind a proxy; ends with a slash.
        refusal: status and detail that `/live` answers instead of a stream.
        key: what requests must bring as a bearer; empty for none.
        explains: whether answers can be explained.
        feedback: the bodies that came.
        streams: how many pages follow the feed now.
    """

    refusal: tuple[int, str] | None = None
    key: str = ""
    explains: bool = True
    feedback: list[dict[str, Any]] = field(default_factory=list)
    tickers: dict[str, Any] = field(default_factory=dict)
    prefix: str = "/"
    streams: int = 0
    _frames: list[str] = field(default_factory=list)
    _round: int = 0
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None
    _port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{self.prefix}"

    def send(self, name: str, frame: dict[str, Any]) -> None:
        """Give a frame to all that follow, and to those that come later."""
        self._frames.append(f"event: {name}\ndata: {json.dumps(frame)}\n\n")

    def send_raw(self, text: str) -> None:
        self._frames.append(text)

    def end_streams(self) -> None:
        """Break all streams, and begin with nothing for the next."""
        self._frames.clear()
        self._round += 1

    def start(self) -> None:
        """Listen, at the same port as before."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(self._app(), log_config=None, ws="none", lifespan="off"))
        self._server = server
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and every stream with it."""
        assert self._server is not None
        assert self._thread is not None
        self._round += 1
        self._server.force_exit = self._server.should_exit = True
        self._thread.join()

    def _app(self) -> FastAPI:
        app = FastAPI()
        app.include_router(page.router)
        app.get("/live")(self._live)
        app.get("/tickers/{symbol}")(self._ticker)
        app.post("/predict")(self._predict)
        app.post("/feedback")(self._feedback)
        if self.prefix == "/":
            return app
        proxy = FastAPI()
        proxy.mount(self.prefix.rstrip("/"), app)
        return proxy

    def _problem(self, request: Request) -> Response | None:
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return problem(401, "send a key")
        return None

    async def _live(self, request: Request) -> Response:
        if found := self._problem(request):
            return found
        if self.refusal:
            return problem(*self.refusal)
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[str]:
        began, sent = self._round, 0
        self.streams += 1
        try:
            yield "retry: 100\n\n"
            while self._round == began:
                for frame in self._frames[sent:]:
                    sent += 1
                    yield frame
                await asyncio.sleep(0.01)
        finally:
            self.streams -= 1

    async def _ticker(self, symbol: str) -> Response:
        if symbol not in self.tickers:
            return problem(404, f"no tweet names {symbol}")
        return JSONResponse(self.tickers[symbol])

    async def _predict(self, request: Request) -> Response:
        if found := self._problem(request):
            return found
        (asked,) = (await request.json())["texts"]
        answer = {**ANSWER["predictions"][0], "text": asked["text"], "label": "Dividend", "sentiment": "bullish"}
        if request.query_params.get("explain") == "true":
            if not self.explains:
                return problem(501, "can't be explained")
            answer["explanation"] = EXPLANATION
        return JSONResponse({"predictions": [answer]})

    async def _feedback(self, request: Request) -> Response:
        if found := self._problem(request):
            return found
        body = await request.json()
        if "refuse" in body["feedback"][0]["text"]:
            return problem(503, "Kafka does not answer: send all again")
        self.feedback.append(body)
        return JSONResponse({"accepted": len(body["feedback"])}, status_code=202)


def problem(status: int, detail: str) -> Response:
    return JSONResponse({"title": "no", "status": status, "detail": detail}, status_code=status)


@pytest.fixture
def build_tweet() -> Callable[..., dict[str, Any]]:
    """Build one record of the feed by its number; fields can be overridden."""
    return make_tweet


@pytest.fixture
def build_tick() -> Callable[..., dict[str, Any]]:
    """Build one frame of the feed by its number and tweets; fields can be overridden."""
    return make_tick


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    """Give a running fake server."""
    server = FakeApi()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Find the Chromium of this machine; skips where there is none."""
    path = next(filter(None, map(shutil.which, BROWSER_NAMES)), None)
    if path is None:
        pytest.skip(NO_CHROMIUM)
    return path


@pytest.fixture(scope="module")  # Playwright keeps an event loop running, in which no other async test could run
def browser(chromium: str) -> Iterator[Any]:
    """Start it without a window."""
    playwright_api = pytest.importorskip("playwright.sync_api")
    playwright_api.expect.set_options(timeout=PATIENCE_MS)
    # As root, which containers are, Chromium's own sandbox can't start; all pages here are ours.
    options = ["--no-sandbox", "--disable-dev-shm-usage"]
    with (
        playwright_api.sync_playwright() as playwright,
        contextlib.closing(playwright.chromium.launch(executable_path=chromium, args=options)) as started,
    ):
        yield started


@dataclass
class Opened:
    """A page, and what its console said: errors, and what its policy forbade."""

    page: Any
    complaints: list[str]


OpenPage = Callable[..., Opened]


@pytest.fixture
def open_page(browser: Any) -> Iterator[OpenPage]:
    """Give a function that opens an address with options of Playwright's context; closes all in the end."""
    contexts = []

    def open_page(url: str, **options: Any) -> Opened:
        context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))
        contexts.append(context)
        opened = Opened(context.new_page(), [])
        opened.page.on("console", lambda said: opened.complaints.append(said.text) if said.type == "error" else None)
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"
        )
        opened.page.set_default_timeout(PATIENCE_MS)
        opened.page.goto(url)
        return opened

    yield open_page
    for context in contexts:
        context.close()
