import asyncio
from types import SimpleNamespace
from typing import Any

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from stream.batching import OTHERS_LOOK_SECONDS, ChunkLedger, Consumer


def test_chunk_is_committed_as_a_whole_once_acked() -> None:
    ledger = ChunkLedger()
    ledger.deliver(9)

    assert ledger.settle(set()) is None
    assert ledger.settle({9}) == 10
    assert ledger.settle({9}) is None


def test_later_chunk_waits_for_the_earlier_one() -> None:
    ledger = ChunkLedger()
    ledger.deliver(9)
    ledger.deliver(19)

    assert ledger.settle({19}) is None
    assert ledger.settle({9, 19}) == 20


def test_hole_in_the_offsets_commits_nothing_in_flight() -> None:
    ledger = ChunkLedger()
    ledger.deliver(9)
    ledger.deliver(5_000)  # offsets 10 to 4,990 were compacted away or are transaction markers

    assert ledger.settle({9}) == 10
    assert ledger.settle(set()) is None
    assert ledger.settle({5_000}) == 5_001


def test_ack_of_a_chunk_from_before_a_rewind_counts_only_at_its_own_border() -> None:
    ledger = ChunkLedger()
    ledger.deliver(9)
    ledger.deliver(19)
    ledger.deliver(14)  # Faust went back to offset 0 and the fetch was cut elsewhere

    assert ledger.settle({9}) is None
    assert ledger.settle({9, 14}) == 15


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_committed_offset_never_passes_a_chunk_that_was_not_acked(sizes: list[int], random: st.DataObject) -> None:
    ledger, last_offsets, acked = ChunkLedger(), [], set[int]()
    for size in sizes:
        last_offsets.append((last_offsets[-1] if last_offsets else -1) + size)
        ledger.deliver(last_offsets[-1])
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


class HeldUpConsumer(Consumer):
    """A consumer without a broker: notes how long each poll would wait, and for which partitions."""

    def __init__(self, *, full: set[TP], others: set[TP]) -> None:
        self.app: Any = SimpleNamespace(client_only=False)
        self.flow_active = True
        self.not_waiting_next_records = asyncio.Event()
        self.polls: list[tuple[float, set[TP]]] = []
        self._buffered_partitions = full
        self._active_partitions = others

    @property
    def should_stop(self) -> bool:
        return False

    async def _getmany(self, active_partitions: set[TP], timeout: float) -> dict[TP, list[Any]]:  # noqa: ASYNC109
        self.polls.append((timeout, set(active_partitions)))
        return {}


HOT, IDLE = TP("tweets.raw", 0), TP("tweets.raw", 1)


async def test_others_are_not_waited_for_while_the_buffer_of_one_is_full() -> None:
    consumer = HeldUpConsumer(full={HOT}, others={IDLE})

    await consumer._wait_next_records(1.0)

    assert consumer.polls == [(0.0, {IDLE})]


async def test_room_is_seen_before_the_others_are_looked_at() -> None:
    consumer = HeldUpConsumer(full={HOT}, others={IDLE})

    waiting = asyncio.create_task(consumer._wait_next_records(1.0))
    await asyncio.sleep(0)
    consumer.on_buffer_drop(HOT)
    await waiting

    assert consumer.polls == [(1.0, {HOT, IDLE})]


async def test_nothing_is_asked_for_while_all_buffers_are_full() -> None:
    consumer = HeldUpConsumer(full={HOT, IDLE}, others=set())

    waiting = asyncio.create_task(consumer._wait_next_records(1.0))
    await asyncio.sleep(5 * OTHERS_LOOK_SECONDS)
    asked_meanwhile = list(consumer.polls)
    consumer.on_buffer_drop(HOT)
    await waiting

    assert asked_meanwhile == []
    assert consumer.polls == [(0.0, {HOT})]


async def test_partitions_are_waited_for_where_all_have_room() -> None:
    consumer = HeldUpConsumer(full=set(), others={HOT, IDLE})

    await consumer._wait_next_records(1.0)

    assert consumer.polls == [(1.0, {HOT, IDLE})]
