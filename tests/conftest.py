"""Fixtures for all tests, cheap but for the registry, and the choice of the Kafka that integration tests use."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from models.predictions import Columns, Predictions
from models.records import ModelVersion, Tweet
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment
from monitoring.drift.records import Cause, DriftEvent, Kind, Span

# Programs that print, with peers' packages of their own; one that needs packages of the teacher's environment.
collect_ignore = ["benchmarks", "data/teacher/make.py"]
KAFKA_USED = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kafka",
        choices=("auto", "docker", "embedded"),
        default="auto",
        help="the broker of the integration tests: a Docker container, or the embedded Kafka; auto takes Docker "
        "where an engine answers",
    )
    parser.addoption(
        "--kills",
        type=int,
        default=6,
        help="how often the learner is killed in the test of that; each takes four seconds",
    )


@pytest.fixture(scope="session")
def kills(request: pytest.FixtureRequest) -> int:
    """How often a learner is killed."""
    count: int = request.config.getoption("--kills")
    return count


@pytest.fixture(scope="session")
def kafka_used(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tell which broker the run uses; printed at its end."""

    def tell(used: str) -> None:
        request.config.stash[KAFKA_USED] = used

    return tell


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "kafka_servers" in getattr(item, "fixturenames", ()):
            item.add_marker("either_kafka")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    used = config.stash.get(KAFKA_USED, "none was needed")
    terminalreporter.write_line(f"Kafka of the integration tests: {used}")


class FixedPredictor:
    """Implements `models.contracts.Predictor`: the same answer for every tweet, and keeps what it was asked."""

    def __init__(self, model: ModelVersion, labels: dict[Label, float]) -> None:
        self.model = model
        self.asked: list[Tweet] = []
        self._labels = labels

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        self.asked.extend(tweets)
        columns = Columns(
            labels=np.tile([LABELS.index(label) for label in self._labels], (len(tweets), 1)),
            label_scores=np.tile(list(self._labels.values()), (len(tweets), 1)),
            sentiments=np.full(len(tweets), SENTIMENTS.index(Sentiment.BULLISH)),
            sentiment_scores=np.full(len(tweets), 0.5),
            answerers=np.zeros(len(tweets), dtype=np.int64),
            sentiment_answerers=np.zeros(len(tweets), dtype=np.int64),
        )
        return Predictions(columns, model=self.model)


@pytest.fixture
def make_fixed_predictor() -> type[FixedPredictor]:
    """Build a predictor that always says the same."""
    return FixedPredictor


@pytest.fixture
def fixed_predictor(make_fixed_predictor: type[FixedPredictor]) -> FixedPredictor:
    return make_fixed_predictor(ModelVersion("tickertape", "7"), {Label.EARNINGS: 0.75, Label.MACRO: 0.25})


@dataclass
class InputRecord:
    """A Kafka record as the worker gets it."""

    value: bytes | None
    offset: int = 0
    key: bytes | None = b"1"
    headers: Sequence[tuple[str, bytes]] = ()
    timestamp: int = 1_000
    timestamp_type: int = 0


@pytest.fixture
def make_record() -> Callable[..., InputRecord]:
    """Build an input record; without a value it holds a good tweet whose fields can be overridden."""

    def make(offset: int = 0, *, headers: Sequence[tuple[str, bytes]] = (), **fields: Any) -> InputRecord:
        tweet = {"id": "1", "text": "$AAPL beats on earnings", "created_at": "2026-01-02T03:04:05.000Z"} | fields
        return InputRecord(value=msgspec.json.encode(tweet), offset=offset, headers=headers)

    return make


@pytest.fixture
def make_raw_record() -> type[InputRecord]:
    """Build an input record from bytes."""
    return InputRecord


@pytest.fixture
def make_drift_event() -> Callable[..., DriftEvent]:
    """Build what is told of a window by its number and the names of what is open after it; fields can be overridden."""

    def make(number: int = 1, *open_names: str, **fields: Any) -> DriftEvent:
        event = DriftEvent(
            window=Span(
                number=number,
                tweets=500,
                long_tweets=5000,
                dead_letters=0,
                start={"0": 500 * number - 500},
                end={"0": 500 * number},
                skipped=0,
                first_at="2026-01-31T09:30:00.000Z",
                last_at="2026-01-31T09:40:00.000Z",
            ),
            reference="0a1b2c3d4e5f",
            model=ModelVersion("tickertape", "7"),
            outcome="drift" if open_names else "quiet",
            kinds=(Kind.TEXT,) if open_names else (),
            scores={"term": 2.0 if open_names else 0.5},
            causes=tuple(make_cause(name) for name in open_names),
            opened=(),
            closed=(),
            open=dict.fromkeys(open_names, number),
            report=f"0a1b2c3d-{number:08}",
            replay=f"tickertape tail --topic classified --from 0:{500 * number - 500} --to 0:{500 * number} --json",
            time="2026-01-31T09:40:01.000Z",
        )
        return msgspec.structs.replace(event, **fields)

    return make


def make_cause(name: str, **fields: Any) -> Cause:
    column, _, item = name.partition("=")
    cause = Cause(Kind.TEXT, column, item or None, "short", before=0.01, after=0.25, score=2.0)
    return msgspec.structs.replace(cause, **fields)


@pytest.fixture(scope="session")
def make_registry(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """Put an MLflow store without a model into a folder; gives its URI.

    One is made for the run and copied: making one takes seconds.
    """
    from models import registry  # noqa: PLC0415  # costs seconds, and not every environment has MLflow

    made = tmp_path_factory.mktemp("registry") / "mlflow.db"
    registry.open_store(tracking_uri=f"sqlite:///{made}", model_name="nobody")
    return lambda folder: f"sqlite:///{shutil.copy(made, folder / made.name)}"
