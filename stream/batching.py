"""A Faust transport that delivers a fetched chunk of a partition as one event, under the URL scheme `tickertape://`.

Rebalance, flow control, recovery and committing stay Faust's. Three things differ for the topics that `ChunkOptions`
names: an event's value is a sequence of records, its offset is committed as a whole, and only after all chunks before it.
"""

import asyncio
import gc
import logging
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from stream.transport.chunked_app import FAUST_LOGGER, ChunkedApp
from stream.transport.consumer_thread import ConsumerThread
from stream.transport.ledger import ChunkLedger
from stream.transport.sending import Producer
from stream.worker.progress import Progress

logger = logging.getLogger(__name__)

# How long to wait for room when all buffers are full; Faust's own second halves the throughput of small buffers.
FULL_BUFFER_WAIT_SECONDS = 0.002
# How often the other partitions are looked at while the buffer of one is full. Faust waits for them, up to a second, and
# does not see that there is room again: a busy partition beside idle ones then runs in bursts.
OTHERS_LOOK_SECONDS = 0.05
ACK_LOOK_SECONDS = 0.2  # while chunks in flight are waited for; an acknowledgement is seen at once
LAST_CHUNK_WAIT_SECONDS = 5.0  # below the group's rebalance timeout and what container engines wait before SIGKILL


class ChunkMessage(ConsumerMessage):  # type: ignore[misc]  # faust has no usable types
    """A chunk as one message: its value is a sequence of records.

    Attributes:
        fetched_at: when they were taken from what was fetched, in seconds since 1970.
    """

    def __init__(self, *args: Any, fetched_at: float, **kwargs: Any) -> None:  # noqa: ANN401  # passed on to faust
        super().__init__(*args, **kwargs)
        self.fetched_at = fetched_at


