"""Fixtures for all tests, cheap but for the registry, and the choice of the Kafka that integration tests use."""

import gc
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.records import ModelVersion
from models.taxonomy import Label
from monitoring.drift.records import DriftEvent
from tests.drift_events import make_drift_event
from tests.fakes import FixedPredictor, InputRecord, RecordingTracer
from tests.trace_receiver import TraceReceiver

# Programs that print, with peers' packages of their own; one that needs packages of the teacher's environment.
collect_ignore = ["benchmarks", "data/teacher/make.py", "e2e/screenshots.py"]
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
    parser.addoption(
        "--schemathesis-examples",
        type=int,
        default=5,
        help="how many requests Schemathesis makes of each operation in its random part; hundreds take minutes",
    )


@pytest.fixture(scope="session")
def schemathesis_examples(request: pytest.FixtureRequest) -> int:
    """How many requests Schemathesis makes of each operation in its random part."""
    count: int = request.config.getoption("--schemathesis-examples")
    return count


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


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was imported and collected: looking through it again and again takes a tenth of all."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    used = config.stash.get(KAFKA_USED, "none was needed")
    terminalreporter.write_line(f"Kafka of the integration tests: {used}")


@pytest.fixture
def make_fixed_predictor() -> type[FixedPredictor]:
    """Build a predictor that always says the same."""
    return FixedPredictor


@pytest.fixture
def fixed_predictor(make_fixed_predictor: type[FixedPredictor]) -> FixedPredictor:
    return make_fixed_predictor(ModelVersion("tickertape", "7"), {Label.EARNINGS: 0.75, Label.MACRO: 0.25})


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


@pytest.fixture(name="make_drift_event")
def give_make_drift_event() -> Callable[..., DriftEvent]:
    """Build what is told of a window by its number and the names of what is open after it; fields can be overridden."""
    return make_drift_event


@pytest.fixture(scope="session")
def make_registry(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """Put an MLflow store without a model into a folder; gives its URI.

    One is made for the run and copied: making one takes seconds.
    """
    from models import registry  # noqa: PLC0415  # costs seconds, and not every environment has MLflow

    made = tmp_path_factory.mktemp("registry") / "mlflow.db"
    registry.open_store(tracking_uri=f"sqlite:///{made}", model_name="nobody")
    return lambda folder: f"sqlite:///{shutil.copy(made, folder / made.name)}"


@pytest.fixture
def recording_tracer() -> RecordingTracer:
    """Give a tracer that exports nothing."""
    return RecordingTracer()


@pytest.fixture
def trace_receiver() -> Iterator[TraceReceiver]:
    """Run a receiver of traces on a free port."""
    receiver = TraceReceiver()
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield receiver
    receiver.may_answer.set()
    receiver.shutdown()
    receiver.server_close()
    thread.join()
