"""Record batches are held against aiokafka, which writes and reads the same format with code of its own."""

from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import encode_varint_py
from hypothesis import given
from hypothesis import strategies as st

from stream.framing import BATCH_OVERHEAD_BYTES, Outputs, RecordBatch, encode_headers, varint

TIMESTAMP_MS = 1_767_225_600_250
NO_ID = -1

headers = st.lists(st.tuples(st.text(max_size=100), st.binary(max_size=100)), max_size=3)
records = st.lists(
    st.tuples(st.none() | st.binary(max_size=100), st.none() | st.binary(max_size=9000), headers), min_size=1
)
Rows = list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]]


def outputs(rows: Rows, shared: list[tuple[str, bytes]] | None = None) -> Outputs:
    shared = shared or []
    return Outputs(
        "topic",
        [key for key, _, _ in rows],
        [value for _, value, _ in rows],
        [varint(len(own) + len(shared)) + encode_headers(own) for _, _, own in rows],
        encode_headers(shared),
    )


def frame(rows: Rows, *, max_bytes: int = 10**9) -> list[RecordBatch]:
    return list(outputs(rows).batches(timestamp_ms=TIMESTAMP_MS, max_bytes=max_bytes))


def read(batch: RecordBatch) -> list[Any]:
    packed = MemoryRecords(batch.content).next_batch()
    assert packed.validate_crc()
    return list(packed)


@given(records)
def test_batch_has_the_bytes_that_aiokafka_writes(rows: Rows) -> None:
    builder = DefaultRecordBatchBuilder(2, 0, 0, NO_ID, NO_ID, NO_ID, 10**9)
    for place, (key, value, own) in enumerate(rows):
        builder.append(place, TIMESTAMP_MS, key, value, own)

    (batch,) = frame(rows)

    assert batch.content == bytes(builder.build())


@given(records)
def test_batch_of_a_transaction_has_the_bytes_that_aiokafka_writes(rows: Rows) -> None:
    builder = DefaultRecordBatchBuilder(2, 0, 1, NO_ID, NO_ID, NO_ID, 10**9)
    for place, (key, value, own) in enumerate(rows):
        builder.append(place, TIMESTAMP_MS, key, value, own)
    builder.set_producer_state(2**40, 7, 2**30)

    (batch,) = frame(rows)
    batch._set_producer_state(2**40, 7, 2**30)

    assert batch.content == bytes(builder.build())


@given(records, headers)
def test_batch_is_read_as_it_was_written(rows: Rows, shared: list[tuple[str, bytes]]) -> None:
    (batch,) = outputs(rows, shared).batches(timestamp_ms=TIMESTAMP_MS, max_bytes=10**9)

    found = read(batch)

    assert [(one.key, one.value, one.headers) for one in found] == [
        (key, value, own + shared) for key, value, own in rows
    ]
    assert [one.offset for one in found] == list(range(len(rows)))
    assert {one.timestamp for one in found} == {TIMESTAMP_MS}
    assert (batch.record_count(), batch.size(), batch.closed()) == (len(rows), len(batch.content), True)


@given(records, st.integers(1, 20_000))
def test_split_batches_keep_all_records_in_order_and_the_limit(rows: Rows, max_bytes: int) -> None:
    batches = frame(rows, max_bytes=max_bytes)

    assert [(one.key, one.value) for batch in batches for one in read(batch)] == [row[:2] for row in rows]
    assert all([one.offset for one in read(batch)] == list(range(batch.record_count())) for batch in batches)
    assert all(batch.size() <= max_bytes or batch.record_count() == 1 for batch in batches)
    starts = [sum(batch.record_count() for batch in batches[:place]) for place in range(len(batches))]
    firsts = [frame([rows[start]])[0].size() - BATCH_OVERHEAD_BYTES for start in starts]
    longer = 2  # a record's place takes one more byte further on, and so may its length
    assert all(batch.size() + first + longer > max_bytes for batch, first in zip(batches[:-1], firsts[1:], strict=True))


def test_many_small_records_keep_their_places() -> None:
    (batch,) = frame([(b"k", b"v", [])] * 10_000)

    assert [one.offset for one in read(batch)] == list(range(10_000))


def test_no_records_give_no_batch() -> None:
    assert frame([]) == []


@pytest.mark.parametrize("number", [0, 63, 64, 8191, 8192, 2**20, 2**31 - 1])
def test_varint_of_any_length_is_as_aiokafka_writes_it(number: int) -> None:
    written = bytearray()
    encode_varint_py(number, written.append)
    assert varint(number) == bytes(written)


def test_taken_records_keep_their_columns_together() -> None:
    rows: Rows = [(b"a", b"1", [("h", b"x")]), (b"b", None, []), (b"c", b"3", [])]

    taken = outputs(rows, [("shared", b"s")]).take([2, 0])

    (batch,) = taken.batches(timestamp_ms=0, max_bytes=10**6)
    assert taken.topic == "topic"
    assert [(one.key, one.value, one.headers) for one in read(batch)] == [
        (b"c", b"3", [("shared", b"s")]),
        (b"a", b"1", [("h", b"x"), ("shared", b"s")]),
    ]


@pytest.mark.parametrize("codec_number", [1, 2, 3, 4])
@pytest.mark.parametrize("is_transactional", [False, True])
def test_compressed_batches_are_read_by_aiokafka(codec_number: int, *, is_transactional: bool) -> None:
    rows = [(b"key", b"value " * 50, [("name", b"1")])] * 20
    plain, compressed = (frame(rows)[0] for _ in range(2))

    compressed.compress(codec_number)
    if is_transactional:
        compressed._set_producer_state(7, 1, 30)

    assert [one.value for one in read(compressed)] == [one.value for one in read(plain)]
    assert len(compressed.content) < len(plain.content) / 5
    stored = MemoryRecords(compressed.content).next_batch()
    assert (stored.compression_type, stored.is_transactional) == (codec_number, is_transactional)


def test_what_compressing_would_make_larger_stays_as_it_is() -> None:
    (batch,) = frame([(None, b"x", [])])

    batch.compress(1)

    assert MemoryRecords(batch.content).next_batch().compression_type == 0
