"""Take what was fetched a record batch at a time; aiokafka itself makes two objects for each record, one by one.

What is read and what is left out is the same as aiokafka's: checksums are checked, records of aborted transactions and
transaction markers are left out, and so are records before the wanted offset.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from aiokafka.consumer import fetcher as aiokafka_fetcher
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition

from stream.fetched import Unpack
from stream.transport.stored_batches import KeptRecords, StoredBatch, records_of

# What a fetch brings also keeps its bytes, which aiokafka's own class hides.
aiokafka_fetcher.MemoryRecords = KeptRecords


async def fetched_records(
    fetcher: Fetcher,
    partitions: Iterable[TopicPartition],
    *,
    in_bulk: Mapping[str, Unpack | None],
    timeout_seconds: float,
    max_records: int,
) -> dict[TopicPartition, Sequence[Any]]:
    """Give what was fetched, or wait for it; as `Fetcher.fetched_records`.

    Args:
        fetcher: of a consumer.
        partitions: those to look at.
        in_bulk: topics whose records are taken a batch at a time, each with what unpacks them, or None for a list of
            aiokafka's own: what they give has `key`, `value`, `headers`, `offset`, `timestamp` and `timestamp_type`.
        timeout_seconds: longest wait; without records the answer is empty then.
        max_records: shared evenly by the partitions that have some; taken in whole batches, so the last of a partition
            may go beyond its share.
    """

    async def ready() -> dict[TopicPartition, Sequence[Any]]:
        waiting = [
            result
            for tp, result in fetcher._records.items()  # noqa: SLF001  # aiokafka has no seam for it
            if tp.topic in in_bulk and type(result) is FetchResult
        ]
        for result in waiting:
            share = max(1, max_records // len(waiting))
            result.getall = partial(_take_batches, result, share, in_bulk[result._topic_partition.topic])  # noqa: SLF001  # as above
        found: dict[TopicPartition, Sequence[Any]] = await fetcher.fetched_records(partitions, timeout=0)
        return found

    found = await ready()
    if found:
        return found
    waiter = fetcher._create_fetch_waiter()  # noqa: SLF001  # as above
    done, _ = await asyncio.wait([waiter], timeout=timeout_seconds)
    if not done:
        waiter.cancel()
        return {}
    waiter.result()  # raises what the group's coordinator refused
    return await ready()


def hold_back_idle(
    fetcher: Fetcher,
    *,
    idle_seconds: float,
    patient: frozenset[str] = frozenset(),
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Ask for idle partitions only now and then while others are busy; does nothing the second time.

    A broker holds a fetch that finds nothing, and there is one fetch at a time: one that asks for idle partitions alone,
    as the busy ones have records waiting here, would hold up the busy ones.

    Args:
        fetcher: of a consumer that has started.
        idle_seconds: time between two fetches that ask for idle partitions too.
        patient: topics whose records may gather: while the consumer has others, idle partitions of these are held back
            even when none is busy.
        clock: gives seconds that only grow.
    """
    if isinstance(fetcher._get_actions_per_node, _WithoutIdle):  # noqa: SLF001  # aiokafka has no seam for it
        return
    fetcher._get_actions_per_node = _WithoutIdle(fetcher, idle_seconds, patient, clock)  # noqa: SLF001  # as above


class _WithoutIdle:
    """Chooses what to fetch next, as the fetcher itself does, but for idle partitions."""

    def __init__(
        self, fetcher: Fetcher, idle_seconds: float, patient: frozenset[str], clock: Callable[[], float]
    ) -> None:
        self._choose = fetcher._get_actions_per_node  # noqa: SLF001  # as above
        self._records = fetcher._records  # noqa: SLF001  # as above
        self._idle_seconds = idle_seconds
        self._patient = patient
        self._clock = clock
        self._due = 0.0

    def __call__(self, assignment: Any) -> Any:  # noqa: ANN401  # aiokafka has no types
        now = self._clock()
        if now >= self._due:
            self._due = now + self._idle_seconds
            return self._choose(assignment)
        chosen = frozenset(tp for tp in assignment.tps if self._is_due(tp) or self._is_busy(assignment, tp))
        return self._choose(_Busy(assignment, chosen) if chosen else assignment)

    def _is_due(self, tp: TopicPartition) -> bool:
        return not self._records and tp.topic not in self._patient

    def _is_busy(self, assignment: Any, tp: TopicPartition) -> bool:  # noqa: ANN401  # as above
        state = assignment.state_value(tp)
        known_end = state.highwater
        return tp in self._records or known_end is None or not state.has_valid_position or state.position < known_end


class _Busy(NamedTuple):
    """An assignment without its idle partitions."""

    assignment: Any
    tps: frozenset[TopicPartition]

    def state_value(self, tp: TopicPartition) -> Any:  # noqa: ANN401  # as above
        return self.assignment.state_value(tp)


def _take_batches(
    result: FetchResult, wanted: int, unpack: Unpack | None, _max_records: int | None = None
) -> Sequence[Any]:
    """Take whole batches of one partition, until at least `wanted` records are there or none is left."""
    packed = result._partition_records  # noqa: SLF001  # as above
    if not result.check_assignment(result._topic_partition) or packed is None:  # noqa: SLF001  # as above
        return []
    taken: list[StoredBatch] = []
    count = 0
    # When this raises, the position stays where it was, and aiokafka fetches from there again.
    while packed._records.has_next() and count < wanted:  # noqa: SLF001  # as above
        batch = _next_batch(packed)
        if batch is not None:
            taken.append(batch)
            count += batch.count
    records = records_of(taken, unpack)
    result._update_position()  # noqa: SLF001  # as above
    if not packed._records.has_next():  # noqa: SLF001  # as above
        result._partition_records = None  # noqa: SLF001  # as above
    return records


def _next_batch(packed: PartitionRecords) -> StoredBatch | None:
    """Take the next batch, None for one without records for us; the same steps as `PartitionRecords._unpack_records`."""
    batch, content = packed._records.next_stored()  # noqa: SLF001  # as above
    stored = StoredBatch(batch, content, wanted_from=packed.next_fetch_offset)
    if packed._check_crcs and not stored.is_whole():  # noqa: SLF001  # as above
        raise CorruptRecordException(f"Invalid CRC - {packed._tp}")  # noqa: SLF001  # as above
    is_left_out = _is_aborted(packed, batch) or batch.is_control_batch
    packed.next_fetch_offset = batch.next_offset
    return None if is_left_out else stored


def _is_aborted(packed: PartitionRecords, batch: Any) -> bool:  # noqa: ANN401  # aiokafka has no types
    if packed._isolation_level != READ_COMMITTED or batch.producer_id is None:  # noqa: SLF001  # as above
        return False
    packed._consume_aborted_up_to(batch.base_offset)  # noqa: SLF001  # as above
    aborted = packed._aborted_producers  # noqa: SLF001  # as above
    if batch.is_control_batch and packed._contains_abort_marker(batch):  # noqa: SLF001  # as above
        aborted.discard(batch.producer_id)
    return batch.is_transactional and batch.producer_id in aborted
