"""What becomes of a chunk's outputs on their way to aiokafka's producer; a stand-in keeps the batches it is given."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.memory_records import MemoryRecords
from faust.types import TP

from stream.framing import BATCH_OVERHEAD_BYTES, FramedOutputs, Outputs, RecordBatch
from stream.transport.delivery import ChunkOutputs
from stream.transport.sending import Producer, _patient, send_batches

GZIP = 1
NO_HEADERS = b"\0"
ROOMY = 10**6


@dataclass
class RecordingProducer:
    """Keeps which batches it is given for which partition; a key's first byte chooses one of two partitions."""

    codec_number: int = 0
    refusal: Exception | None = None
    sent: list[tuple[str, int, RecordBatch]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    @property
    def _message_accumulator(self) -> SimpleNamespace:
        return SimpleNamespace(_compression_type=self.codec_number)

    async def partitions_for(self, topic: str) -> set[int]:
        self.known.add(topic)
        return {0, 1}

    def _partition(
        self, topic: str, partition: None, key: None, value: None, key_bytes: bytes, value_bytes: None
    ) -> int:
        assert topic in self.known
        assert (partition, key, value, value_bytes) == (None, None, None, None)
        return key_bytes[0] % 2

    async def send_batch(self, batch: RecordBatch, topic: str, *, partition: int) -> Awaitable[int]:
        if self.refusal is not None:
            raise self.refusal
        self.sent.append((topic, partition, batch))
        delivery = asyncio.get_running_loop().create_future()
        delivery.set_result(len(self.sent))
        return delivery

    def values(self) -> list[tuple[str, int, list[bytes]]]:
        return [(topic, partition, values_of(batch)) for topic, partition, batch in self.sent]


def values_of(batch: RecordBatch) -> list[bytes]:
    return [record.value for record in MemoryRecords(batch.content).next_batch()]


def outputs(topic: str, *records: tuple[bytes, bytes]) -> Outputs:
    made = Outputs(topic)
    for key, value in records:
        made.add(key, value, NO_HEADERS)
    return made


async def test_records_for_one_partition_are_one_batch_in_their_order() -> None:
    producer = RecordingProducer()

    deliveries = await send_batches(producer, outputs("a", (b"\1", b"x"), (b"\2", b"y")), partition=5, max_bytes=ROOMY)

    assert producer.values() == [("a", 5, [b"x", b"y"])]
    assert [await delivery for delivery in deliveries] == [1]
    assert producer.known == set()


async def test_records_that_do_not_fit_into_one_batch_are_several_with_a_delivery_each() -> None:
    producer = RecordingProducer()

    deliveries = await send_batches(
        producer,
        outputs("a", (b"1", b"x" * 40), (b"2", b"y" * 40), (b"3", b"z")),
        partition=0,
        max_bytes=BATCH_OVERHEAD_BYTES + 60,
    )

    assert producer.values() == [("a", 0, [b"x" * 40]), ("a", 0, [b"y" * 40, b"z"])]
    assert [await delivery for delivery in deliveries] == [1, 2]


async def test_keys_choose_the_partition_where_none_is_given_and_keep_their_order() -> None:
    producer = RecordingProducer()

    deliveries = await send_batches(
        producer, outputs("a", (b"\1", b"x"), (b"\2", b"y"), (b"\3", b"z")), partition=None, max_bytes=ROOMY
    )

    assert producer.values() == [("a", 1, [b"x", b"z"]), ("a", 0, [b"y"])]
    assert len(deliveries) == 2


async def test_records_that_are_framed_for_one_partition_need_one() -> None:
    framed = FramedOutputs("a", [])

    with pytest.raises(TypeError, match="records for a are framed already, for one partition"):
        await send_batches(RecordingProducer(), framed, partition=None, max_bytes=ROOMY)


async def test_batches_are_compressed_as_those_that_the_producer_makes() -> None:
    producer = RecordingProducer(codec_number=GZIP)

    await send_batches(producer, outputs("a", (b"1", b"x" * 500)), partition=0, max_bytes=ROOMY)

    ((_, _, batch),) = producer.sent
    assert len(batch.content) < 200
    assert values_of(batch) == [b"x" * 500]


async def test_batches_carry_the_time_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.transport.sending.time.time", lambda: 1_767_225_600.25)
    producer = RecordingProducer()

    await send_batches(producer, outputs("a", (b"1", b"x")), partition=0, max_bytes=ROOMY)

    ((_, _, batch),) = producer.sent
    assert [record.timestamp for record in MemoryRecords(batch.content).next_batch()] == [1_767_225_600_250]


class FaustProducer(Producer):
    """A producer of ours without Faust around it."""

    def __init__(self, sending: RecordingProducer, *, max_batch_bytes: int = ROOMY) -> None:
        self.app: Any = SimpleNamespace(conf=SimpleNamespace(producer_max_batch_size=max_batch_bytes))
        self.queueing = Counter()
        self.seen_queueing: list[dict[str, int]] = []
        self._sending = sending

    def _ensure_producer(self) -> Any:
        self.seen_queueing.append(dict(self.queueing))
        return self._sending


async def test_chunk_goes_topic_by_topic_to_the_partitions_that_it_names() -> None:
    sending = RecordingProducer()
    chunk = ChunkOutputs(
        TP("raw", 1),
        first_offset=5,
        next_offset=7,
        generation=1,
        outputs=[outputs("a", (b"\2", b"x")), outputs("b", (b"\2", b"y"))],
        partitions={"a": 1, "b": None},
    )

    pending = await FaustProducer(sending).send_chunk(chunk)

    assert sending.values() == [("a", 1, [b"x"]), ("b", 0, [b"y"])]
    assert [await delivery for delivery in pending] == [1, 2]


async def test_batches_of_a_chunk_are_as_large_as_faust_allows() -> None:
    sending = RecordingProducer()

    await FaustProducer(sending, max_batch_bytes=BATCH_OVERHEAD_BYTES + 60).send_batches(
        outputs("a", (b"1", b"x" * 40), (b"2", b"y" * 40)), partition=0
    )

    assert [values for _, _, values in sending.values()] == [[b"x" * 40], [b"y" * 40]]


@pytest.mark.parametrize("refusal", [None, OSError("closed")], ids=["taken", "refused"])
async def test_topic_counts_as_queueing_until_its_records_are_taken_or_refused(refusal: Exception | None) -> None:
    producer = FaustProducer(RecordingProducer(refusal=refusal))
    producer.queueing["a"] = 1  # another call that waits

    (outcome,) = await asyncio.gather(
        producer.send_batches(outputs("a", (b"1", b"x")), partition=0), return_exceptions=True
    )

    assert (outcome is refusal) == (refusal is not None)
    assert producer.seen_queueing == [{"a": 2}]
    assert producer.queueing == {"a": 1}


async def test_batches_wait_twenty_minutes_for_a_broker() -> None:
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", request_timeout_ms=5_000)

    patient = _patient(producer)

    assert patient is producer
    assert producer._request_timeout_ms == 1_200_000
    assert producer._message_accumulator._batch_ttl == 1_200
    await producer.stop()


class ReachingProducer(FaustProducer):
    """Knows how Kafka is reached."""

    def _settings_default(self) -> dict[str, Any]:
        return {"bootstrap_servers": "127.0.0.1:1", "client_id": "worker-1", "request_timeout_ms": 5_000}

    def _settings_auth(self) -> dict[str, Any]:
        return {"security_protocol": "PLAINTEXT", "client_id": "worker-2"}


async def test_producer_for_transactions_reaches_kafka_as_the_other_does_and_waits_as_long() -> None:
    producer = ReachingProducer(RecordingProducer()).transactional("group.tweets.raw.3")

    assert (producer.client._client_id, producer.client._bootstrap_servers) == ("worker-2", "127.0.0.1:1")
    assert producer._txn_manager.transactional_id == "group.tweets.raw.3"
    assert producer._txn_manager.transaction_timeout_ms == 180_000
    assert (producer._request_timeout_ms, producer._message_accumulator._batch_ttl) == (1_200_000, 1_200)
    assert "coordinator_lookup" in vars(producer.client)  # that of `stream.transport.coordinators`
    await producer.stop()
