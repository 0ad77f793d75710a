"""Taking batches whole is held against aiokafka's own way, record by record, on the same fetched bytes."""

import asyncio
import struct
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from stream.compiled.unpacking import load_unpack
from stream.fetched import FetchedRecords, Unpack
from stream.transport.fetching import fetched_records
from stream.transport.stored_batches import KeptRecords

UNPACK = load_unpack()
TP = TopicPartition("tweets.raw", 0)
NO_ID = -1
CHECKS_CRCS = True
ATTRIBUTES_AT, CONTROL = 21, 0x20  # of a batch's header
ABORT = struct.pack(">hh", 0, 0)  # key of a transaction marker: version, type


@dataclass
class Batch:
    """A batch of the log: so many records, of a producer's transaction or of none."""

    count: int
    producer: int = NO_ID
    is_marker: bool = False
    removed: int = 0  # offsets behind the last record, whose records were compacted away

    def encode(self, base_offset: int) -> bytes:
        builder = DefaultRecordBatchBuilder(2, 0, self.producer != NO_ID, self.producer, 0, 0, 10**6)
        for place in range(self.count):
            key = ABORT if self.is_marker else f"{base_offset + place}".encode()
            builder.append(place, 1_000 + place, key, b"v" * place, [("h", b"x")])
        content = bytearray(builder.build())
        struct.pack_into(">q", content, 0, base_offset)
        struct.pack_into(">i", content, 23, self.count + self.removed - 1)  # last offset delta
        if self.is_marker:
            content[ATTRIBUTES_AT + 1] |= CONTROL
        return bytes(_with_checksum(content))


def _with_checksum(content: bytearray) -> bytearray:
    struct.pack_into(">I", content, 17, calc_crc32c(bytes(content[ATTRIBUTES_AT:])))
    return content


@dataclass
class Position:
    """The part of a partition's state that a fetch looks at."""

    position: int
    paused: bool = False

    def consumed_to(self, position: int) -> None:
        self.position = position


@dataclass
class Assignment:
    position: Position
    active: bool = True

    def state_value(self, _: TopicPartition) -> Position:
        return self.position


@dataclass
class Subscriptions:
    reassignment_in_progress: bool = False

    def is_assigned(self, _: TopicPartition) -> bool:
        return True


