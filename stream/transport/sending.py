"""Faust's aiokafka producer, with one request for the records of a chunk, and producers of its kind for transactions."""

import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError
from faust.transport.drivers import aiokafka as driver

from stream.framing import AnyOutputs, FramedOutputs, Outputs
from stream.transport.chunked_app import FAUST_LOGGER
from stream.transport.coordinators import keep_looking
from stream.transport.delivery import ChunkOutputs

# A transaction that stays open for longer, as its worker or the broker is away, is ended by the broker.
TRANSACTION_TIMEOUT_SECONDS = 180
DELIVERY_SECONDS = 1200.0  # outputs that no broker takes for so long end the worker; its inputs stay uncommitted


class Producer(driver.Producer):  # type: ignore[misc]  # faust has no usable types
    """A producer that sends many records of a partition at once; implements `stream.transport.delivery.Outbox`.

    Attributes:
        queueing: by topic, how many calls still wait to queue their records, as Kafka has not told where the topic is or
            has not taken what came before.
    """

    logger = FAUST_LOGGER

    def __post_init__(self) -> None:
        """Begin, as Faust's producers do."""
        super().__post_init__()
        self.queueing: Counter[str] = Counter()

    def _new_producer(self, transactional_id: str | None = None) -> AIOKafkaProducer:
        return _patient(super()._new_producer(transactional_id))

    async def send_chunk(self, chunk: ChunkOutputs) -> list[Awaitable[Any]]:
        """Queue the records of a chunk, see `send_batches`."""
        return [
            delivery
            for outputs in chunk.outputs
            for delivery in await self.send_batches(outputs, partition=chunk.partitions[outputs.topic])
        ]

    async def send_batches(self, outputs: AnyOutputs, *, partition: int | None) -> list[Awaitable[Any]]:
        """Queue records, see `send_batches`."""
        max_bytes = self.app.conf.producer_max_batch_size
        self.queueing[outputs.topic] += 1
        try:
            return await send_batches(self._ensure_producer(), outputs, partition=partition, max_bytes=max_bytes)
        finally:
            self.queueing[outputs.topic] -= 1

    def give_up(self) -> None:
        """Let go of what is on its way: whoever waits for its delivery gets an error."""
        if self._producer is not None:
            self._producer._message_accumulator.fail_all(KafkaTimeoutError())  # noqa: SLF001  # aiokafka has no seam for it

    def transactional(self, transactional_id: str) -> AIOKafkaProducer:
        """Make a producer for transactions that speaks to the same Kafka in the same way; it is still to be started."""
        settings = {**self._settings_default(), **self._settings_auth()}
        timeout_ms = TRANSACTION_TIMEOUT_SECONDS * 1000
        producer = AIOKafkaProducer(**settings, transactional_id=transactional_id, transaction_timeout_ms=timeout_ms)
        keep_looking(producer.client)
        return _patient(producer)


def _patient(producer: AIOKafkaProducer) -> AIOKafkaProducer:
    """Let batches wait for a broker; aiokafka gives them up after the time that it waits for a single answer."""
    producer._request_timeout_ms = DELIVERY_SECONDS * 1000  # noqa: SLF001  # aiokafka has no setting for it
    producer._message_accumulator._batch_ttl = DELIVERY_SECONDS  # noqa: SLF001  # as above
    return producer


async def send_batches(
    producer: AIOKafkaProducer, outputs: AnyOutputs, *, partition: int | None, max_bytes: int
) -> list[Awaitable[Any]]:
    """Queue records in as few batches as their bytes allow, each in its order.

    Waits while an earlier batch of the same partition has not left yet, so a slow cluster slows its sender.

    Args:
        producer: a started producer with acks from all replicas.
        outputs: at least one record.
        partition: the partition to send to, or None to let each key choose.
        max_bytes: largest batch.

    Returns:
        One awaitable for each batch; it is done when all replicas in sync have the batch, and raises if not.
    """
    by_partition: Mapping[int, AnyOutputs] = (
        {partition: outputs} if partition is not None else await _by_key(producer, outputs)
    )
    now_ms = int(time.time() * 1000)
    codec_number = producer._message_accumulator._compression_type  # noqa: SLF001  # what it does to batches of its own
    deliveries = []
    for number, its_outputs in by_partition.items():
        for batch in its_outputs.batches(timestamp_ms=now_ms, max_bytes=max_bytes):
            batch.compress(codec_number)
            deliveries.append(await producer.send_batch(batch, outputs.topic, partition=number))
    return deliveries


async def _by_key(producer: AIOKafkaProducer, outputs: AnyOutputs) -> dict[int, Outputs]:
    if isinstance(outputs, FramedOutputs):
        raise TypeError(f"records for {outputs.topic} are framed already, for one partition")
    await producer.partitions_for(outputs.topic)  # asks for what `_partition` reads
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place, key in enumerate(outputs.keys):
        places[producer._partition(outputs.topic, None, None, None, key, None)].append(place)  # noqa: SLF001  # as faust does
    return {partition: outputs.take(its_places) for partition, its_places in places.items()}
