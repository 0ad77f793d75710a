"""What a chunk adds to the metrics once it is acknowledged."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from monitoring.metrics import exposition
from stream.worker.classify import Answer
from stream.worker.counting import CountedChunk

Make = Callable[..., Any]


def values() -> dict[str, float]:
    """Read every sample of the exposition."""
    rows = [line.rpartition(" ") for line in exposition().decode().splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in rows}


class ChunkEvent:
    """The event of a chunk that was fetched some seconds ago."""

    def __init__(self, records: list[Any], *, seconds_ago: float = 2.0) -> None:
        self.message = SimpleNamespace(value=records, fetched_at=time.time() - seconds_ago)
        self.seen_when_acknowledged: dict[str, float] | None = None

    def ack(self) -> None:
        self.seen_when_acknowledged = values()


def added_by(event: ChunkEvent, **answer: Any) -> dict[str, float]:
    """Acknowledge a chunk; gives what that added to our metrics, but for buckets."""
    fields: dict[str, Any] = {
        "outputs": [],
        "classified": 0,
        "to_label": {},
        "spans": [],
        "refused": {},
        "scorer_seconds": 0.0,
    }
    before = values()
    CountedChunk(event, Answer(**fields | answer)).ack()
    return {
        name: value - before.get(name, 0)
        for name, value in values().items()
        if name.startswith("tickertape_") and "_bucket" not in name and value != before.get(name, 0)
    }


@pytest.fixture
def records(make_record: Make) -> list[Any]:
    return [make_record(offset) for offset in range(5)]


def test_chunk_is_counted_with_its_outcomes_reasons_and_times(records: list[Any]) -> None:
    records[0].timestamp = int((time.time() - 4) * 1000)

    added = added_by(
        ChunkEvent(records), classified=2, refused={"invalid_json": 2, "empty_text": 1}, scorer_seconds=0.25
    )

    assert added.pop("tickertape_chunk_seconds_sum") == pytest.approx(2, abs=0.5)
    assert added.pop("tickertape_delivery_latency_seconds_sum") == pytest.approx(4, abs=0.5)
    assert added == {
        'tickertape_tweets_total{outcome="classified"}': 2,
        'tickertape_tweets_total{outcome="dead_lettered"}': 3,
        'tickertape_dead_letters_total{reason="invalid_json"}': 2,
        'tickertape_dead_letters_total{reason="empty_text"}': 1,
        "tickertape_chunk_tweets_sum": 5,
        "tickertape_chunk_tweets_count": 1,
        "tickertape_scorer_seconds_sum": 0.25,
        "tickertape_scorer_seconds_count": 1,
        "tickertape_chunk_seconds_count": 1,
        "tickertape_delivery_latency_seconds_count": 1,
    }


def test_chunk_is_counted_only_after_it_is_acknowledged(records: list[Any]) -> None:
    event = ChunkEvent(records)
    before = values()

    added = added_by(event, classified=5)

    name = 'tickertape_tweets_total{outcome="classified"}'
    assert event.seen_when_acknowledged is not None
    assert event.seen_when_acknowledged[name] == before[name]
    assert added[name] == 5


def test_chunk_that_is_not_acknowledged_is_not_counted(records: list[Any]) -> None:
    before = values()

    class Failing(ChunkEvent):
        def ack(self) -> None:
            raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        added_by(Failing(records), classified=5)
    assert values()["tickertape_chunk_tweets_count"] == before["tickertape_chunk_tweets_count"]


@pytest.mark.parametrize("timestamp", [-1, None])
def test_record_without_a_timestamp_has_no_latency(records: list[Any], timestamp: int | None) -> None:
    records[0].timestamp = timestamp

    added = added_by(ChunkEvent(records), classified=5)

    assert added['tickertape_tweets_total{outcome="classified"}'] == 5
    assert "tickertape_delivery_latency_seconds_count" not in added


def test_clock_of_a_producer_that_is_ahead_makes_no_latency_below_zero(records: list[Any]) -> None:
    records[0].timestamp = int((time.time() + 3_600) * 1000)

    added = added_by(ChunkEvent(records), classified=5)

    assert added["tickertape_delivery_latency_seconds_count"] == 1
    assert "tickertape_delivery_latency_seconds_sum" not in added


def test_every_outcome_and_reason_is_there_before_the_first() -> None:
    shown = values()

    assert {'tickertape_tweets_total{outcome="classified"}', 'tickertape_tweets_total{outcome="dead_lettered"}'} <= (
        shown.keys()
    )
    assert len([name for name in shown if name.startswith("tickertape_dead_letters_total{")]) == 10


def test_chunk_that_is_left_to_another_worker_counts_nothing(records: list[Any]) -> None:
    event = ChunkEvent(records)
    before = values()

    CountedChunk(event, Answer([], 5, {}, {"null_value": 1}, 0.1, [])).leave()

    assert event.seen_when_acknowledged is not None
    counted = {name: value for name, value in values().items() if name.startswith("tickertape_")}
    assert counted.items() <= before.items()