class Consumer(driver.Consumer):  # type: ignore[misc]  # faust has no usable types
    """Faust's aiokafka consumer, with chunks as events for some topics.

    Attributes:
        fetched: how many records of each partition the last fetch has taken that are in no ledger yet.
    """

    app: ChunkedApp
    logger = FAUST_LOGGER

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # passed on to faust
        super().__init__(*args, **kwargs)
        self._ledgers: defaultdict[TP, ChunkLedger] = defaultdict(ChunkLedger)
        self.fetched: dict[TP, int] = {}

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109  # faust's
        """Fetch once; yield a message for each chunk, and for each record of the other topics."""
        records_by_partition, active = await self._wait_next_records(timeout)
        if records_by_partition is None or self.should_stop:
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        generation = self.app.consumer_generation_id
        found = [
            self._messages(tp, records, generation)
            for tp, records in records_by_partition.items()
            if active is None or tp in active
        ]
        # In turn: an output partition takes its next batch only when the last one has left.
        for message in filter(None, chain.from_iterable(zip_longest(*found))):
            # The rest of a fetch is dropped when partitions move: Faust then seeks to what is committed.
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if message.tp.topic in self.app.chunks.topics:
                self._ledgers[message.tp].deliver(message.value[0].offset, message.offset, records=len(message.value))
                self.fetched[message.tp] = self.fetched.get(message.tp, 0) - len(message.value)
            yield message.tp, message

    def _messages(self, tp: TP, records: Sequence[Any], generation: int) -> "list[ConsumerMessage]":
        self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
        if tp.topic not in self.app.chunks.topics:
            return [self._to_message(tp, record) for record in records]
        size, now = self.app.chunks.size, time.time()
        return [
            self._chunk(tp, records[start : start + size], generation, now) for start in range(0, len(records), size)
        ]

    def _chunk(self, tp: TP, records: Sequence[Any], generation: int, fetched_at: float) -> ChunkMessage:
        last = records[-1]
        return ChunkMessage(
            topic=tp.topic,
            partition=tp.partition,
            offset=last.offset,
            timestamp=last.timestamp / 1000.0,
            timestamp_type=last.timestamp_type,
            headers=[],
            key=None,
            value=records,
            checksum=None,
            tp=tp,
            generation_id=generation,
            fetched_at=fetched_at,
        )

    def progress(self, tp: TP) -> Progress:
        """Tell how far a partition is, from what fetches have brought; any thread may ask."""
        subscription = self._thread._ensure_consumer()._subscription.subscription  # noqa: SLF001  # faust and aiokafka have no seam for it
        assignment = None if subscription is None else subscription.assignment
        state = None if assignment is None else assignment.state_value(tp)
        ledger = self._ledgers.get(tp)
        in_hand, committed_at = (0, -math.inf) if ledger is None else (ledger.records, ledger.settled_at)
        in_hand += max(0, self.fetched.get(tp, 0))
        if state is None or state.timestamp is None:
            return Progress(in_hand=in_hand, committed_at=committed_at)
        reads_committed = self.app.chunks.isolation_level == "read_committed"
        end = state.lso if reads_committed and state.lso is not None else state.highwater
        position = state._position  # noqa: SLF001  # `position` raises where there is none, and that may change meanwhile
        waiting = 0 if position is None else max(0, end - position)
        return Progress(waiting, in_hand, committed_at, state.timestamp / 1000)

    async def _wait_next_records(self, timeout: float) -> tuple[dict[TP, Sequence[Any]] | None, set[TP] | None]:  # noqa: ASYNC109  # faust's
        look_at = time.monotonic() + OTHERS_LOOK_SECONDS
        while self._is_held_up(look_at):  # noqa: ASYNC110  # faust has no event for it
            await asyncio.sleep(FULL_BUFFER_WAIT_SECONDS)
        if self._buffered_partitions:
            timeout = 0.0  # look what the others have, and don't wait for them: room may come any moment
        found: tuple[dict[TP, Sequence[Any]] | None, set[TP] | None] = await super()._wait_next_records(timeout)
        return found

    def _is_held_up(self, look_at: float) -> bool:
        """Tell whether to wait for room: when all buffers are full, or one is and it is too early to look at the others."""
        if not self.flow_active or self.should_stop:
            return False
        return not self._get_active_partitions() or (bool(self._buffered_partitions) and time.monotonic() < look_at)

    async def wait_empty(self) -> None:
        """Let the chunks in flight end and commit them, so that a clean stop or a rebalance repeats nothing.

        Bounded: chunks whose outputs can't be delivered now are left to whoever owns the partition next.
        """
        for hurry in self.app.when_chunks_must_end:
            hurry()
        try:
            async with asyncio.timeout(LAST_CHUNK_WAIT_SECONDS) as bound:
                await self._wait_until_acknowledged(bound)
        except TimeoutError:
            logger.warning("chunk_left_uncommitted", extra={"waited_seconds": LAST_CHUNK_WAIT_SECONDS})

    async def _wait_until_acknowledged(self, bound: asyncio.Timeout) -> None:
        """Take the steps of Faust's `wait_empty`, which swallows cancellation, and so can't be bounded."""
        while not self.should_stop and self._unacked_messages:
            if bound.expired():  # a commit that waits for another one swallows the cancellation too
                raise TimeoutError
            gc.collect()  # what was dropped from a buffer is not waited for
            await self.commit()
            self._waiting_for_ack = self.loop.create_future()
            await asyncio.wait({self._waiting_for_ack}, timeout=ACK_LOOK_SECONDS)
            self._clean_unacked_messages()
        await self.commit_and_end_transactions()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let the chunks in flight end and commit them, then forget those of partitions that go elsewhere.

        Faust takes the same steps, but only after it has forgotten what was acknowledged since the last commit.
        """
        self.stop_flow()
        self.app.flow_control.suspend()
        self.app.flow_control.clear()  # what waits in a buffer was not begun: whoever owns the partition reads it again
        await self.wait_empty()
        for tp in revoked:
            self._ledgers.pop(tp, None)
        if self.app.transactions is not None:
            await self.app.transactions.give_up(revoked)
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Begin with partitions; those that transactions commit are taken over before their offsets are read."""
        if self.app.transactions is not None:
            try:
                await self.app.transactions.take_over(assigned, generation_id)
            except Exception as exc:  # noqa: BLE001  # faust itself ends the app for what goes wrong in a rebalance
                await self.app.crash(exc)
                return
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_stop(self) -> None:
        """Let the chunks in flight end and commit them, then let go of all partitions."""
        await super().on_stop()
        if self.app.transactions is not None:
            await self.app.transactions.close()

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit offsets, but for those that a transaction has committed."""
        transactions = self.app.transactions
        if transactions is not None:
            offsets = {tp: offset for tp, offset in offsets.items() if not transactions.commits(tp)}
        return not offsets or bool(await super()._commit(offsets))

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if tp.topic not in self.app.chunks.topics:
            await super()._add_gap(tp, offset_from, offset_to)

    def _new_offset(self, tp: TP) -> int | None:
        if tp.topic not in self.app.chunks.topics:
            offset: int | None = super()._new_offset(tp)
            return offset
        acked = self._acked_index[tp]
        offset = self._ledgers[tp].settle(acked)
        if offset is not None:
            self._acked_index[tp] = {later for later in acked if later >= offset}
            self._acked[tp] = sorted(self._acked_index[tp])
        return offset

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class Transport(driver.Transport):  # type: ignore[misc]  # faust has no usable types
    """Faust's aiokafka transport with our consumer and producer."""

    Consumer = Consumer
    Producer = Producer
