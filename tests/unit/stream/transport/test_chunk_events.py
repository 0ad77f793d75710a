"""What the consumer makes of a fetch, and what it does when partitions come and go; Kafka and Faust's app are stand-ins."""

import asyncio
from collections import defaultdict
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from intervaltree import Interval, IntervalTree

from stream.batching import Consumer
from stream.transport.chunked_app import ChunkOptions
from stream.transport.ledger import ChunkLedger

FIRST, SECOND, FEEDBACK = TP("tweets.raw", 0), TP("tweets.raw", 1), TP("tweets.feedback", 0)


async def nothing(*_: Any) -> None:
    return None


def nothing_yet() -> None:
    return None


@dataclass
class RecordingTransactions:
    """Commits the first partition, and keeps what it was asked for."""

    steps: list[Any] = field(default_factory=list)
    refusal: Exception | None = None

    def commits(self, tp: TP) -> bool:
        return tp == FIRST

    async def take_over(self, assigned: set[TP], generation: int) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.steps.append(("take over", assigned, generation))

    async def give_up(self, revoked: set[TP]) -> None:
        self.steps.append(("give up", revoked))


class FetchedConsumer(Consumer):
    """A consumer without a broker: it is given what a fetch finds; what it tells others is kept in `steps`."""

    def __init__(
        self, found: dict[TP, list[Any]] | None = None, *, active: set[TP] | None = None, size: int = 2
    ) -> None:
        self.steps: list[Any] = []
        self.app: Any = SimpleNamespace(
            chunks=ChunkOptions(topics=frozenset({"tweets.raw"}), size=size),
            monitor=SimpleNamespace(track_tp_end_offset=lambda tp, offset: self.steps.append(("end", tp, offset))),
            flow_control=SimpleNamespace(
                suspend=lambda: self.steps.append("suspend"), clear=lambda: self.steps.append("clear")
            ),
            topics=SimpleNamespace(acks_enabled_for=lambda _: True),
            transactions=None,
            consumer_generation_id=7,
            when_chunks_must_end=[lambda: self.steps.append("hurry")],
            crash=self._crash,
            _start_span_from_rebalancing=lambda _: nullcontext(),
            on_rebalance_return=lambda: self.steps.append("assigned"),
        )
        self.diag: Any = SimpleNamespace(set_flag=lambda _: None, unset_flag=lambda _: None)
        self.flow_active = True
        self.is_stopping = False
        self.fetched = {}
        self._ledgers = defaultdict(ChunkLedger)
        self._found, self._active = found, active
        self._unacked_messages: set[Any] = set()
        self._active_partitions, self._paused_partitions = set(), set()
        self._acked, self._acked_index = defaultdict(list), defaultdict(set)
        self._gap = defaultdict(IntervalTree)
        self._read_offset, self._committed_offset = defaultdict(nothing_yet), defaultdict(nothing_yet)
        self._on_partitions_revoked = self._on_partitions_assigned = nothing
        self.suspend_flow, self.can_resume_flow = asyncio.Event(), asyncio.Event()

    @property
    def should_stop(self) -> bool:
        return self.is_stopping

    def highwater(self, tp: TP) -> int:
        return 100 + tp.partition

    async def _wait_next_records(self, _: float) -> Any:
        return self._found, self._active

    async def perform_seek(self) -> None:
        self.steps.append("seek")

    async def commit(self, *_: Any, **_options: Any) -> bool:
        self.steps.append("commit")
        return True

    async def _crash(self, error: Exception) -> None:
        self.steps.append(("crash", error))

    async def all_of(self) -> list[tuple[TP, Any]]:
        return [event async for event in self.getmany(0.0)]


def records(*offsets: int, topic: str = "tweets.raw") -> list[Any]:
    return [
        SimpleNamespace(
            topic=topic,
            partition=0,
            offset=offset,
            timestamp=1_000 * offset,
            timestamp_type=1,
            headers=(),
            key=b"key",
            value=b"value",
            checksum=None,
            serialized_key_size=3,
            serialized_value_size=5,
        )
        for offset in offsets
    ]


def offsets(events: list[tuple[TP, Any]]) -> list[tuple[TP, list[int]]]:
    return [(tp, [record.offset for record in message.value]) for tp, message in events]


async def test_fetch_is_cut_into_chunks_and_partitions_take_turns() -> None:
    consumer = FetchedConsumer({FIRST: records(0, 1, 2, 3, 4), SECOND: records(10)})

    events = await consumer.all_of()

    assert offsets(events) == [(FIRST, [0, 1]), (SECOND, [10]), (FIRST, [2, 3]), (FIRST, [4])]
    assert consumer.steps == [("end", FIRST, 100), ("end", SECOND, 101)]


async def test_chunk_says_what_its_last_record_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.batching.time.time", lambda: 1_767_225_600.25)
    consumer = FetchedConsumer({FIRST: records(4, 5)})

    ((_, message),) = await consumer.all_of()

    assert (message.topic, message.partition, message.tp, message.offset) == ("tweets.raw", 0, FIRST, 5)
    assert (message.timestamp, message.timestamp_type) == (5.0, 1)
    assert (message.key, message.headers, message.checksum, message.generation_id) == (None, [], None, 7)
    assert message.fetched_at == 1_767_225_600.25


async def test_records_of_other_topics_are_events_of_their_own() -> None:
    consumer = FetchedConsumer({FEEDBACK: records(3, 4, topic="tweets.feedback")})

    events = await consumer.all_of()

    assert [(tp, message.offset, message.value) for tp, message in events] == [
        (FEEDBACK, 3, b"value"),
        (FEEDBACK, 4, b"value"),
    ]
    assert consumer.fetched == {}
    assert consumer._ledgers == {}


