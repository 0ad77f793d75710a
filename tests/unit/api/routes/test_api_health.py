import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx

from api.app import create_app
from api.dependencies import FeedbackPublisher
from api.versions import VersionStore
from config.api import ApiSettings
from models.contracts import Predictor
from models.errors import ModelNotFoundError
from models.following import FollowedPredictor, Follower
from models.records import ModelChange, ModelVersion, Prediction, Tweet
from models.taxonomy import Label
from monitoring.drift.reports.store import ReportStore

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


async def test_the_process_is_live_but_not_ready_while_the_model_is_loaded(serve: Serve, predictor: Predictor) -> None:
    may_load = threading.Event()

    def load() -> Predictor:
        may_load.wait()
        return predictor

    async with serve(load) as client:
        live, ready = await client.get("/health/live"), await client.get("/health/ready")
        may_load.set()

    assert (live.status_code, live.json()) == (httpx.codes.OK, {"status": "live"})
    assert ready.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert ready.headers["content-type"] == "application/problem+json"
    assert ready.headers["retry-after"] == "1"


async def test_ready_names_the_model_that_answers(client: httpx.AsyncClient) -> None:
    response = await client.get("/health/ready")

    assert response.json() == {
        "status": "ready",
        "model": {"name": "fixed", "version": "7", "online_version": 2},
        "last_refusal": None,
    }
    assert response.headers["cache-control"] == "no-store"


async def test_a_load_balancer_may_ask_with_head(client: httpx.AsyncClient) -> None:
    live, ready = await client.head("/health/live"), await client.head("/health/ready")

    assert (live.status_code, ready.status_code) == (httpx.codes.OK, httpx.codes.OK)


async def test_a_model_that_cannot_be_loaded_is_reported_once_and_never_ready(serve: Serve) -> None:
    missing = ModelNotFoundError("no such version")
    reported: list[Exception] = []
    is_reported = threading.Event()

    def load() -> Predictor:
        raise missing

    def report(exc: Exception) -> None:
        reported.append(exc)
        is_reported.set()

    async with serve(load, report) as client:
        is_reported.wait()
        ready = await client.get("/health/ready")

    assert reported == [missing]
    assert ready.status_code == httpx.codes.SERVICE_UNAVAILABLE


async def test_a_model_that_cannot_answer_is_not_ready(serve: Serve, predictor: Predictor) -> None:
    reported: list[Exception] = []
    is_reported = threading.Event()

    class Broken:
        model = predictor.model

        def predict(self, tweets: Sequence[Tweet]) -> list[Prediction]:
            raise ArithmeticError(len(tweets))

    def report(exc: Exception) -> None:
        reported.append(exc)
        is_reported.set()

    async with serve(Broken, report) as client:
        is_reported.wait()
        ready = await client.get("/health/ready")

    assert [type(exc) for exc in reported] == [ArithmeticError]
    assert ready.status_code == httpx.codes.SERVICE_UNAVAILABLE


async def test_process_that_shares_its_port_takes_connections_only_with_its_model(
    predictor: Predictor, publisher: FeedbackPublisher, versions: VersionStore
) -> None:
    def load() -> Predictor:
        time.sleep(0.05)
        return predictor

    app = create_app(
        ApiSettings(),
        load=load,
        report_file=Path("none.json"),
        publisher=publisher,
        reports=ReportStore(Path("no-reports"), kept=100),
        versions=versions,
        wait_for_model_seconds=30,
    )

    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test") as client,
    ):
        first = await client.get("/health/ready")

    assert first.status_code == httpx.codes.OK


async def test_change_of_the_model_is_seen_by_the_next_request_and_a_refusal_is_shown(
    serve: Serve, predictor: Predictor, make_fixed_predictor: Callable[..., Predictor]
) -> None:
    other = make_fixed_predictor(ModelVersion("fixed", "8"), {Label.MACRO: 0.75})
    followers: list[Follower] = []
    store = FakeStore()

    def follow(followed: FollowedPredictor, report: Callable[[ModelChange], None]) -> list[Follower]:
        follower = Follower(followed, store, gate=lambda it: ("case 1 fails",) if it is bad else (), report=report)
        followers.append(follower)
        return [follower]

    bad = make_fixed_predictor(ModelVersion("fixed", "9"), {Label.MACRO: 0.75})
    store.versions = {"8": other, "9": bad}
    async with serve(lambda: predictor, follow=follow) as client:
        while not followers:  # noqa: ASYNC110  # the model is loaded in a thread
            await asyncio.sleep(0.001)
        for version in ("8", "9"):
            store.alias = version
            followers[0].poll()
        ready = (await client.get("/health/ready")).json()
        answer = (await client.post("/predict", json={"texts": [{"text": "Oil falls"}]})).json()

    assert ready["model"]["version"] == "8"
    assert (ready["last_refusal"]["version"], ready["last_refusal"]["reasons"]) == ("9", ["case 1 fails"])
    assert answer["predictions"][0]["model"]["version"] == "8"


async def test_metrics_name_the_version_that_answers(client: httpx.AsyncClient) -> None:
    response = await client.get("/metrics")

    assert response.headers["content-type"].startswith("text/plain")
    assert 'tickertape_model_info{name="fixed",version="7"} 1.0' in response.text


class FakeStore:
    """Implements `models.contracts.ModelStore`."""

    model_name = "fixed"
    alias = ""
    versions: dict[str, Predictor]

    def alias_version(self) -> str | None:
        return self.alias

    def load(self, version: str) -> Predictor:
        return self.versions[version]
