import asyncio
from collections import Counter, defaultdict, deque
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from stream.worker.awaiting import awaited_topics


async def sleep_for_ever() -> None:
    await asyncio.Event().wait()


async def producer(
    *, queueing: tuple[str, ...] = (), queued: tuple[str, ...] = (), in_flight: tuple[str, ...] = ()
) -> Any:
    """Make what Faust's producer looks like when it runs; topics that have nothing queued keep an empty queue."""
    batches = defaultdict(deque, {TP("old", 0): deque(), **{TP(topic, 1): deque(["batch"]) for topic in queued}})
    pending = [SimpleNamespace(tp=TP(topic, 0)) for topic in in_flight]
    accumulated = SimpleNamespace(_batches=batches, _pending_batches=pending)
    sender = SimpleNamespace(sender_task=asyncio.create_task(sleep_for_ever()))
    sending = SimpleNamespace(_sender=sender, _message_accumulator=accumulated)
    return SimpleNamespace(_producer=sending, queueing=Counter({"old": 0, **dict.fromkeys(queueing, 2)}))


def app(producer: Any, *, committing: set[str] | None = None) -> Any:
    transactions = None if committing is None else SimpleNamespace(awaited_topics=lambda: committing)
    return SimpleNamespace(producer=producer, transactions=transactions)


async def test_topics_of_a_transaction_are_awaited_until_it_is_committed() -> None:
    assert awaited_topics(app(await producer(in_flight=("b",)), committing={"a"})) == ["a", "b"]
    assert awaited_topics(app(await producer(), committing=set())) == []


async def test_topics_are_awaited_while_a_batch_of_them_is_not_acknowledged() -> None:
    assert awaited_topics(app(await producer())) == []
    assert awaited_topics(app(await producer(queued=("b",), in_flight=("a", "b")))) == ["a", "b"]


async def test_topics_are_awaited_while_kafka_does_not_say_where_their_partitions_are() -> None:
    assert awaited_topics(app(await producer(queueing=("c",), queued=("a",)))) == ["a", "c"]


async def test_producer_whose_sender_has_died_waits_for_nothing() -> None:
    dead = await producer(queueing=("b",), queued=("a",))
    dead._producer._sender.sender_task.cancel()
    await asyncio.sleep(0)

    assert awaited_topics(app(dead)) == []


async def test_producer_that_has_not_started_waits_for_nothing() -> None:
    assert awaited_topics(app(SimpleNamespace(_producer=None))) == []