async def test_chunks_are_in_the_ledger_once_they_are_handed_on_and_no_more_in_what_was_fetched() -> None:
    consumer = FetchedConsumer({FIRST: records(0, 1, 2)})
    consumer.fetched = {FIRST: 3}
    coming = consumer.getmany(0.0)

    await anext(coming)

    assert (consumer._ledgers[FIRST].records, consumer.fetched) == (2, {FIRST: 1})
    await anext(coming)
    assert (consumer._ledgers[FIRST].records, consumer.fetched) == (3, {FIRST: 0})
    await coming.aclose()


async def test_partitions_that_are_paused_meanwhile_give_nothing() -> None:
    consumer = FetchedConsumer({FIRST: records(0), SECOND: records(10)}, active={SECOND})

    assert offsets(await consumer.all_of()) == [(SECOND, [10])]


@pytest.mark.parametrize("change", [{"flow_active": False}, {"generation": 8}], ids=["flow stops", "rebalance"])
async def test_rest_of_a_fetch_is_dropped_when_partitions_move(change: dict[str, Any]) -> None:
    consumer = FetchedConsumer({FIRST: records(0, 1, 2)})
    coming = consumer.getmany(0.0)
    await anext(coming)

    consumer.flow_active = change.get("flow_active", True)
    consumer.app.consumer_generation_id = change.get("generation", 7)

    assert [event async for event in coming] == []
    assert consumer._ledgers[FIRST].records == 2


async def test_fetch_that_ends_after_the_flow_was_stopped_is_read_again_from_what_is_committed() -> None:
    consumer = FetchedConsumer({FIRST: records(0)})
    consumer.flow_active = False

    assert await consumer.all_of() == []
    assert consumer.steps == ["seek"]


@pytest.mark.parametrize(("found", "is_stopping"), [(None, False), ({FIRST: records(0)}, True)])
async def test_nothing_comes_of_a_fetch_without_an_answer_or_at_the_end(
    found: dict[TP, list[Any]] | None, *, is_stopping: bool
) -> None:
    consumer = FetchedConsumer(found)
    consumer.is_stopping = is_stopping

    assert await consumer.all_of() == []
    assert consumer.steps == []


async def test_chunks_are_hurried_and_committed_before_partitions_go_and_then_forgotten() -> None:
    consumer = FetchedConsumer()
    consumer.app.transactions = transactions = RecordingTransactions(consumer.steps)
    consumer._ledgers[FIRST].deliver(0, 1, records=2)
    consumer._ledgers[SECOND].deliver(5, 5, records=1)

    await consumer.on_partitions_revoked({FIRST, FEEDBACK})

    assert transactions.steps == ["suspend", "clear", "hurry", "commit", ("give up", {FIRST, FEEDBACK})]
    assert not consumer.flow_active
    assert {tp: ledger.records for tp, ledger in consumer._ledgers.items()} == {SECOND: 1}


async def test_transactions_take_partitions_over_before_faust_reads_their_offsets() -> None:
    consumer = FetchedConsumer()
    consumer.app.transactions = RecordingTransactions(consumer.steps)

    await consumer.on_partitions_assigned({FIRST}, 8)

    assert consumer.steps == [("take over", {FIRST}, 8), "assigned"]


async def test_partitions_that_can_not_be_taken_over_end_the_app() -> None:
    refusal = OSError("no")
    consumer = FetchedConsumer()
    consumer.app.transactions = RecordingTransactions(refusal=refusal)

    await consumer.on_partitions_assigned({FIRST}, 8)

    assert consumer.steps == [("crash", refusal)]


class CommittingConsumer(FetchedConsumer):
    """Keeps what Faust would commit; Kafka takes it or not."""

    def __init__(self, *, is_taken: bool = True) -> None:
        super().__init__()
        self.asked: list[dict[TP, int]] = []

        async def commit(committed: dict[TP, int]) -> bool:
            self.asked.append(dict(committed))
            return is_taken

        self._thread: Any = SimpleNamespace(commit=commit)


async def test_offsets_that_a_transaction_has_committed_are_not_committed_again() -> None:
    consumer = CommittingConsumer()
    consumer.app.transactions = RecordingTransactions()

    was_committed = await consumer._commit({FIRST: 3, SECOND: 5})
    nothing_left = await consumer._commit({FIRST: 4})

    assert (was_committed, nothing_left) == (True, True)
    assert consumer.asked == [{SECOND: 5}]


@pytest.mark.parametrize("is_taken", [True, False])
async def test_whether_kafka_takes_offsets_is_told(*, is_taken: bool) -> None:
    consumer = CommittingConsumer(is_taken=is_taken)

    assert await consumer._commit({FIRST: 3}) is is_taken
    assert consumer.asked == [{FIRST: 3}]


async def test_holes_between_offsets_are_left_to_the_ledger_and_told_for_other_topics() -> None:
    consumer = FetchedConsumer()

    await consumer._add_gap(FIRST, 3, 5)
    await consumer._add_gap(FEEDBACK, 3, 5)

    assert {tp: sorted(gaps) for tp, gaps in consumer._gap.items()} == {FEEDBACK: [Interval(3, 6)]}


async def test_offsets_of_chunks_are_committed_in_turn_and_later_acknowledgements_kept() -> None:
    consumer = FetchedConsumer()
    for first, last in ((0, 1), (2, 3), (4, 5)):
        consumer._ledgers[FIRST].deliver(first, last, records=2)
    consumer._acked_index[FIRST] = {1, 5}

    committable = consumer._new_offset(FIRST)

    assert committable == 2
    assert (consumer._acked_index[FIRST], consumer._acked[FIRST]) == ({5}, [5])
    assert consumer._new_offset(FIRST) is None
