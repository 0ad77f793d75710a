"""One transaction after the other for each input partition; the producer is a stand-in, Kafka's own is in tests/integration."""

import asyncio
import logging
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.record.memory_records import MemoryRecords
from faust.types import TP

from stream.framing import BATCH_OVERHEAD_BYTES, Outputs, RecordBatch
from stream.transport.delivery import ChunkOutputs, PartitionMovedError
from stream.transport.partition_transactions import PartitionTransactions
from stream.transport.transactions import Transactions

RAW = TP("tweets.raw", 3)
OTHER = TP("tweets.raw", 4)
FEEDBACK = TP("tweets.feedback", 0)
NO_HEADERS = b"\0"


class RecordingProducer:
    """Keeps the steps of its transactions; `refusals` says which of them fail, and commits wait for `may_commit`."""

    def __init__(self, transactional_id: str = "", *, refusals: dict[str, Exception] | None = None) -> None:
        self.transactional_id = transactional_id
        self.refusals = refusals or {}
        self.steps: list[Any] = []
        self.may_commit = asyncio.Event()
        self.may_commit.set()
        self._message_accumulator = SimpleNamespace(_compression_type=0)
        self._txn_manager = SimpleNamespace(wait_for_transaction_end=asyncio.get_running_loop().create_future)

    def _take(self, name: str, step: Any) -> None:
        if name in self.refusals:
            raise self.refusals[name]
        self.steps.append(step)

    async def start(self) -> None:
        self._take("start", "start")

    async def stop(self) -> None:
        self._take("stop", "stop")

    async def begin_transaction(self) -> None:
        self._take("begin", "begin")

    async def send_batch(self, batch: RecordBatch, topic: str, *, partition: int) -> Awaitable[None]:
        values = [record.value for record in MemoryRecords(batch.content).next_batch()]
        self.steps.append((topic, partition, values))
        delivery = asyncio.get_running_loop().create_future()
        if "send" in self.refusals:
            delivery.set_exception(self.refusals["send"])
        else:
            delivery.set_result(None)
        return delivery

    async def send_offsets_to_transaction(self, offsets: dict[TopicPartition, int], group: str) -> None:
        self._take("offsets", (offsets, group))

    async def commit_transaction(self) -> None:
        await self.may_commit.wait()
        self._take("commit", "commit")


def chunk(first_offset: int, *values: bytes, tp: TP = RAW, generation: int = 1, topic: str = "a") -> ChunkOutputs:
    outputs = Outputs(topic)
    for value in values:
        outputs.add(b"key", value, NO_HEADERS)
    next_offset = first_offset + len(values)
    return ChunkOutputs(tp, first_offset, next_offset, generation, [outputs], {topic: tp.partition})


def transactions(*producers: RecordingProducer, fenced_seconds: float = 60.0, renew_records: int = 100) -> Any:
    coming = iter(producers)
    return PartitionTransactions(
        lambda: next(coming),
        tp=RAW,
        group="group",
        generation=1,
        max_batch_bytes=10**6,
        fenced_seconds=fenced_seconds,
        renew_records=renew_records,
    )


def offset_step(offset: int) -> tuple[dict[TopicPartition, int], str]:
    return ({TopicPartition("tweets.raw", 3): offset}, "group")


async def turns_of_the_loop() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_outputs_of_a_chunk_and_the_offset_behind_it_are_one_transaction() -> None:
    producer = RecordingProducer()
    held = transactions(producer)
    await held.start()

    await held.send(chunk(5, b"x", b"y"))

    assert producer.steps == ["start", "begin", ("a", 3, [b"x", b"y"]), offset_step(7), "commit"]
    await held.stop()
    assert producer.steps[-1] == "stop"


async def test_chunks_that_come_during_a_transaction_share_the_next_one() -> None:
    producer = RecordingProducer()
    producer.may_commit.clear()
    held = transactions(producer)
    await held.start()
    first = held.send(chunk(0, b"x"))
    await turns_of_the_loop()

    later = [held.send(chunk(1, b"y")), held.send(chunk(2, b"z"))]
    await turns_of_the_loop()
    done_meanwhile = [sent.done() for sent in (first, *later)]
    producer.may_commit.set()
    await asyncio.gather(first, *later)

    assert done_meanwhile == [False, False, False]
    second = ["begin", ("a", 3, [b"y"]), ("a", 3, [b"z"]), offset_step(3), "commit"]
    assert producer.steps == ["start", "begin", ("a", 3, [b"x"]), offset_step(1), "commit", *second]
    await held.stop()


