"""Records as they stand on the topics, and a Kafka in memory for who looks at it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from api.live.log import NEWEST, OLDEST, Fetched
from api.live.reader import LiveTopics
from tests.clock import Clock

TOPICS = LiveTopics("raw", "classified", "metrics", "drift", "dead")
NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
CLASSIFIED: dict[str, Any] = {
    "id": "1",
    "text": "$TSLA up",
    "created_at": None,
    "tickers": ["TSLA"],
    "label": "Macro",
    "label_score": 0.75,
    "labels": {"Macro": 0.75},
    "sentiment": "bullish",
    "sentiment_score": 0.5,
    "answered_by": "batch",
    "sentiment_answered_by": "batch",
    "opinions": {},
    "model": {"name": "tickertape", "version": "7", "online_version": 0},
    "classified_at": "2026-01-01T00:00:00.000Z",
}


@dataclass
class FakeRecord:
    """Implements `api.live.records.Record`."""

    value: bytes | None = b"{}"
    offset: int = 0
    timestamp: int = int(NOW * 1000)
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class FakeLog:
    """Implements `api.live.log.KafkaLog`: partitions are lists of records; keeps what it was asked.

    Attributes:
        held: records by topic and partition; `first` has the offset of the first, 0 where it has none.
        without_leader: partitions of which nothing is told.
        failure: raised by all that asks the broker.
    """

    held: dict[str, list[list[FakeRecord]]] = field(default_factory=dict)
    first: dict[TopicPartition, int] = field(default_factory=dict)
    without_leader: set[TopicPartition] = field(default_factory=set)
    failure: Exception | None = None
    is_moved: bool = False
    looked: int = 0
    fetched: list[tuple[TopicPartition, int, int]] = field(default_factory=list)

    def add(self, topic: str, partition: int, *records: FakeRecord) -> None:
        parts = self.held.setdefault(topic, [])
        parts += [[] for _ in range(partition + 1 - len(parts))]
        begin = self.first.get(TopicPartition(topic, partition), 0)
        for record in records:
            record.offset = begin + len(parts[partition])
            parts[partition].append(record)

    async def look_at_topics(self) -> None:
        self._fail()
        self.looked += 1
        self.is_moved = False

    def partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(len(self.held.get(topic, [])))]

    async def offsets(self, partitions: list[TopicPartition], at: int) -> dict[TopicPartition, int]:
        self._fail()
        told = {tp: self._offset(tp, at) for tp in partitions if tp not in self.without_leader}
        return {tp: offset for tp, offset in told.items() if offset is not None}

    async def records(self, partition: TopicPartition, offset: int, *, most_bytes: int) -> Fetched:
        self._fail()
        self.fetched.append((partition, offset, most_bytes))
        begin = self.first.get(partition, 0)
        records = [one for one in self.held[partition.topic][partition.partition] if one.offset >= offset]
        return Fetched(records, records[-1].offset + 1 if records else max(offset, begin))

    def _offset(self, tp: TopicPartition, at: int) -> int | None:
        records = self.held[tp.topic][tp.partition]
        begin = self.first.get(tp, 0)
        if at in (NEWEST, OLDEST):
            return begin if at == OLDEST else begin + len(records)
        return next((one.offset for one in records if one.timestamp >= at), None)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def topics() -> LiveTopics:
    return TOPICS


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def log() -> FakeLog:
    return FakeLog()


@pytest.fixture
def make_answer() -> Callable[..., FakeRecord]:
    """Build a record of `tweets.classified`; fields can be overridden, `at` is its time in seconds since 1970."""

    def make(*, at: float = NOW, ce_id: str = "", **fields: Any) -> FakeRecord:
        headers = (("ce_id", ce_id.encode()),) if ce_id else ()
        return FakeRecord(msgspec.json.encode(CLASSIFIED | fields), timestamp=int(at * 1000), headers=headers)

    return make


@pytest.fixture
def make_told() -> Callable[..., FakeRecord]:
    """Build a record of another topic: its value, and its headers by their names."""

    def make(value: Any = None, *, at: float = NOW, **headers: str) -> FakeRecord:
        content = value if isinstance(value, bytes) else msgspec.json.encode(value)
        encoded = tuple((name, text.encode()) for name, text in headers.items())
        return FakeRecord(content, timestamp=int(at * 1000), headers=encoded)

    return make
