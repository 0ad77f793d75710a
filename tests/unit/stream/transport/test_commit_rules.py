"""Whatever happens to chunks, in whatever order: what is committed was delivered, and nothing is left behind.

The real consumer, ledger and deliveries are driven against a model of one partition; only Kafka and the agent are the
machine's own.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import accumulate
from types import SimpleNamespace
from typing import Any

from faust.types import TP
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from models.errors import DeliveryError
from stream.batching import Consumer
from stream.transport.chunked_app import ChunkOptions
from stream.transport.delivery import Deliveries
from stream.transport.ledger import ChunkLedger

PARTITION = TP("tweets.raw", 0)
CHUNK_SIZE = 4
IN_FLIGHT = 3
TURNS = 12  # of the event loop, in which everything that can go on has gone on


async def nothing(*_: Any) -> None:
    return None


class Worker(Consumer):
    """A consumer without a broker: it is given its records, and what it commits is kept."""

    def __init__(self) -> None:
        self.app: Any = SimpleNamespace(
            chunks=ChunkOptions(topics=frozenset({PARTITION.topic}), size=CHUNK_SIZE),
            topics=SimpleNamespace(acks_enabled_for=lambda _: True),
            monitor=SimpleNamespace(track_tp_end_offset=lambda *_: None),
            flow_control=SimpleNamespace(suspend=lambda: None, clear=lambda: None),
            transactions=None,
            consumer_generation_id=1,
            when_chunks_must_end=[],
            _start_span_from_rebalancing=lambda _: nullcontext(),
        )
        self.diag: Any = SimpleNamespace(set_flag=lambda _: None, unset_flag=lambda _: None)
        self._ledgers = defaultdict(ChunkLedger)
        self.fetched = {}
        self.found: list[Any] = []
        self._gap, self._acked, self._acked_index = {}, defaultdict(list), defaultdict(set)
        self._read_offset, self._committed_offset = defaultdict(nothing_yet), defaultdict(nothing_yet)
        self._unacked_messages: set[Any] = set()
        self._active_partitions, self._paused_partitions = {PARTITION}, set()
        self.can_resume_flow, self.suspend_flow = asyncio.Event(), asyncio.Event()
        self._waiting_for_ack = None
        self._on_partitions_revoked = nothing
        self.committed: list[int] = []

    @property
    def should_stop(self) -> bool:
        return False

    def highwater(self, _: TP) -> int:
        return 0

    async def _wait_next_records(self, _: float) -> Any:
        return {PARTITION: self.found}, None

    async def wait_empty(self) -> None:
        self.commit_what_is_done()  # the wait itself is Faust's

    def commit_what_is_done(self) -> None:
        offsets = self._filter_committable_offsets(list(self._filter_tps_with_pending_acks()))
        self._committed_offset.update(offsets)
        self.committed += offsets.values()


def nothing_yet() -> None:
    return None


@dataclass
class Sent:
    """Implements `stream.transport.delivery.Event`: a chunk whose answers are on their way."""

    message: Any
    worker: Worker
    delivery: "asyncio.Future[None]"
    by_itself: bool

    def ack(self) -> None:
        self.message.ack(self.worker)


class Commits(RuleBasedStateMachine):
    """One partition of a topic with holes, a worker that may lose it and get it back, and its agent."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets: list[int] = []
        self.answered: set[int] = set()
        self.committed = self.position = 0

    @initialize(steps=st.lists(st.integers(1, 3), min_size=20, max_size=60))
    def begin(self, steps: list[int]) -> None:
        self.offsets = [offset - 1 for offset in accumulate(steps)]
        self.loop = asyncio.new_event_loop()
        self.start()

    def start(self) -> None:
        self.worker = Worker()
        self.agent: asyncio.Task[None] = self.loop.create_task(self.deliver())
        self.buffer: deque[Any] = deque()
        self.on_their_way: list[Sent] = []
        self.position = self.committed
        self.turn()

    async def deliver(self) -> None:
        async with Deliveries(limit=IN_FLIGHT) as self.deliveries:
            await asyncio.Event().wait()

    def turn(self) -> None:
        """Let all that can go on do so; a worker whose delivery has failed ends, and another begins."""

        async def some_turns() -> None:
            for _ in range(TURNS):
                await asyncio.sleep(0)

        self.loop.run_until_complete(some_turns())
        if self.agent.done():
            assert isinstance(self.agent.exception(), DeliveryError)
            self.start()

    @rule(count=st.integers(1, 2 * CHUNK_SIZE))
    def fetch(self, count: int) -> None:
        """Records come, as many as there are; how they are cut depends on that."""
        found = [offset for offset in self.offsets if offset >= self.position][:count]
        if found:
            self.worker.found = [SimpleNamespace(offset=at, timestamp=0, timestamp_type=0) for at in found]
            self.buffer += self.loop.run_until_complete(all_of(self.worker.getmany(0.0)))
            self.position = found[-1] + 1

    @precondition(lambda self: self.buffer and len(self.on_their_way) < IN_FLIGHT)
    @rule(by_itself=st.booleans())
    def answer(self, by_itself: bool) -> None:  # noqa: FBT001  # hypothesis passes by name
        """The agent takes a chunk and sends its answers; one that goes by itself is acknowledged in no order."""
        _, message = self.buffer.popleft()
        message.refcount = 1
        self.worker._unacked_messages.add(message)
        sent = Sent(message, self.worker, self.loop.create_future(), by_itself)
        if not by_itself:
            self.loop.run_until_complete(self.deliveries.add(sent, [sent.delivery]))
        self.on_their_way.append(sent)

    @precondition(lambda self: self.on_their_way)
    @rule(place=st.integers(0, IN_FLIGHT - 1))
    def arrive(self, place: int) -> None:
        """Kafka acknowledges the answers to a chunk, in any order."""
        sent = self.on_their_way.pop(min(place, len(self.on_their_way) - 1))
        self.answered.update(record.offset for record in sent.message.value)
        sent.delivery.set_result(None)
        if sent.by_itself:
            sent.ack()
        self.turn()

    @precondition(lambda self: self.on_their_way)
    @rule(place=st.integers(0, IN_FLIGHT - 1))
    def fail(self, place: int) -> None:
        """Kafka refuses the answers to a chunk."""
        sent = self.on_their_way.pop(min(place, len(self.on_their_way) - 1))
        sent.delivery.set_exception(OSError("refused"))
        sent.delivery.exception()  # some are looked at by nobody else, as the worker has ended before
        if sent.by_itself:
            self.agent.cancel()
            self.start()
        self.turn()

    @rule()
    def commit(self) -> None:
        self.worker.commit_what_is_done()
        self.take_commits()

    def is_in_turn(self) -> bool:
        """Tell whether acknowledgements come in turn. When chunks are cut anew they must, and `Deliveries` sees to that.

        Else the late one of an old chunk would stand for a new chunk that ends where it does and begins before it.
        """
        return not any(sent.by_itself for sent in self.on_their_way)

    def take_commits(self) -> None:
        for offset in self.worker.committed:
            assert offset > self.committed, "a commit went back, or said nothing new"
            self.committed = offset
        self.worker.committed.clear()

    @precondition(lambda self: self.is_in_turn())
    @rule(count=st.integers(1, 2 * CHUNK_SIZE))
    def go_back(self, count: int) -> None:
        """Faust lets go of what waits and reads again from what is committed; what the agent has stays on its way."""
        self.commit()
        if self.worker._acked_index[PARTITION]:  # these came out of turn, see `is_in_turn`
            return
        self.buffer.clear()
        self.position = self.committed
        self.fetch(count)

    @precondition(lambda self: self.is_in_turn())
    @rule(answered_elsewhere=st.integers(0, 10))
    def lose_and_get_back(self, answered_elsewhere: int) -> None:
        """The partition goes to another worker, which may get on with it, and comes back."""
        self.loop.run_until_complete(self.worker.on_partitions_revoked({PARTITION}))
        self.take_commits()
        others = [offset for offset in self.offsets if offset >= self.committed][:answered_elsewhere]
        self.answered.update(others)
        self.committed = others[-1] + 1 if others else self.committed
        self.worker.resume_flow()
        self.worker._committed_offset[PARTITION] = self.committed or None
        self.buffer.clear()
        self.position = self.committed

    @invariant()
    def what_is_committed_was_delivered(self) -> None:
        assert {offset for offset in self.offsets if offset < self.committed} <= self.answered

    @invariant()
    def ledger_holds_what_was_read_and_is_not_committed(self) -> None:
        unsettled = [offset for offset in self.offsets if self.committed <= offset < self.position]
        assert self.worker._ledgers[PARTITION].records == len(unsettled)

    def teardown(self) -> None:
        if not self.offsets:  # it has not begun
            return
        try:
            self.end()
        finally:
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self.loop.close()

    def end(self) -> None:
        """Let all be answered: then all is committed."""
        while self.on_their_way or self.buffer:
            while self.on_their_way:
                self.arrive(0)
            while self.buffer and len(self.on_their_way) < IN_FLIGHT:
                self.answer(by_itself=False)
        self.commit()
        assert self.committed == self.position, "all that was read is delivered, and not all of it is committed"
        self.what_is_committed_was_delivered()


async def all_of(found: AsyncIterator[Any]) -> list[Any]:
    return [one async for one in found]


Commits.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestCommits = Commits.TestCase
