import math

from hypothesis import given
from hypothesis import strategies as st

from stream.transport.ledger import ChunkLedger


def test_chunk_is_committed_as_a_whole_once_acked() -> None:
    ledger = ChunkLedger()
    ledger.deliver(0, 9, records=1)

    assert ledger.settle(set()) is None
    assert ledger.settle({9}) == 10
    assert ledger.settle({9}) is None


def test_later_chunk_waits_for_the_earlier_one() -> None:
    ledger = ChunkLedger()
    ledger.deliver(0, 9, records=1)
    ledger.deliver(10, 19, records=1)

    assert ledger.settle({19}) is None
    assert ledger.settle({9, 19}) == 20


def test_hole_in_the_offsets_commits_nothing_in_flight() -> None:
    ledger = ChunkLedger()
    ledger.deliver(0, 9, records=1)
    ledger.deliver(4_991, 5_000, records=1)  # offsets 10 to 4,990 were compacted away or are transaction markers

    assert ledger.settle({9}) == 10
    assert ledger.settle(set()) is None
    assert ledger.settle({5_000}) == 5_001


def test_ack_of_a_chunk_from_before_a_rewind_counts_only_at_its_own_border() -> None:
    ledger = ChunkLedger()
    ledger.deliver(0, 9, records=1)
    ledger.deliver(10, 19, records=1)
    ledger.deliver(0, 14, records=1)  # Faust went back to offset 0 and the fetch was cut elsewhere

    assert ledger.settle({9}) is None
    assert ledger.settle({9, 14}) == 15


def test_chunk_from_before_a_rewind_is_void_also_where_the_fetch_is_cut_further_on() -> None:
    ledger = ChunkLedger()
    ledger.deliver(0, 9, records=10)
    ledger.deliver(10, 14, records=5)
    ledger.settle({9})
    ledger.deliver(10, 29, records=20)  # Faust has let go of the chunk that ends at 14, nobody will acknowledge it

    assert ledger.records == 20
    assert ledger.settle({29}) == 30


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_committed_offset_never_passes_a_chunk_that_was_not_acked(sizes: list[int], random: st.DataObject) -> None:
    ledger, last_offsets, acked = ChunkLedger(), [], set[int]()
    for size in sizes:
        last_offsets.append((last_offsets[-1] if last_offsets else -1) + size)
        ledger.deliver(last_offsets[-1] - size + 1, last_offsets[-1], records=1)
    order = list(last_offsets)
    random.shuffle(order)  # type: ignore[attr-defined]
    committed = 0

    for offset in order:
        acked.add(offset)
        committed = ledger.settle(acked) or committed
        unacked = [last for last in last_offsets if last not in acked]
        expected = (
            last_offsets[-1] + 1
            if not unacked
            else ([0, *(last + 1 for last in last_offsets)][last_offsets.index(unacked[0])])
        )
        assert committed == expected


def test_ledger_knows_how_many_records_are_not_settled_and_when_it_last_moved() -> None:
    ledger = ChunkLedger()
    ledger.deliver(0, 9, records=10)
    ledger.deliver(10, 19, records=7)

    assert (ledger.records, ledger.settled_at) == (17, -math.inf)

    ledger.settle({9})
    assert ledger.records == 7
    assert ledger.settled_at > 0


def test_records_before_a_rewind_are_not_counted_twice() -> None:
    ledger = ChunkLedger()
    ledger.deliver(0, 9, records=10)
    ledger.deliver(10, 19, records=10)
    ledger.deliver(0, 14, records=15)

    assert ledger.records == 15


def test_chunk_of_one_record_that_is_read_again_counts_once() -> None:
    ledger = ChunkLedger()
    ledger.deliver(5, 5, records=1)
    ledger.deliver(5, 5, records=1)

    assert ledger.records == 1
    assert ledger.settle({5}) == 6
    assert ledger.records == 0
