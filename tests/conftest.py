"""Fixtures for all tests, cheap but for the registry, and the choice of the Kafka that integration tests use."""

import gc
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from models.predictions import Columns, Predictions
from models.records import ModelVersion, Tweet
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment
from monitoring.drift.records import Cause, DriftEvent, Kind, Span
from monitoring.tracing.traceparent import Parent

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


@dataclass
class RecordedSpan:
    """Implements `monitoring.tracing.spans.Span`: keeps what was said of it."""

    name: str
    kind: str
    parent: Parent | None
    attributes: dict[str, str | int]
    start_seconds: float | None
    traceparent: bytes
    error: str = ""
    is_ended: bool = False

    def rename(self, name: str) -> None:
        self.name = name

    def describe(self, attributes: Mapping[str, str | int]) -> None:
        self.attributes |= attributes

    def fail(self, reason: str) -> None:
        self.error = reason

    def end(self) -> None:
        self.is_ended = True


@dataclass
class RecordingTracer:
    """Implements `monitoring.tracing.spans.Tracer`: keeps the spans; takes none when it is full."""

    spans: list[RecordedSpan] = field(default_factory=list)
    is_full: bool = False
    is_closed: bool = False

    def begin(
        self,
        name: str,
        *,
        kind: str,
        parent: Parent | None,
        attributes: Mapping[str, str | int],
        start_seconds: float | None = None,
    ) -> RecordedSpan | None:
        if self.is_full:
            return None
        traceparent = b"00-%032x-%016x-01" % (parent.trace_id if parent else 0xF00D, len(self.spans) + 1)
        self.spans.append(RecordedSpan(name, kind, parent, dict(attributes), start_seconds, traceparent))
        return self.spans[-1]

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def recording_tracer() -> RecordingTracer:
    """Give a tracer that exports nothing."""
    return RecordingTracer()


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as a receiver reads it; ids in hex, `parent_id` empty for the first of a trace; times since 1970."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str | int]
    is_failed: bool
    started_at: float
    ended_at: float
    service: str


class TraceReceiver(ThreadingHTTPServer):
    """An OTLP/HTTP receiver of the test's own.

    Attributes:
        status: what it answers.
        may_answer: it answers once this is set.
        requests: path and headers of each request.
        spans: what came, whatever was answered.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _TraceHandler)
        self.status = 200
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.spans: list[ReceivedSpan] = []
        self.endpoint = f"http://127.0.0.1:{self.server_port}"

    def wait_for(self, count: int, *, timeout_seconds: float = 30.0) -> list[ReceivedSpan]:
        """Wait until so many spans came; gives all."""
        deadline = time.monotonic() + timeout_seconds
        while len(self.spans) < count:
            assert time.monotonic() < deadline, f"{len(self.spans)} of {count} spans came in {timeout_seconds} s"
            time.sleep(0.02)
        return list(self.spans)


class _TraceHandler(BaseHTTPRequestHandler):
    server: TraceReceiver

    def do_POST(self) -> None:  # http.server's
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.server.spans += received_spans(body)
        self.server.may_answer.wait()
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def received_spans(body: bytes) -> list[ReceivedSpan]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: PLC0415
    from opentelemetry.proto.trace.v1.trace_pb2 import Status  # noqa: PLC0415  # few tests need it

    def values(attributes: Any) -> dict[str, Any]:
        return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}

    return [
        ReceivedSpan(
            name=span.name,
            kind=span.kind,
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            attributes=values(span.attributes),
            is_failed=span.status.code == Status.STATUS_CODE_ERROR,
            started_at=span.start_time_unix_nano / 1e9,
            ended_at=span.end_time_unix_nano / 1e9,
            service=values(resource.resource.attributes)["service.name"],
        )
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


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
