"""Stand-ins that implement the contracts of the project, for all tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.predictions import Columns, Predictions
from models.records import ModelVersion, Tweet
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment
from monitoring.tracing.traceparent import Parent


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


@dataclass
class InputRecord:
    """A Kafka record as the worker gets it."""

    value: bytes | None
    offset: int = 0
    key: bytes | None = b"1"
    headers: Sequence[tuple[str, bytes]] = ()
    timestamp: int = 1_000
    timestamp_type: int = 0


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
