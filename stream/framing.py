"""Records to record batches in Kafka's own format (version 2), made a batch at a time instead of a record at a time.

Source: Apache Kafka documentation, "Message Format", 5.3. Checked in tests by reading with aiokafka and by a real Kafka.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from aiokafka import codec
from crc32c import crc32c

Header = tuple[str, bytes]

# Base offset, length of what follows, leader epoch, magic and checksum: what comes before the checked part.
_UNCHECKED = struct.Struct(">qiibI")
# Attributes, last offset delta, first and largest timestamp, producer id and epoch, base sequence, count of records.
_CHECKED = struct.Struct(">hiqqqhii")
_ATTRIBUTES = struct.Struct(">h")
_PRODUCER = struct.Struct(">qhi")  # its id and epoch, base sequence
_PRODUCER_STARTS_AT = _UNCHECKED.size + struct.calcsize(">hiqq")
_LENGTH_STARTS_AT = 12  # the length counts from here on
_MAGIC = 2
_CODEC, _TRANSACTIONAL = 0x07, 0x10  # of the attributes
_ENCODERS: Mapping[int, Callable[[bytes], bytes]] = {
    1: codec.gzip_encode,
    2: codec.snappy_encode,
    3: partial(codec.lz4_encode, level=1),  # of aiokafka's 9 levels the one that keeps up with a worker
    4: codec.zstd_encode,
}
_NO_ID = -1  # of a leader epoch or producer
_NULL = b"\1"  # the length -1
_VARINT_BITS = 7
BATCH_OVERHEAD_BYTES = _UNCHECKED.size + _CHECKED.size


def _varint(number: int) -> bytes:
    rest = number << 1
    encoded = bytearray()
    while rest >> _VARINT_BITS:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= _VARINT_BITS
    encoded.append(rest)
    return bytes(encoded)


_VARINTS = tuple(map(_varint, range(8192)))  # all of up to two bytes


def varint(number: int) -> bytes:
    r"""Encode a number from 0 up as Kafka's signed (zigzag) variable-length integer.

    >>> varint(0), varint(63), varint(64), varint(300)
    (b'\x00', b'~', b'\x80\x01', b'\xd8\x04')
    """
    return _VARINTS[number] if number < len(_VARINTS) else _varint(number)


def encode_headers(headers: Sequence[Header]) -> bytes:
    """Encode headers one after the other; their count, a varint, goes before the first."""
    parts = []
    for name, value in headers:
        parts += [encode_header_name(name), varint(len(value)), value]
    return b"".join(parts)


def encode_header_name(name: str) -> bytes:
    """Encode what stands before the length of a header's value."""
    encoded = name.encode()
    return varint(len(encoded)) + encoded


@dataclass(frozen=True)
class Outputs:
    """Records for one topic, in their order, column by column.

    Attributes:
        topic: where to.
        keys: of the records.
        values: of the records; None for a tombstone.
        headers: of each record: the count of its headers as a varint, and those that are its own, encoded.
        shared_headers: encoded headers that come behind those in every record.
    """

    topic: str
    keys: list[bytes | None] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)
    headers: list[bytes] = field(default_factory=list)
    shared_headers: bytes = b""

    def add(self, key: bytes | None, value: bytes | None, headers: bytes) -> None:
        """Add a record; its headers as the attribute says."""
        self.keys.append(key)
        self.values.append(value)
        self.headers.append(headers)

    @property
    def count(self) -> int:
        """Count the records."""
        return len(self.keys)

    def batches(self, *, timestamp_ms: int, max_bytes: int) -> "Iterator[RecordBatch]":
        """Frame the records in as few batches as their bytes allow.

        Args:
            timestamp_ms: of all of them, in ms since 1970.
            max_bytes: largest batch; a record that is larger by itself gets one of its own, so that the broker is the judge.
        """
        shared = self.shared_headers
        room = bytes(BATCH_OVERHEAD_BYTES)
        pieces = [room]
        count, size = 0, BATCH_OVERHEAD_BYTES
        for key, value, headers in zip(self.keys, self.values, self.headers, strict=True):
            content = record_content(key, value, headers, shared)
            framed = _framed(count, content)
            if count and size + len(framed) + len(content) > max_bytes:
                yield RecordBatch(bytearray().join(pieces), count=count, timestamp_ms=timestamp_ms)
                pieces, count, size = [room], 0, BATCH_OVERHEAD_BYTES
                framed = _framed(count, content)
            pieces += (framed, content)
            count += 1
            size += len(framed) + len(content)
        if count:
            yield RecordBatch(bytearray().join(pieces), count=count, timestamp_ms=timestamp_ms)

    def take(self, places: Sequence[int]) -> "Outputs":
        """Give some of the records."""
        return Outputs(
            self.topic,
            [self.keys[place] for place in places],
            [self.values[place] for place in places],
            [self.headers[place] for place in places],
            self.shared_headers,
        )


