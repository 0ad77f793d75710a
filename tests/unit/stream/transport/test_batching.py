import asyncio
import contextlib
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from stream.batching import OTHERS_LOOK_SECONDS, Consumer
from stream.transport.ledger import ChunkLedger
from stream.worker.progress import Progress


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


class AskedConsumer(Consumer):
    """A consumer without a broker, which knows what fetches have told of a partition."""

    def __init__(self, state: Any, *, isolation_level: str = "read_committed") -> None:
        self.app: Any = SimpleNamespace(chunks=SimpleNamespace(isolation_level=isolation_level))
        assignment = SimpleNamespace(state_value={HOT: state}.get)
        subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))
        self._thread: Any = SimpleNamespace(_ensure_consumer=lambda: SimpleNamespace(_subscription=subscription))
        self._ledgers = defaultdict(ChunkLedger)
        self.fetched = {}


def told(*, highwater: int, lso: int | None, position: int | None) -> SimpleNamespace:
    return SimpleNamespace(highwater=highwater, lso=lso, _position=position, timestamp=1_500)


def test_lag_is_what_waits_in_kafka_and_what_is_in_hand() -> None:
    consumer = AskedConsumer(told(highwater=100, lso=100, position=60))
    consumer._ledgers[HOT].deliver(40, 59, records=20)

    assert consumer.progress(HOT) == Progress(waiting=40, in_hand=20, fetched_at=1.5)


def test_what_was_fetched_and_waits_for_the_event_loop_is_in_hand() -> None:
    consumer = AskedConsumer(told(highwater=100, lso=100, position=100))
    consumer.fetched = {HOT: 35}
    consumer._ledgers[HOT].deliver(55, 59, records=5)

    assert consumer.progress(HOT).in_hand == 40


@pytest.mark.parametrize(("isolation_level", "waiting"), [("read_committed", 10), ("read_uncommitted", 40)])
def test_what_an_open_transaction_holds_back_is_no_lag_where_only_committed_tweets_are_read(
    isolation_level: str, waiting: int
) -> None:
    consumer = AskedConsumer(told(highwater=100, lso=70, position=60), isolation_level=isolation_level)

    assert consumer.progress(HOT).waiting == waiting


@pytest.mark.parametrize(
    "state",
    [
        None,
        SimpleNamespace(highwater=None, lso=None, _position=None, timestamp=None),
        told(highwater=100, lso=100, position=None),
    ],
    ids=["not held", "not fetched yet", "position sought"],
)
def test_lag_of_a_partition_that_no_fetch_has_told_of_is_nothing(state: Any) -> None:
    consumer = AskedConsumer(state)

    nothing_in_hand = consumer.progress(HOT)
    consumer._ledgers[HOT].deliver(0, 4, records=5)

    assert (nothing_in_hand.waiting, nothing_in_hand.in_hand) == (0, 0)
    assert (consumer.progress(HOT).waiting, consumer.progress(HOT).in_hand) == (0, 5)


class Unanswered(SimpleNamespace):
    """A message whose outputs nobody takes."""

    __hash__ = object.__hash__
    acked = False


class UnansweredConsumer(HeldUpConsumer):
    """A consumer with a chunk that is never acknowledged, and nothing to commit."""

    def __init__(self) -> None:
        super().__init__(full=set(), others={HOT})
        self.app.when_chunks_must_end = []
        self.loop = asyncio.get_running_loop()
        self._unacked_messages = {Unanswered()}

    async def commit(self, *_: object, **_options: object) -> bool:
        return False


class StubbornConsumer(UnansweredConsumer):
    """The same, whose commits wait for another one that never ends and swallow their cancellation, as Faust's do."""

    async def commit(self, *_: object, **_options: object) -> bool:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return False


@pytest.mark.parametrize("make_consumer", [UnansweredConsumer, StubbornConsumer])
async def test_chunk_that_nobody_takes_holds_up_a_stop_for_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, make_consumer: type[UnansweredConsumer]
) -> None:
    monkeypatch.setattr("stream.batching.LAST_CHUNK_WAIT_SECONDS", 0.1)
    consumer = make_consumer()

    async with asyncio.timeout(10):
        await consumer.wait_empty()

    assert [(record.message, vars(record)["waited_seconds"]) for record in caplog.records] == [
        ("chunk_left_uncommitted", 0.1)
    ]
