"""Faust's aiokafka producer, with one request for the records of a chunk."""

import time
from collections import defaultdict
from collections.abc import Awaitable
from typing import Any

from faust.transport.drivers import aiokafka as driver

from stream.chunked_app import FAUST_LOGGER
from stream.framing import Outputs, record_batches

DELIVERY_SECONDS = 1200.0  # outputs that no broker takes for so long end the worker; its inputs stay uncommitted


class Producer(driver.Producer):  # type: ignore[misc]  # faust has no usable types
    """A producer that sends many records of a partition at once."""

    logger = FAUST_LOGGER

    def _new_producer(self, transactional_id: str | None = None) -> Any:  # noqa: ANN401  # aiokafka has no types
        producer = super()._new_producer(transactional_id)
        # aiokafka gives a batch up after the time that it waits for the answer to a single request.
        producer._message_accumulator._batch_ttl = DELIVERY_SECONDS  # noqa: SLF001  # aiokafka has no setting for it
        return producer

    async def send_batches(self, outputs: Outputs, *, partition: int | None) -> list[Awaitable[Any]]:
        """Queue records in as few batches as their bytes allow, each in its order.

        Waits while an earlier batch of the same partition has not left yet, so a slow cluster slows its sender.

        Args:
            outputs: at least one record.
            partition: the partition to send to, or None to let each key choose.

        Returns:
            One awaitable for each batch; it is done when all replicas in sync have the batch, and raises if not.
        """
        producer = self._ensure_producer()
        by_partition = {partition: outputs} if partition is not None else await self._by_key(outputs)
        now_ms, max_bytes = int(time.time() * 1000), self.app.conf.producer_max_batch_size
        return [
            await producer.send_batch(batch, outputs.topic, partition=number)
            for number, its_outputs in by_partition.items()
            for batch in record_batches(its_outputs, timestamp_ms=now_ms, max_bytes=max_bytes)
        ]

    async def _by_key(self, outputs: Outputs) -> dict[int, Outputs]:
        await self._ensure_producer().partitions_for(outputs.topic)  # asks for what `key_partition` reads
        places: defaultdict[int, list[int]] = defaultdict(list)
        for place, key in enumerate(outputs.keys):
            places[self.key_partition(outputs.topic, key).partition].append(place)
        return {partition: outputs.take(its_places) for partition, its_places in places.items()}
