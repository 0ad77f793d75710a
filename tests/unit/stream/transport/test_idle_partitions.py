"""What aiokafka asks the broker for while some partitions are busy and others idle."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.structs import TopicPartition

from stream.transport.fetching import hold_back_idle
from tests.clock import Clock

BUSY, EMPTIED, IDLE = (TopicPartition("tweets.raw", 0), TopicPartition("tweets.raw", 1), TopicPartition("feedback", 0))
NEW = TopicPartition("tweets.raw", 2)


@dataclass
class State:
    """The part of a partition's state that is looked at."""

    position: int
    highwater: int | None
    has_valid_position: bool = True
    paused: bool = False


@dataclass
class Assignment:
    """A partition of each kind: a busy partition, one with more to fetch, one that had nothing at the last look, and one never asked for."""

    states: dict[TopicPartition, State] = field(
        default_factory=lambda: {
            BUSY: State(10, 50),
            EMPTIED: State(10, 50),
            IDLE: State(7, 7),
            NEW: State(0, None),
        }
    )

    @property
    def tps(self) -> set[TopicPartition]:
        return set(self.states)

    def state_value(self, tp: TopicPartition) -> State:
        return self.states[tp]


@pytest.fixture
def clock() -> Clock:
    return Clock(100.0)


@pytest.fixture
def unchanged_fetcher() -> Fetcher:
    """Aiokafka's own choice of what to fetch, of a broker that leads all partitions, with records of one waiting."""
    made: Any = object.__new__(Fetcher)
    made._records = {BUSY: SimpleNamespace(calculate_backoff=lambda: 0)}
    made._in_flight = set()
    made._preferred_read_replica = {}
    made._client = SimpleNamespace(cluster=SimpleNamespace(leader_for_partition=lambda _: 0))
    made._client_rack = None
    made._fetch_max_wait_ms, made._fetch_min_bytes, made._fetch_max_bytes = 20, 1, 1_000
    made._max_partition_fetch_bytes, made._isolation_level, made._fetcher_timeout = 1_000, 0, 1.0
    return made


@pytest.fixture
def fetcher(unchanged_fetcher: Fetcher, clock: Clock) -> Fetcher:
    hold_back_idle(unchanged_fetcher, idle_seconds=0.25, clock=clock)
    return unchanged_fetcher


@pytest.fixture
def patient_fetcher(unchanged_fetcher: Fetcher, clock: Clock) -> Fetcher:
    """One that lets feedback gather."""
    hold_back_idle(unchanged_fetcher, idle_seconds=0.25, patient=frozenset({"feedback"}), clock=clock)
    unchanged_fetcher._records.clear()
    return unchanged_fetcher


def asked(fetcher: Fetcher, assignment: Assignment | None = None) -> set[TopicPartition]:
    ((_, request),) = fetcher._get_actions_per_node(assignment or Assignment())[0]
    return {TopicPartition(topic, partition[0]) for topic, partitions in request.topics for partition in partitions}


def test_idle_partition_is_asked_for_only_now_and_then_while_another_is_busy(fetcher: Fetcher, clock: Clock) -> None:
    first = asked(fetcher)
    clock.now += 0.2
    soon = asked(fetcher)
    clock.now += 0.06
    due = asked(fetcher)
    after = asked(fetcher)

    assert (first, soon) == ({EMPTIED, IDLE, NEW}, {EMPTIED, NEW})
    assert (due, after) == ({EMPTIED, IDLE, NEW}, {EMPTIED, NEW})


def test_idle_partition_is_asked_for_always_while_none_is_busy(fetcher: Fetcher) -> None:
    fetcher._records.clear()

    assert [asked(fetcher) for _ in range(3)] == [{BUSY, EMPTIED, IDLE, NEW}] * 3


def test_records_of_a_patient_topic_gather_while_no_partition_is_busy(patient_fetcher: Fetcher, clock: Clock) -> None:
    first = asked(patient_fetcher)
    soon = asked(patient_fetcher)
    clock.now += 0.26
    due = asked(patient_fetcher)

    assert (first, soon, due) == ({BUSY, EMPTIED, IDLE, NEW}, {BUSY, EMPTIED, NEW}, {BUSY, EMPTIED, IDLE, NEW})


def test_patient_topic_with_more_to_fetch_is_asked_for_at_once(patient_fetcher: Fetcher) -> None:
    assignment = Assignment()
    assignment.states[IDLE].highwater = 8

    assert [asked(patient_fetcher, assignment) for _ in range(3)] == [{BUSY, EMPTIED, IDLE, NEW}] * 3


def test_patient_topic_that_a_consumer_has_alone_is_asked_for_always(patient_fetcher: Fetcher) -> None:
    alone = Assignment({IDLE: State(7, 7)})

    assert [asked(patient_fetcher, alone) for _ in range(3)] == [{IDLE}] * 3


def test_holding_back_twice_is_the_same(fetcher: Fetcher, clock: Clock) -> None:
    before = fetcher._get_actions_per_node

    hold_back_idle(fetcher, idle_seconds=9.0, clock=clock)

    assert fetcher._get_actions_per_node is before