@dataclass
class OneFetch:
    """A fetcher with the result of one fetch; `fetched_records` is aiokafka's own code."""

    _records: OrderedDict[TopicPartition, Any]
    _subscriptions: Subscriptions = field(default_factory=Subscriptions)
    _wait_consume_future: Any = None
    _closed: bool = False

    def _notify(self, _: Any) -> None:
        pass

    async def fetched_records(self, partitions: Any, timeout: float = 0) -> Any:  # noqa: ASYNC109  # aiokafka's
        return await Fetcher.fetched_records(self, partitions, timeout)

    def _create_fetch_waiter(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()


def fetched(
    content: bytes, *, offset: int, aborted: list[tuple[int, int]], isolation_level: int = READ_COMMITTED
) -> tuple[OneFetch, Position]:
    position = Position(offset)
    packed = PartitionRecords(TP, KeptRecords(content), aborted, offset, None, None, CHECKS_CRCS, isolation_level)
    result = FetchResult(TP, assignment=Assignment(position), partition_records=packed, backoff=0.1)
    return OneFetch(OrderedDict({TP: result})), position


def log_of(batches: list[Batch]) -> bytes:
    content, end = b"", 0
    for batch in batches:
        content += batch.encode(end)
        end += batch.count + batch.removed
    return content


def take_all(
    one_fetch: OneFetch, *, in_bulk: bool, unpack: Unpack | None = None, max_records: int = 10**6
) -> list[Any]:
    topics = {TP.topic: unpack} if in_bulk else {}
    found = asyncio.run(fetched_records(one_fetch, {TP}, in_bulk=topics, timeout_seconds=0.01, max_records=max_records))
    return list(found.get(TP, ()))


def content_of(records: list[Any]) -> list[Any]:
    return [(one.offset, one.key, one.value, list(one.headers), one.timestamp, one.timestamp_type) for one in records]


batches = st.builds(Batch, st.integers(1, 5), st.sampled_from([NO_ID, 7, 8]), removed=st.integers(0, 3)) | st.builds(
    Batch, st.just(1), st.sampled_from([7, 8]), is_marker=st.booleans().filter(bool)
)


@given(
    st.lists(batches, min_size=1, max_size=6),
    st.integers(0, 4),
    st.lists(st.tuples(st.sampled_from([7, 8]), st.integers(0, 20)), max_size=3),
    st.sampled_from([READ_COMMITTED, READ_UNCOMMITTED]),
)
def test_the_same_records_and_position_come_as_one_by_one(
    its_batches: list[Batch], offset: int, aborted: list[tuple[int, int]], isolation_level: int
) -> None:
    content = log_of(its_batches)
    one_by_one, position = fetched(content, offset=offset, aborted=aborted, isolation_level=isolation_level)
    expected = take_all(one_by_one, in_bulk=False)

    for unpack in (None, UNPACK):
        in_bulk, bulk_position = fetched(content, offset=offset, aborted=aborted, isolation_level=isolation_level)
        found = take_all(in_bulk, in_bulk=True, unpack=unpack)

        assert content_of(found) == content_of(expected)
        assert bulk_position.position == position.position
        assert in_bulk._records == one_by_one._records == OrderedDict()


def test_no_more_batches_are_taken_than_the_wanted_records_need() -> None:
    content = log_of([Batch(3), Batch(3), Batch(3)])
    one_fetch, position = fetched(content, offset=0, aborted=[])

    first = take_all(one_fetch, in_bulk=True, max_records=4)

    assert [one.offset for one in first] == [0, 1, 2, 3, 4, 5]
    assert (position.position, TP in one_fetch._records) == (6, True)
    assert [one.offset for one in take_all(one_fetch, in_bulk=True, max_records=4)] == [6, 7, 8]
    assert TP not in one_fetch._records


def test_batch_with_a_wrong_checksum_is_an_error_and_not_passed_over() -> None:
    content = log_of([Batch(2), Batch(2)])
    damaged = bytearray(content)
    damaged[-1] ^= 1
    one_fetch, position = fetched(bytes(damaged), offset=0, aborted=[])

    with pytest.raises(CorruptRecordException, match="Invalid CRC"):
        take_all(one_fetch, in_bulk=True)

    assert position.position == 0  # so that the batch before it is not lost either


def test_records_of_a_partition_that_was_taken_away_are_not_given() -> None:
    content = log_of([Batch(2)])
    one_fetch, position = fetched(content, offset=0, aborted=[])
    position.position = 40  # somebody moved on to another place meanwhile

    assert take_all(one_fetch, in_bulk=True) == []


def test_nothing_fetched_in_time_gives_nothing() -> None:
    assert take_all(OneFetch(OrderedDict()), in_bulk=True) == []


def test_partitions_share_the_wanted_records() -> None:
    content = log_of([Batch(3), Batch(3), Batch(3)])
    one_fetch, _ = fetched(content, offset=0, aborted=[])
    other_fetch, _ = fetched(content, offset=0, aborted=[])
    other = TopicPartition(TP.topic, 1)
    one_fetch._records[other] = other_fetch._records[TP]

    found = asyncio.run(
        fetched_records(one_fetch, {TP, other}, in_bulk={TP.topic: None}, timeout_seconds=0.01, max_records=8)
    )

    assert {tp: len(records) for tp, records in found.items()} == {TP: 6, other: 6}


def test_only_the_partitions_that_are_asked_for_are_given() -> None:
    content = log_of([Batch(2)])
    one_fetch, _ = fetched(content, offset=0, aborted=[])
    other = TopicPartition(TP.topic, 1)
    one_fetch._records[other] = fetched(content, offset=0, aborted=[])[0]._records[TP]

    found = asyncio.run(
        fetched_records(one_fetch, {other}, in_bulk={TP.topic: None}, timeout_seconds=0.01, max_records=8)
    )

    assert found.keys() == {other}
    assert one_fetch._records.keys() == {TP}


@pytest.mark.parametrize("unpack", [None, UNPACK], ids=["plain", "compiled"])
@pytest.mark.parametrize(("magic", "compression"), [(0, 0), (1, 0), (1, 1)])
def test_batches_of_older_formats_are_read_as_aiokafka_reads_them(
    magic: int, compression: int, unpack: Unpack | None
) -> None:
    builder = LegacyRecordBatchBuilder(magic=magic, compression_type=compression, batch_size=10**6)
    for place in range(3):
        builder.append(place, timestamp=1_000 + place, key=b"key", value=b"v" * place)
    content = bytes(builder.build())

    expected = take_all(fetched(content, offset=1, aborted=[])[0], in_bulk=False)
    found = take_all(fetched(content, offset=1, aborted=[])[0], in_bulk=True, unpack=unpack)

    assert content_of(found) == content_of(expected)
    assert [one.offset for one in found] == [1, 2]


@pytest.mark.parametrize("compression", [0, 1, 2, 3, 4], ids=["none", "gzip", "snappy", "lz4", "zstd"])
def test_batches_of_every_compression_are_unpacked(compression: int) -> None:
    builder = DefaultRecordBatchBuilder(2, compression, 0, -1, -1, -1, 10**6)
    for place in range(100):
        builder.append(
            place, 1_000 + place, None if place % 3 else b"key", b"v" * place or None, [("h", None), ("", b"")]
        )
    content = bytes(builder.build())

    expected = take_all(fetched(content, offset=30, aborted=[])[0], in_bulk=False)
    found = take_all(fetched(content, offset=30, aborted=[])[0], in_bulk=True, unpack=UNPACK)

    assert content_of(found) == content_of(expected)
    assert len(found) == 70


def test_times_that_the_broker_gave_are_told() -> None:
    content = bytearray(Batch(3).encode(0))
    content[ATTRIBUTES_AT + 1] |= 0x08
    struct.pack_into(">q", content, 35, 77_000)  # largest timestamp

    found = take_all(fetched(bytes(_with_checksum(content)), offset=0, aborted=[])[0], in_bulk=True, unpack=UNPACK)

    assert [(one.timestamp, one.timestamp_type) for one in found] == [(77_000, 1)] * 3


@given(st.integers(0, 200), st.integers(0, 255), st.integers(1, 10))
def test_broken_records_are_an_error_or_what_aiokafka_reads(place: int, byte: int, count: int) -> None:
    content = bytearray(Batch(count).encode(0))
    place = 61 + place % max(len(content) - 61, 1)
    if place < len(content):
        content[place] = byte
    whole = bytes(_with_checksum(content))
    outcomes = []

    for unpack in (None, UNPACK):
        try:
            outcomes.append(content_of(take_all(fetched(whole, offset=0, aborted=[])[0], in_bulk=True, unpack=unpack)))
        except (CorruptRecordException, UnicodeDecodeError, ValueError) as exc:
            outcomes.append(type(exc))

    is_name_no_utf8 = "\ufffd" in str(outcomes[1])  # which aiokafka calls corrupt, and other clients write
    assert outcomes[1] == outcomes[0] or (
        is_name_no_utf8 and outcomes[0] in (CorruptRecordException, UnicodeDecodeError)
    )


def test_records_are_cut_into_chunks_and_tell_which_have_headers() -> None:
    content = Batch(5).encode(10)
    (records,) = asyncio.run(
        fetched_records(
            fetched(content, offset=0, aborted=[])[0],
            {TP},
            in_bulk={TP.topic: UNPACK},
            timeout_seconds=0.01,
            max_records=10,
        )
    ).values()

    assert isinstance(records, FetchedRecords)
    assert [record.offset for record in records[1:3]] == [11, 12]
    assert records[1:3].with_headers() == list(records[1:3])
    assert records[-1].offset == 14
