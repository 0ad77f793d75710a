"""A watch over a feed in memory, with a clock that is moved by hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from models.errors import ReferenceNotFoundError
from models.records import ClassifiedTweet, ModelVersion, utc_timestamp
from models.taxonomy import Label, Sentiment
from monitoring.drift.concepts import Concepts
from monitoring.drift.describing import describe
from monitoring.drift.monitor import Verdict
from monitoring.drift.records import Cause, DriftEvent
from monitoring.drift.references.making import reference_of
from monitoring.drift.references.reference import Reference
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import Window, window_of
from stream.drift.bucket import TokenBucket
from stream.drift.subjects import Subjects
from stream.drift.telling import Teller
from stream.drift.watch import Parts, Rules, Standing, Watch
from tests.clock import Clock

NOW = 1_767_225_600.0


@dataclass
class Record:
    """A Kafka record as the feed gives it."""

    partition: int
    offset: int
    timestamp: int
    value: bytes | None


def make_tweet(at: float = NOW, *, version: str = "1", **fields: Any) -> bytes:
    tweet = ClassifiedTweet(
        id="1",
        text="$TSLA up 4%",
        created_at=utc_timestamp(at - 1),
        tickers=("TSLA",),
        label=Label.STOCK_MOVEMENT,
        label_score=0.75,
        labels={},
        sentiment=Sentiment.BULLISH,
        sentiment_score=0.5,
        answered_by="batch",
        sentiment_answered_by="batch",
        opinions={},
        model=ModelVersion("tickertape", version),
        classified_at=utc_timestamp(at),
    )
    return msgspec.json.encode(msgspec.structs.replace(tweet, **fields))


class ListedFeed:
    """Implements `stream.drift.feed.Feed` with one partition in memory."""

    def __init__(self, values: Sequence[bytes | None] = (), *, position: int = 0) -> None:
        self.values: list[bytes | None] = list(values)
        self.position = position
        self.committed: list[dict[int, int]] = []

    def read(self, most: int) -> list[Record]:
        values = self.values[self.position : self.position + most]
        records = [Record(0, self.position + place, 0, value) for place, value in enumerate(values)]
        self.position += len(records)
        return records

    def positions(self) -> dict[int, int]:
        return {0: self.position}

    def ends(self) -> dict[int, int]:
        return {0: len(self.values)}

    def is_drained(self) -> bool:
        return self.position == len(self.values)

    def move_to(self, offsets: Mapping[int, int]) -> None:
        self.position = offsets[0]

    def commit(self, offsets: Mapping[int, int]) -> None:
        self.committed.append(dict(offsets))


class ListedEvents:
    """Implements `stream.drift.subjects.DriftEvents` in memory."""

    def __init__(self, events: Sequence[DriftEvent] = ()) -> None:
        self.events = list(events)

    def newest(self) -> DriftEvent | None:
        return self.events[-1] if self.events else None

    def newest_of(self, reference: str, count: int = 1) -> list[DriftEvent]:
        return [event for event in reversed(self.events) if event.reference == reference][:count]

    def tell(self, event: DriftEvent) -> None:
        self.events.append(event)


@dataclass
class Seams:
    """All other seams: what they say is set, what they are told is kept."""

    references: dict[str, Reference]
    refused: int = 0
    asked: list[tuple[float, float]] = field(default_factory=list)
    earlier: list[int] = field(default_factory=list)
    alerts: list[DriftEvent] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    looked_for: int = 0
    learned: list[Any] = field(default_factory=list)
    accuracy: dict[str, float] = field(default_factory=dict)

    def of(self, model: ModelVersion) -> Reference:
        self.looked_for += 1
        if model.version not in self.references:
            raise ReferenceNotFoundError("there is none")
        return self.references[model.version]

    def windows(self, events: Sequence[DriftEvent], _reference: Reference) -> list[Window]:
        self.earlier += [event.window.number for event in events]
        return []

    def count(self, since: float, until: float) -> int:
        self.asked.append((since, until))
        return self.refused

    def new(self) -> list[Any]:
        told, self.learned = self.learned, []
        return told

    def causes(self, _texts: Sequence[str]) -> tuple[Cause, ...]:
        return ()

    def is_due(self, event: DriftEvent) -> bool:
        return event.window.number == 1

    def put(self, event: DriftEvent, _reference: Reference, _window: Window, _verdict: Verdict) -> None:
        self.reports.append(str(event.report))

    def tell(self, event: DriftEvent) -> None:
        self.alerts.append(event)


class Accuracies:
    def __init__(self, accuracy: dict[str, float]) -> None:
        self._accuracy = accuracy

    def of(self, _model: ModelVersion) -> dict[str, float]:
        return self._accuracy


@dataclass
class Watched:
    """A watch and all that it touches."""

    feed: ListedFeed
    told: ListedEvents
    seams: Seams
    clock: Clock
    watch: Watch

    @property
    def events(self) -> list[DriftEvent]:
        return self.told.events

    def run(self) -> list[DriftEvent]:
        """Step until the feed is drained, and once more."""
        while not self.feed.is_drained():
            self.watch.step()
        self.watch.step()
        return self.events


def reference_for(version: str) -> Reference:
    decoded = msgspec.json.decode(make_tweet(version=version), type=ClassifiedTweet)
    trained = Vocabulary.of([])
    rows = [describe(decoded, trained)] * 500
    return reference_of(
        [window_of(rows)], trained=trained, model_name="tickertape", model_version=version, source="a test"
    )


@pytest.fixture(scope="session")
def references() -> dict[str, Reference]:
    return {version: reference_for(version) for version in ("1", "2")}


@pytest.fixture
def tweet() -> Callable[..., bytes]:
    return make_tweet


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def watched(references: dict[str, Reference], clock: Clock) -> Callable[..., Watched]:
    """Build a watch of windows of 300 tweets over values in memory."""

    def make(
        values: Sequence[bytes | None],
        *,
        events: Sequence[DriftEvent] = (),
        standing: Standing | None = None,
        position: int = 0,
        known: Sequence[str] = ("1", "2"),
        max_lag_tweets: int = 100_000,
        refused: int = 0,
    ) -> Watched:
        feed, told = ListedFeed(values, position=position), ListedEvents(events)
        seams = Seams({version: references[version] for version in known}, refused=refused)
        parts = Parts(
            feed=feed,
            subjects=Subjects(seams, told, seams, long_windows=10, malformed_share=0.01, clock=clock),
            teller=Teller(told, seams, seams, clock=clock),
            refused=seams,
            learned=seams,
            concepts=Concepts(Accuracies(seams.accuracy)),
            texts=seams,
            bucket=TokenBucket(1e6, clock=clock, sleep=clock.sleep),
        )
        rules = Rules(window_tweets=300, window_seconds=3600, max_lag_tweets=max_lag_tweets)
        watch = Watch(parts, rules, standing or Standing(None, None), clock=clock)
        return Watched(feed, told, seams, clock, watch)

    return make
