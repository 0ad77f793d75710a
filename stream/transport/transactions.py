"""The outputs of chunks and the offset behind them in one Kafka transaction: `DELIVERY=exactly_once`.

Each input partition has a producer of its own, whose transactional id names consumer group, topic and partition. Who is
given the partition starts a producer with the same id: Kafka then ends what its last holder left open, and takes nothing
more from it. Only after that is the committed offset read. Source: Apache Kafka, KIP-98 and KIP-129; Faust's own way has
open bugs (faust-streaming#323, #517).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiokafka import AIOKafkaProducer
from faust.types import TP

from stream.transport.delivery import ChunkOutputs, PartitionMovedError
from stream.transport.partition_transactions import PartitionTransactions


async def _moved(tp: TP) -> None:
    raise PartitionMovedError(f"{tp} was given out anew")


def transactional_id(group: str, tp: TP) -> str:
    """Name the producer of an input partition.

    >>> transactional_id("tickertape", TP("tweets.raw", 3))
    'tickertape.tweets.raw.3'
    """
    return f"{group}.{tp.topic}.{tp.partition}"


class Transactions:
    """Sends each chunk in a transaction of its input partition; implements `stream.transport.delivery.Outbox`.

    Args:
        open_producer: makes a producer with a transactional id.
        topic: the input topic.
        group: the consumer group.
        max_batch_bytes: largest batch of records.
        fenced_seconds: see `PartitionTransactions`.
    """

    def __init__(
        self,
        open_producer: Callable[[str], AIOKafkaProducer],
        *,
        topic: str,
        group: str,
        max_batch_bytes: int,
        fenced_seconds: float,
    ) -> None:
        self._open_producer = open_producer
        self._topic, self._group = topic, group
        self._max_batch_bytes, self._fenced_seconds = max_batch_bytes, fenced_seconds
        self._held: dict[TP, PartitionTransactions] = {}

    def commits(self, tp: TP) -> bool:
        """Tell whether a partition's offsets are committed here."""
        return bool(tp.topic == self._topic)

    async def send_chunk(self, chunk: ChunkOutputs) -> list[Awaitable[Any]]:
        """Queue a chunk; the awaitable is done when its transaction is committed, and raises `PartitionMovedError`."""
        held = self._held.get(chunk.tp)
        if held is None or held.generation != chunk.generation:
            return [_moved(chunk.tp)]
        return [held.send(chunk)]

    async def take_over(self, assigned: Iterable[TP], generation: int) -> None:
        """Begin with the partitions that a rebalance gave to the worker, before their committed offsets are read.

        Raises:
            KafkaError: Kafka refuses.
        """
        mine = [tp for tp in assigned if self.commits(tp)]
        await self.give_up(mine)  # whatever an earlier rebalance left
        self._held = {tp: self._transactions(tp, generation) for tp in mine}
        await asyncio.gather(*(held.start() for held in self._held.values()))

    def _transactions(self, tp: TP, generation: int) -> PartitionTransactions:
        return PartitionTransactions(
            lambda: self._open_producer(transactional_id(self._group, tp)),
            tp=tp,
            group=self._group,
            generation=generation,
            max_batch_bytes=self._max_batch_bytes,
            fenced_seconds=self._fenced_seconds,
        )

    def awaited_topics(self) -> set[str]:
        """Give the topics of what Kafka has not committed yet."""
        return {topic for held in self._held.values() for topic in held.awaited_topics()}

    def hurry(self) -> None:
        """Tell that a rebalance or the worker's end has begun."""
        for held in self._held.values():
            held.hurry()

    async def give_up(self, revoked: Iterable[TP]) -> None:
        """Let go of partitions."""
        gone = [self._held.pop(tp) for tp in list(revoked) if tp in self._held]
        await asyncio.gather(*(held.stop() for held in gone))

    async def close(self) -> None:
        """Let go of all."""
        await self.give_up(list(self._held))
