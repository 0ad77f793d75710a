"""Fetched records that are made when somebody asks for one; the compiled passes read the bytes they stand in."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt
from aiokafka.record.util import decode_varint

Bytes = npt.NDArray[np.uint8]
Table = npt.NDArray[np.int64]
Unpack = Callable[[Bytes, Table], tuple[bool, Table]]
"""The compiled `stream.compiled.unpacking.unpack_records`."""

END, COUNT, BASE_OFFSET, TIME, ADDS_TIME, KIND, WANTED = range(7)
"""Columns of a batch: the end of its records in the content; how many they are; the offset that theirs add to; the time
in ms, and whether theirs add to it; its kind; the first offset that is wanted."""
BATCH_COLUMNS = 7
OFFSET, TIMESTAMP, TIMESTAMP_KIND, KEY, KEY_END, VALUE, VALUE_END, HEADERS, HEADER_COUNT = range(9)
"""Rows of unpacked records; key and value with their first byte and end, which is -1 for none."""
RECORD_ROWS = 9


class FetchedRecord(NamedTuple):
    """One record; the names are those of aiokafka.

    Attributes:
        timestamp: in ms since 1970.
        timestamp_type: 0 for the time that its producer gave it, 1 for the time when the broker got it.
    """

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    offset: int
    timestamp: int
    timestamp_type: int


class FetchedRecords(Sequence[FetchedRecord]):
    """Records of one partition, in the order of their offsets.

    Attributes:
        content: uint8: the bytes that they stand in.
        table: int64 of shape (`RECORD_ROWS`, n): see `stream.compiled.unpacking`.
    """

    def __init__(self, content: Bytes, table: Table) -> None:
        self.content = content
        self.table = table

    def with_headers(self) -> list[FetchedRecord]:
        """Give those that have any header."""
        return [self[place] for place in np.flatnonzero(self.table[HEADER_COUNT]).tolist()]

    def __len__(self) -> int:
        return int(self.table.shape[1])

    @overload
    def __getitem__(self, place: int) -> FetchedRecord: ...

    @overload
    def __getitem__(self, place: slice) -> "FetchedRecords": ...

    def __getitem__(self, place: int | slice) -> "FetchedRecord | FetchedRecords":
        if isinstance(place, slice):
            return FetchedRecords(self.content, self.table[:, place])
        row = self.table[:, place].tolist()
        return FetchedRecord(
            key=self._bytes(row[KEY], row[KEY_END]),
            value=self._bytes(row[VALUE], row[VALUE_END]),
            headers=self._headers(row[HEADERS], row[HEADER_COUNT]),
            offset=row[OFFSET],
            timestamp=row[TIMESTAMP],
            timestamp_type=row[TIMESTAMP_KIND],
        )

    def _bytes(self, begin: int, end: int) -> bytes | None:
        return None if end < 0 else self.content[begin:end].tobytes()

    def _headers(self, place: int, count: int) -> tuple[tuple[str, bytes | None], ...]:
        found = []
        for _ in range(count):
            name, place = self._next(place)
            value, place = self._next(place)
            found.append(
                ((name or b"").decode(errors="replace"), value)
            )  # aiokafka's records can't be read at all then
        return tuple(found)

    def _next(self, place: int) -> tuple[bytes | None, int]:
        """Read the bytes whose length stands at `place`; gives them and the place behind."""
        length, place = decode_varint(self.content, place)
        end = place + max(length, 0)
        return self._bytes(place, end if length >= 0 else -1), end
