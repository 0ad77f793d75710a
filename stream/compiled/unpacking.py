"""Step 0, unpack: where keys, values and headers stand in fetched record batches, without making a record of any.

Source: Apache Kafka documentation, "Message Format", 5.3; as `stream.compiled.framing`, the other way round.
"""

from functools import cache

import numba
import numpy as np
import numpy.typing as npt
from numba import int64

from models.compiled.caching import cached
from models.compiled.part import part
from stream import fetched
from stream.compiled.characters import Bytes
from stream.fetched import (
    ADDS_TIME,
    BASE_OFFSET,
    BATCH_COLUMNS,
    COUNT,
    END,
    HEADER_COUNT,
    HEADERS,
    KEY,
    KEY_END,
    KIND,
    OFFSET,
    RECORD_ROWS,
    TIME,
    TIMESTAMP,
    TIMESTAMP_KIND,
    VALUE,
    VALUE_END,
    WANTED,
    Table,
    Unpack,
)

_MORE, _PAYLOAD, _PAYLOAD_BITS, _MOST_BITS = 0x80, 0x7F, 7, 63
_BROKEN = -1


def unpack_records(content: Bytes, batches: Table) -> tuple[bool, Table]:
    """Unpack the records of some batches, one behind the other.

    Args:
        content: the batches' records; any bytes are safe.
        batches: shape (n, `BATCH_COLUMNS`).

    Returns:
        Whether all of it is as it should be, and shape (`RECORD_ROWS`, m): the records that are wanted.
    """
    table = np.empty((RECORD_ROWS, batches[:, COUNT].sum()), dtype=np.int64)
    taken = 0
    place = int64(0)
    for batch in batches:
        for _ in range(batch[COUNT]):
            place = _unpack(content, place, batch, table[:, taken])
            if place == _BROKEN:
                return False, table[:, :0].copy()
            taken += table[OFFSET, taken] >= batch[WANTED]
        if place != batch[END]:
            return False, table[:, :0].copy()
    return True, table[:, :taken].copy()


@cache
def load_unpack() -> Unpack:
    """Give the compiled `unpack_records`."""
    content = np.frombuffer(b"", dtype=np.uint8)
    signature = (numba.typeof(content), numba.typeof(np.zeros((0, BATCH_COLUMNS), dtype=np.int64)))
    return cached(unpack_records, signature, constants_from=(fetched,))


@part
def _unpack(content: Bytes, place: int, batch: npt.NDArray[np.int64], record: npt.NDArray[np.int64]) -> int:
    """Fill in one record; gives the place behind it, or `_BROKEN`."""
    end = batch[END]
    place, length = _varint(content, place, end)
    if place == _BROKEN or length < 1 or length > end - place:
        return _BROKEN
    if content[place] != 0:  # attributes, which Kafka does not use
        return _BROKEN
    end = place + length
    place, time = _varint(content, place + 1, end)
    place, offset = _varint(content, place, end)
    record[OFFSET] = batch[BASE_OFFSET] + offset
    record[TIMESTAMP] = batch[TIME] + time * batch[ADDS_TIME]
    record[TIMESTAMP_KIND] = batch[KIND]
    place = _span(content, place, end, record[KEY : KEY_END + 1])
    place = _span(content, place, end, record[VALUE : VALUE_END + 1])
    place, count = _varint(content, place, end)
    record[HEADERS], record[HEADER_COUNT] = place, count
    for _ in range(count):
        place = _span_end(content, _span_end(content, place, end, 0), end, -1)
        if place == _BROKEN:
            return _BROKEN
    return place if place == end and count >= 0 else _BROKEN


@part
def _span(content: Bytes, place: int, end: int, span: npt.NDArray[np.int64]) -> int:
    """Note the bytes whose length stands at `place`; gives the place behind them."""
    place, length = _varint(content, place, end)
    if place == _BROKEN or length > end - place:
        return _BROKEN
    if length < 0:
        span[0], span[1] = 0, -1
        return place
    span[0], span[1] = place, place + length
    return place + length


@part
def _span_end(content: Bytes, place: int, end: int, least: int) -> int:
    """Pass over the bytes whose length, at least `least`, stands at `place`."""
    place, length = _varint(content, place, end)
    if place == _BROKEN or not least <= length <= end - place:
        return _BROKEN
    return place + max(length, 0)


@part
def _varint(content: Bytes, place: int, end: int) -> tuple[int, int]:
    """Read Kafka's signed variable-length integer; gives the place behind it, or `_BROKEN`."""
    number = int64(0)
    shift = 0
    while _BROKEN < place < end and shift <= _MOST_BITS:
        byte = int64(content[place])
        number |= (byte & _PAYLOAD) << shift
        shift += _PAYLOAD_BITS
        place += 1
        if not byte & _MORE:
            return place, (number >> 1 & 0x7FFFFFFFFFFFFFFF) ^ -(number & 1)
    return _BROKEN, 0
