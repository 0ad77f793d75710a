"""Record batches as they come from the broker: their bytes beside aiokafka's view of them.

Source: Apache Kafka documentation, "Message Format", 5.3.
"""

import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from aiokafka import codec
from aiokafka.record.memory_records import MemoryRecords
from crc32c import crc32c

from stream.fetched import BATCH_COLUMNS, FetchedRecords, Unpack

# Base offset, length of what follows it, leader epoch, magic, checksum; attributes, last offset delta, first and largest
# timestamp, producer id and epoch, base sequence, count of records.
_HEADER = struct.Struct(">qiibIhiqqqhii")
_LENGTH = struct.Struct(">qi")
_CHECKED_FROM = struct.calcsize(">qiibI")
_MAGIC, _MAGIC_AT = 2, 16  # at the same place in older formats, of which aiokafka's view does not tell which it is
_CODEC, _TIME_OF_BROKER = 0x07, 0x08  # of the attributes
_DECODERS = {
    1: codec.gzip_decode,
    2: codec.snappy_decode,
    3: codec.lz4_decode,
    4: codec.zstd_decode,
}


class KeptRecords(MemoryRecords):  # type: ignore[misc]  # aiokafka has no usable types
    """Fetched batches, which aiokafka's class gives one by one, and their bytes too."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._content = memoryview(content)
        self._begin = 0

    def next_stored(self) -> tuple[Any, memoryview]:
        """Give the next batch and its bytes; who takes one so takes all so."""
        begin = self._begin
        _, length = _LENGTH.unpack_from(self._content, begin)
        self._begin = begin + _LENGTH.size + length
        return self.next_batch(), self._content[begin : self._begin]


class StoredBatch:
    """One batch.

    Attributes:
        batch: aiokafka's view of it.
        wanted_from: records before this offset are not wanted.
        count: of its records.
    """

    def __init__(self, batch: Any, content: memoryview, *, wanted_from: int) -> None:  # noqa: ANN401  # aiokafka has no usable types
        self.batch = batch
        self.wanted_from = wanted_from
        self._content = content
        self._header = _HEADER.unpack_from(content) if content[_MAGIC_AT] == _MAGIC else None
        self.count = 1 if self._header is None else self._header[-1]  # of an old kind it is not told

    def is_whole(self) -> bool:
        """Tell whether the checksum is that of the bytes."""
        if self._header is None:
            return bool(self.batch.validate_crc())
        return bool(crc32c(self._content[_CHECKED_FROM:]) == self._header[4])

    def unpacked(self) -> tuple[bytes | memoryview, list[int]] | None:
        """Give the records' bytes and the batch's columns for `unpack_records`, but for their end; None for an old kind."""
        if self._header is None:
            return None
        base_offset, *_, attributes, _, first_ms, largest_ms, _, _, _, count = self._header
        records: bytes | memoryview = self._content[_HEADER.size :]
        if attributes & _CODEC:
            records = _DECODERS[attributes & _CODEC](records)
        is_brokers = bool(attributes & _TIME_OF_BROKER)
        time = largest_ms if is_brokers else first_ms
        return records, [count, base_offset, time, not is_brokers, int(is_brokers), self.wanted_from]

    def records(self) -> list[Any]:
        """Give aiokafka's records, those that are wanted."""
        return [record for record in self.batch if record.offset >= self.wanted_from]


def records_of(batches: Sequence[StoredBatch], unpack: Unpack | None) -> Sequence[Any]:
    """Give the records of batches of one partition.

    Args:
        batches: in their order.
        unpack: the compiled `unpack_records`; None for aiokafka's own records.

    Raises:
        CorruptRecordException: they are not as they should be.
    """
    if unpack is not None:
        parts = [part for batch in batches if (part := batch.unpacked())]
        if len(parts) == len(batches):
            content = b"".join(records for records, _ in parts)
            ends = np.cumsum([len(records) for records, _ in parts]).tolist()
            columns = [[end, *batch] for end, (_, batch) in zip(ends, parts, strict=True)]
            array = np.frombuffer(content, dtype=np.uint8)
            is_right, table = unpack(array, np.array(columns, dtype=np.int64).reshape(-1, BATCH_COLUMNS))
            if is_right:
                return FetchedRecords(array, table)
    return list(chain.from_iterable(batch.records() for batch in batches))
