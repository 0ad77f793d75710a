"""The whole API over real HTTP: the shipped model, something learned, registered versions, drift reports, no Kafka."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn

from api.access.accounts import Accounts, Rate, Unit
from api.access.key_source import KeySource
from api.access.keys import Role, new_key
from api.access.wiring import Access
from api.app import create_app
from api.openapi import examples
from api.serving.server import listen, url_of
from config.api import ApiSettings
from models.contracts import Predictor
from models.feedback import Feedback, LabelledTweet
from models.following import FollowedPredictor
from models.online.corrections import StoredSnapshot
from models.online.training import OnlineTraining
from models.predictor import ScorerPredictor, pretrained_predictor
from models.records import ModelChange
from models.taxonomy import Label, Sentiment
from monitoring.drift.records import DriftEvent
from monitoring.drift.reports.store import ReportStore

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


@dataclass
class KeptFeedback:
    """Implements `api.dependencies.FeedbackPublisher`: keeps what it was given."""

    published: list[Feedback] = field(default_factory=list)

    async def publish(self, given: Sequence[Feedback]) -> None:
        self.published.extend(given)

    async def close(self) -> None:
        """Nothing is open."""


class TwoVersions:
    """Implements `api.versions.VersionStore`: the shipped model under two numbers."""

    def versions(self) -> tuple[str, ...]:
        return ("6", "7")

    def load(self, version: str) -> Predictor:
        return ScorerPredictor(SHIPPED.scorer, msgspec.structs.replace(SHIPPED.model, version=version), 3)


SHIPPED = pretrained_predictor(3)
ROLES = {role.value: [role] for role in Role} | {"all": list(Role)}


@dataclass(frozen=True)
class Served:
    """A running API and what it was given.

    Attributes:
        document: its OpenAPI document.
    """

    url: str
    document: dict[str, Any]
    publisher: KeptFeedback


@dataclass(frozen=True)
class Guarded:
    """A running API that asks for keys.

    Attributes:
        document: its OpenAPI document.
        shown: what clients show, by the roles of the key; `unknown` is known to no server.
    """

    url: str
    document: dict[str, Any]
    shown: dict[str, str]


def learn(predictor: FollowedPredictor, report: Callable[[ModelChange], None]) -> list[Any]:
    training = OnlineTraining(SHIPPED.scorer, remembered_labels=100)
    training.learn(
        [
            LabelledTweet(
                str(place), text, Label.DIVIDEND, Sentiment.BULLISH, "desk", "2026-01-02T03:04:05Z", None, 1, place
            )
            for place, text in enumerate(["$XOM raises its dividend by 5%", "a special dividend of $KO"] * 10)
        ]
    )
    predictor.correct(StoredSnapshot(training.batch_sha256, training.offset, training.snapshot()))
    report(ModelChange("refused", "tickertape", "8", "7", ("it fails",), "2026-01-31T09:30:00.412Z"))
    return []


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Run an API on a free port for the whole run."""
    publisher = KeptFeedback()
    with running(tmp_path_factory.mktemp("contract"), publisher, access=None) as url:
        yield Served(url, httpx.get(f"{url}/openapi.json").json(), publisher)


@pytest.fixture
def guard(tmp_path: Path) -> Callable[..., AbstractContextManager[Guarded]]:
    """Give a function that runs an API with a key of each role and so many requests a second for each key."""

    @contextmanager
    def guard(*, requests_per_second: float) -> Iterator[Guarded]:
        made = {name: new_key(name, roles) for name, roles in ROLES.items()}
        lines = " ".join(key.line for _, key in made.values())
        shown = {name: secret for name, (secret, _) in made.items()} | {"unknown": new_key("unknown", [Role.READ])[0]}
        rates = tuple(Rate(unit, requests_per_second, requests_per_second, "API_RATE") for unit in Unit)
        access = Access(keys=KeySource(lines, None), accounts=Accounts(rates))
        with running(tmp_path, KeptFeedback(), access=access) as url:
            yield Guarded(url, httpx.get(f"{url}/openapi.json").json(), shown)

    return guard


@contextmanager
def running(folder: Path, publisher: KeptFeedback, *, access: Access | None) -> Iterator[str]:
    """Run an API on a free port; gives its URL when it is ready."""
    reports = ReportStore(folder / "reports", kept=100)
    reports.put(msgspec.convert(examples.DRIFT_EVENT, DriftEvent), "<!doctype html><p>moved</p>", b"{}")
    app = create_app(
        ApiSettings(),
        load=lambda: SHIPPED,
        report_file=ROOT / "config" / "run.json",
        publisher=publisher,
        reports=reports,
        versions=TwoVersions(),
        follow=learn,
        access=access,
    )
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    url = url_of(listener)
    deadline = time.monotonic() + START_SECONDS
    while httpx.get(f"{url}/health/ready", timeout=START_SECONDS).status_code != httpx.codes.OK:
        assert time.monotonic() < deadline, "the API did not become ready"
        time.sleep(0.05)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