@dataclass(frozen=True)
class FramedOutputs:
    """Records for one topic that are framed already, for one partition.

    Attributes:
        topic: where to.
        framed: of each batch room for what stands before its records, then their bytes; and how many they are.
    """

    topic: str
    framed: Sequence[tuple[memoryview, int]]

    @property
    def count(self) -> int:
        """Count the records."""
        return sum(count for _, count in self.framed)

    def batches(self, *, timestamp_ms: int, max_bytes: int) -> "Iterator[RecordBatch]":
        """Give the batches, which were made for this `max_bytes`."""
        del max_bytes
        for framed, count in self.framed:
            yield RecordBatch(framed, count=count, timestamp_ms=timestamp_ms)


AnyOutputs = Outputs | FramedOutputs


class RecordBatch:
    """A finished batch, with the methods that aiokafka's producer calls of a batch that it is given."""

    def __init__(self, framed: bytearray | memoryview, *, count: int, timestamp_ms: int) -> None:
        """Frame records.

        Args:
            framed: room of `BATCH_OVERHEAD_BYTES`, then the records' bytes; becomes the batch.
            count: how many records they are, at least 1.
            timestamp_ms: of all of them, in ms since 1970.
        """
        ids = (_NO_ID, _NO_ID, _NO_ID)
        _CHECKED.pack_into(framed, _UNCHECKED.size, 0, count - 1, timestamp_ms, timestamp_ms, *ids, count)
        self._framed = framed
        self._count = count
        self._attributes = 0

    def compress(self, codec_number: int) -> None:
        """Have the records compressed when the batch is sent, where that makes it smaller.

        Args:
            codec_number: Kafka's: 0 for none, 1 to 4 for gzip, snappy, lz4 and zstd.
        """
        self._attributes |= codec_number

    def record_count(self) -> int:
        """Count the records."""
        return self._count

    def size(self) -> int:
        """Count the bytes."""
        return len(self._framed)

    def close(self) -> None:
        """Nothing to close: it takes no more records."""

    def closed(self) -> bool:
        """Tell that it takes no more records."""
        return True

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        """Make it part of a transaction; of our producers only those with transactions set this."""
        self._attributes |= _TRANSACTIONAL
        _PRODUCER.pack_into(self._framed, _PRODUCER_STARTS_AT, producer_id, producer_epoch, base_sequence)

    @cached_property
    def content(self) -> bytes:
        """The bytes that go to the broker."""
        framed, attributes = self._framed, self._attributes
        if attributes & _CODEC:
            records = _ENCODERS[attributes & _CODEC](bytes(framed[BATCH_OVERHEAD_BYTES:]))
            if len(records) < len(framed) - BATCH_OVERHEAD_BYTES:
                framed = bytearray().join((framed[:BATCH_OVERHEAD_BYTES], records))
            else:
                attributes &= ~_CODEC
        _ATTRIBUTES.pack_into(framed, _UNCHECKED.size, attributes)
        checksum = crc32c(memoryview(framed)[_UNCHECKED.size :])
        _UNCHECKED.pack_into(framed, 0, 0, len(framed) - _LENGTH_STARTS_AT, _NO_ID, _MAGIC, checksum)
        return bytes(framed)

    def _build(self) -> bytes:
        return self.content


def record_content(key: bytes | None, value: bytes | None, headers: bytes, shared_headers: bytes) -> bytes:
    """Encode a record from its key on; the headers as `Outputs` has them."""
    return b"".join((_length(key), key or b"", _length(value), value or b"", headers, shared_headers))


def _framed(offset_delta: int, content: bytes) -> bytes:
    """What stands before a record's content: its length, its start."""
    start = _STARTS[offset_delta] if offset_delta < len(_STARTS) else _start(offset_delta)
    return varint(len(start) + len(content)) + start


def _start(offset_delta: int) -> bytes:
    """A record's attributes, unused by Kafka; its time after the batch's, always 0; its place in the batch."""
    return b"\0\0" + varint(offset_delta)


_STARTS = tuple(map(_start, range(1024)))


def _length(content: bytes | None) -> bytes:
    return _NULL if content is None else varint(len(content))
