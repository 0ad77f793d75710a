"""Take what was fetched a record batch at a time; aiokafka itself makes two objects for each record, one by one.

What is read and what is left out is the same as aiokafka's: checksums are checked, records of aborted transactions and
transaction markers are left out, and so are records before the wanted offset.
"""

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any

from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition


async def fetched_records(
    fetcher: Fetcher,
    partitions: Iterable[TopicPartition],
    *,
    in_bulk: frozenset[str],
    timeout_seconds: float,
    max_records: int,
) -> dict[TopicPartition, list[Any]]:
    """Give what was fetched, or wait for it; as `Fetcher.fetched_records`.

    Args:
        fetcher: of a consumer.
        partitions: those to look at.
        in_bulk: topics whose records are taken a batch at a time: what they give has `key`, `value`, `headers`,
            `offset`, `timestamp` and `timestamp_type`, and not aiokafka's other fields.
        timeout_seconds: longest wait; without records the answer is empty then.
        max_records: shared evenly by the partitions that have some; taken in whole batches, so the last of a partition
            may go beyond its share.
    """

    async def ready() -> dict[TopicPartition, list[Any]]:
        waiting = [
            result
            for tp, result in fetcher._records.items()  # noqa: SLF001  # aiokafka has no seam for it
            if tp.topic in in_bulk and type(result) is FetchResult
        ]
        for result in waiting:
            result.getall = partial(_take_batches, result, max(1, max_records // len(waiting)))
        found: dict[TopicPartition, list[Any]] = await fetcher.fetched_records(partitions, timeout=0)
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


def _take_batches(result: FetchResult, wanted: int, _max_records: int | None = None) -> list[Any]:
    """Take whole batches of one partition, until at least `wanted` records are there or none is left."""
    packed = result._partition_records  # noqa: SLF001  # as above
    if not result.check_assignment(result._topic_partition) or packed is None:  # noqa: SLF001  # as above
        return []
    taken: list[Any] = []
    # When this raises, the position stays where it was, and aiokafka fetches from there again.
    while packed._records.has_next() and len(taken) < wanted:  # noqa: SLF001  # as above
        taken += _next_batch(packed)
    result._update_position()  # noqa: SLF001  # as above
    if not packed._records.has_next():  # noqa: SLF001  # as above
        result._partition_records = None  # noqa: SLF001  # as above
    return taken


def _next_batch(packed: PartitionRecords) -> list[Any]:
    """Take the next batch's records that are wanted; the same steps as `PartitionRecords._unpack_records`."""
    batch = packed._records.next_batch()  # noqa: SLF001  # as above
    if packed._check_crcs and not batch.validate_crc():  # noqa: SLF001  # as above
        raise CorruptRecordException(f"Invalid CRC - {packed._tp}")  # noqa: SLF001  # as above
    records: list[Any] = []
    if not _is_aborted(packed, batch) and not batch.is_control_batch:
        records = list(batch)
        if records and records[0].offset < packed.next_fetch_offset:
            records = [record for record in records if record.offset >= packed.next_fetch_offset]
    packed.next_fetch_offset = batch.next_offset
    return records


def _is_aborted(packed: PartitionRecords, batch: Any) -> bool:  # noqa: ANN401  # aiokafka has no types
    if packed._isolation_level != READ_COMMITTED or batch.producer_id is None:  # noqa: SLF001  # as above
        return False
    packed._consume_aborted_up_to(batch.base_offset)  # noqa: SLF001  # as above
    aborted = packed._aborted_producers  # noqa: SLF001  # as above
    if batch.is_control_batch and packed._contains_abort_marker(batch):  # noqa: SLF001  # as above
        aborted.discard(batch.producer_id)
    return batch.is_transactional and batch.producer_id in aborted
