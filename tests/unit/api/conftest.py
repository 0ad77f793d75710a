"""An application with a model that always says the same, and a client for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.access.wiring import Access
from api.app import create_app
from api.dependencies import Follow
from api.live.hub import LiveFeed
from api.tracing import Traces
from config.api import ApiSettings
from models.contracts import Predictor
from models.feedback import Feedback
from models.predictor import ScorerPredictor, pretrained_predictor
from models.records import ModelVersion, Tweet
from models.taxonomy import Label
from monitoring.drift.reports.store import ReportStore

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def predictor(make_fixed_predictor: Callable[..., Predictor]) -> Predictor:
    model = ModelVersion(name="fixed", version="7", online_version=2)
    return make_fixed_predictor(model, {Label.MACRO: 0.75, Label.MARKETS: 0.125})


@pytest.fixture
def asked(predictor: Any) -> list[Tweet]:
    """Give the list of the tweets that reached the model."""
    return predictor.asked


class RecordingPublisher:
    """Implements `api.dependencies.FeedbackPublisher`: keeps what it was given, or fails with what it is told to."""

    def __init__(self) -> None:
        self.published: list[list[Feedback]] = []
        self.failure: Exception | None = None
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.is_closed = False

    async def publish(self, given: Sequence[Feedback]) -> None:
        await self.may_end.wait()
        if self.failure is not None:
            raise self.failure
        self.published.append(list(given))

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def publisher() -> RecordingPublisher:
    """Give what every application of the test hands its feedback to."""
    return RecordingPublisher()


class FakeVersions:
    """Implements `api.versions.VersionStore`: what it holds can be changed, and an exception in it is raised."""

    def __init__(self) -> None:
        self.held: dict[str, Predictor | Exception] = {}
        self.failure: Exception | None = None
        self.listed = 0
        self.loaded: list[str] = []

    def versions(self) -> tuple[str, ...]:
        self.listed += 1
        if self.failure is not None:
            raise self.failure
        return tuple(self.held)

    def load(self, version: str) -> Predictor:
        self.loaded.append(version)
        found = self.held[version]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def versions() -> FakeVersions:
    """Give the registry of every application of the test; empty at first."""
    return FakeVersions()


@pytest.fixture
def serve(publisher: RecordingPublisher, versions: FakeVersions) -> Serve:
    """Give a function that runs an application with a load function and settings, and yields a client for it."""

    @asynccontextmanager
    async def serve(
        load: Callable[[], Predictor],
        on_load_failure: Callable[[Exception], None] = lambda _: None,
        *,
        report_file: Path = Path("none.json"),
        reports: Path = Path("no-reports"),
        live: LiveFeed | None = None,
        follow: Follow | None = None,
        traces: Traces | None = None,
        access: Access | None = None,
        **settings: float,
    ) -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(
            ApiSettings(**settings),
            load=load,
            report_file=report_file,
            publisher=publisher,
            reports=ReportStore(reports, kept=100),
            versions=versions,
            live=live,
            follow=follow,
            traces=traces,
            access=access,
            on_load_failure=on_load_failure,
        )
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://api.test") as client,
        ):
            yield client

    return serve


@pytest.fixture
def serve_ready(serve: Serve, predictor: Any) -> Serve:
    """Give a function that does the same with the fixed model, and waits until it is loaded."""

    @asynccontextmanager
    async def serve_ready(**options: Any) -> AsyncIterator[httpx.AsyncClient]:
        async with serve(lambda: predictor, **options) as client:
            while (await client.get("/health/ready")).status_code != httpx.codes.OK:  # noqa: ASYNC110  # as a client does
                await asyncio.sleep(0.001)
            predictor.asked.clear()
            yield client

    return serve_ready


@pytest.fixture
async def client(serve_ready: Serve) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an application whose model is loaded."""
    async with serve_ready() as ready_client:
        yield ready_client


@pytest.fixture(scope="session")
def shipped() -> ScorerPredictor:
    """Give the model that ships with the package."""
    return pretrained_predictor(3)


@pytest.fixture
async def real(serve: Serve, shipped: ScorerPredictor) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an application whose model is the shipped one."""
    async with serve(lambda: shipped) as shipped_client:
        while (await shipped_client.get("/health/ready")).status_code != httpx.codes.OK:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.001)
        yield shipped_client