async def test_topics_are_awaited_while_their_transaction_is_not_committed() -> None:
    producer = RecordingProducer()
    producer.may_commit.clear()
    held = transactions(producer)
    await held.start()
    sent = held.send(chunk(0, b"x", topic="b"))
    await turns_of_the_loop()

    awaited = held.awaited_topics()
    producer.may_commit.set()
    await sent

    assert awaited == {"b"}
    assert held.awaited_topics() == set()
    await held.stop()


@pytest.mark.parametrize("step", ["begin", "send", "offsets", "commit"])
async def test_refused_step_is_told_to_all_who_sent_and_commits_nothing(step: str) -> None:
    refusal = KafkaError("no")
    producer = RecordingProducer(refusals={step: refusal})
    held = transactions(producer)
    await held.start()

    outcomes = await asyncio.gather(held.send(chunk(0, b"x")), held.send(chunk(1, b"y")), return_exceptions=True)
    later = held.send(chunk(2, b"z"))

    assert outcomes == [refusal, refusal]
    assert later.exception() is refusal
    assert "commit" not in producer.steps
    assert held.awaited_topics() == set()
    await held.stop()


async def test_chunk_of_a_partition_that_another_worker_took_over_has_moved(caplog: pytest.LogCaptureFixture) -> None:
    held = transactions(RecordingProducer(refusals={"commit": ProducerFenced()}))
    await held.start()
    sent = held.send(chunk(0, b"x"))
    await turns_of_the_loop()
    done_before = sent.done()

    held.hurry()

    with caplog.at_level(logging.WARNING), pytest.raises(PartitionMovedError, match="was taken over by another worker"):
        await sent
    assert not done_before
    (record,) = caplog.records
    assert (record.message, record.__dict__["topic"], record.__dict__["partition"]) == (
        "partition_fenced",
        "tweets.raw",
        3,
    )
    await held.stop()


async def test_fenced_producer_whose_partition_stays_is_an_error() -> None:
    fenced = ProducerFenced()
    held = transactions(RecordingProducer(refusals={"commit": fenced}), fenced_seconds=0.01)
    await held.start()

    (outcome,) = await asyncio.gather(held.send(chunk(0, b"x")), return_exceptions=True)

    assert outcome is fenced
    await held.stop()


async def test_chunk_that_goes_back_behind_what_was_sent_is_refused() -> None:
    held = transactions(RecordingProducer())
    await held.start()
    await held.send(chunk(5, b"x", b"y"))

    with pytest.raises(ValueError, match=r"went back to 6 from 7"):
        held.send(chunk(6, b"y"))

    await held.send(chunk(7, b"z"))
    await held.stop()


async def test_what_is_not_committed_when_the_partition_is_given_up_has_moved() -> None:
    producer = RecordingProducer()
    producer.may_commit.clear()
    held = transactions(producer)
    await held.start()
    sending = held.send(chunk(0, b"x"))
    await turns_of_the_loop()
    waiting = held.send(chunk(1, b"y"))

    await held.stop()

    for sent in (sending, waiting):
        with pytest.raises(PartitionMovedError, match="was given up"):
            sent.result()
    assert producer.steps[-2:] == [offset_step(1), "stop"]


async def test_partition_can_be_given_up_before_it_was_begun() -> None:
    producer = RecordingProducer()
    held = transactions(producer)

    await held.stop()

    assert producer.steps == []


async def test_producer_that_can_not_be_stopped_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.transport.partition_transactions.STOP_SECONDS", 0.01)
    away = RecordingProducer()
    monkeypatch.setattr(away, "stop", asyncio.Event().wait)
    refusing = RecordingProducer(refusals={"stop": KafkaError("no")})

    for producer in (away, refusing):
        held = transactions(producer)
        await held.start()
        await held.stop()

    assert away.steps == refusing.steps == ["start"]


async def test_producer_is_replaced_after_so_many_records() -> None:
    old, new = RecordingProducer(), RecordingProducer()
    held = transactions(old, new, renew_records=3)
    await held.start()

    await held.send(chunk(0, b"x", b"y"))
    await held.send(chunk(2, b"z"))
    await held.send(chunk(3, b"w"))
    await held.send(chunk(4, b"v"))

    assert old.steps.count("commit") == 2
    assert old.steps[-1] == "stop"
    assert new.steps[:2] == ["start", "begin"]
    assert new.steps.count("commit") == 2
    await held.stop()


class Opened:
    """Makes producers and keeps them."""

    def __init__(self) -> None:
        self.producers: list[RecordingProducer] = []

    def __call__(self, transactional_id: str) -> Any:
        self.producers.append(RecordingProducer(transactional_id))
        return self.producers[-1]

    def of_worker(self, *, max_batch_bytes: int = 10**6) -> Transactions:
        return Transactions(
            self, topic="tweets.raw", group="group", max_batch_bytes=max_batch_bytes, fenced_seconds=60.0
        )

    def steps(self) -> dict[str, list[Any]]:
        return {producer.transactional_id: producer.steps for producer in self.producers}


