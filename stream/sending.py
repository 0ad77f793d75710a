"""Faust's aiokafka producer, with one request for the records of a chunk."""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from faust.transport.drivers import aiokafka as driver

Header = tuple[str, bytes]


class Sendable(Protocol):
    """What is read of a record to send."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its value."""

    @property
    def headers(self) -> list[Header]:
        """Its headers."""


class Producer(driver.Producer):  # type: ignore[misc]  # faust has no usable types
    """A producer that sends many records of a partition at once."""

    logger = logging.getLogger("faust.transport.tickertape")

    async def send_batches(
        self, topic: str, records: Sequence[Sendable], *, partition: int | None
    ) -> list[Awaitable[Any]]:
        """Queue records in as few batches as their bytes allow, each in its order.

        Waits while an earlier batch of the same partition has not left yet, so a slow cluster slows its sender.

        Args:
            topic: where to.
            records: at least one.
            partition: the partition to send to, or None to let each key choose.

        Returns:
            One awaitable for each batch; it is done when all replicas in sync have the batch, and raises if not.
        """
        by_partition = {partition: records} if partition is not None else await self._by_key(topic, records)
        return [
            await self._ensure_producer().send_batch(batch, topic, partition=number)
            for number, its_records in by_partition.items()
            for batch in self._batches(its_records)
        ]

    def _batches(self, records: Sequence[Sendable]) -> list[Any]:
        producer = self._ensure_producer()
        batches = [producer.create_batch()]
        for record in records:
            fields = {"timestamp": None, "key": record.key, "value": record.value, "headers": record.headers}
            if batches[-1].append(**fields) is None:  # full: a batch takes any first record, however large
                batches.append(producer.create_batch())
                batches[-1].append(**fields)
        batches[-1].close()
        return batches

    async def _by_key(self, topic: str, records: Sequence[Sendable]) -> dict[int, list[Sendable]]:
        await self._ensure_producer().partitions_for(topic)  # asks for the metadata that `key_partition` reads
        by_partition: defaultdict[int, list[Sendable]] = defaultdict(list)
        for record in records:
            by_partition[self.key_partition(topic, record.key).partition].append(record)
        return by_partition