async def sent(transactions: Transactions, its_chunk: ChunkOutputs) -> None:
    (delivery,) = await transactions.send_chunk(its_chunk)
    await delivery


async def test_each_partition_of_the_input_topic_has_a_producer_of_its_own() -> None:
    opened = Opened()
    worker = opened.of_worker()

    await worker.take_over([RAW, OTHER, FEEDBACK], 1)
    await sent(worker, chunk(0, b"x"))
    await sent(worker, chunk(5, b"y", tp=OTHER))

    assert opened.steps() == {
        "group.tweets.raw.3": ["start", "begin", ("a", 3, [b"x"]), offset_step(1), "commit"],
        "group.tweets.raw.4": [
            "start",
            "begin",
            ("a", 4, [b"y"]),
            ({TopicPartition("tweets.raw", 4): 6}, "group"),
            "commit",
        ],
    }
    assert [worker.commits(tp) for tp in (RAW, OTHER, FEEDBACK)] == [True, True, False]
    await worker.close()


async def test_outputs_that_are_too_large_for_one_batch_are_several_of_one_transaction() -> None:
    opened = Opened()
    worker = opened.of_worker(max_batch_bytes=BATCH_OVERHEAD_BYTES + 60)
    await worker.take_over([RAW], 1)

    await sent(worker, chunk(0, b"x" * 40, b"y" * 40))

    batches = [("a", 3, [b"x" * 40]), ("a", 3, [b"y" * 40])]
    assert opened.steps() == {"group.tweets.raw.3": ["start", "begin", *batches, offset_step(2), "commit"]}
    await worker.close()


@pytest.mark.parametrize(
    "late", [chunk(0, b"x", tp=OTHER), chunk(0, b"x", generation=0)], ids=["not held", "earlier rebalance"]
)
async def test_chunk_of_a_partition_that_is_not_held_any_more_has_moved(late: ChunkOutputs) -> None:
    opened = Opened()
    worker = opened.of_worker()
    await worker.take_over([RAW], 1)

    with pytest.raises(PartitionMovedError, match=r"partition=[34]\) was given out anew"):
        await sent(worker, late)

    assert opened.steps() == {"group.tweets.raw.3": ["start"]}
    await worker.close()


async def test_partition_that_is_given_again_begins_with_a_new_producer() -> None:
    opened = Opened()
    worker = opened.of_worker()
    await worker.take_over([RAW], 1)

    await worker.take_over([RAW], 2)
    await sent(worker, chunk(0, b"x", generation=2))

    old, new = opened.producers
    assert old.steps == ["start", "stop"]
    assert new.steps == ["start", "begin", ("a", 3, [b"x"]), offset_step(1), "commit"]
    await worker.close()


async def test_partitions_are_let_go_one_by_one_or_all_at_the_end() -> None:
    opened = Opened()
    worker = opened.of_worker()
    await worker.take_over([RAW, OTHER], 1)

    await worker.give_up([RAW, FEEDBACK])
    after_one = opened.steps()["group.tweets.raw.3"][-1], opened.steps()["group.tweets.raw.4"][-1]
    await worker.close()

    assert after_one == ("stop", "start")
    assert opened.steps()["group.tweets.raw.4"][-1] == "stop"


async def test_topics_of_all_partitions_are_awaited_until_they_are_committed() -> None:
    opened = Opened()
    worker = opened.of_worker()
    await worker.take_over([RAW, OTHER], 1)
    for producer in opened.producers:
        producer.may_commit.clear()

    pending = await worker.send_chunk(chunk(0, b"x", topic="a"))
    pending += await worker.send_chunk(chunk(0, b"y", topic="b", tp=OTHER))
    await turns_of_the_loop()
    awaited = worker.awaited_topics()
    for producer in opened.producers:
        producer.may_commit.set()
    await asyncio.gather(*pending)

    assert awaited == {"a", "b"}
    assert worker.awaited_topics() == set()
    await worker.close()


async def test_rebalance_that_begins_ends_the_wait_of_every_fenced_partition() -> None:
    opened = Opened()
    worker = opened.of_worker()
    await worker.take_over([RAW, OTHER], 1)
    for producer in opened.producers:
        producer.refusals["commit"] = ProducerFenced()
    pending = await worker.send_chunk(chunk(0, b"x"))
    pending += await worker.send_chunk(chunk(0, b"y", tp=OTHER))
    await turns_of_the_loop()

    worker.hurry()

    outcomes = await asyncio.gather(*pending, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [PartitionMovedError, PartitionMovedError]
    await worker.close()
