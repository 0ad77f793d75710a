"""The transactions of one input partition, one after the other.

While a transaction is on its way, the next chunks of the partition gather for the next one.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced
from faust.types import TP

from stream.transport.delivery import ChunkOutputs, PartitionMovedError
from stream.transport.sending import send_batches

logger = logging.getLogger(__name__)

STOP_SECONDS = 2.0
# aiokafka's sequence numbers break off at 2**31 records of a partition (Kafka's begin again at 0); a producer that is
# started anew begins at 0 too.
RENEW_RECORDS = 2**30


class _Waiting(NamedTuple):
    chunk: ChunkOutputs
    committed: "asyncio.Future[None]"


class PartitionTransactions:
    """The transactions of one input partition, as long as the worker holds it.

    Args:
        open_producer: makes a producer with the partition's transactional id.
        tp: the input partition.
        group: the consumer group.
        generation: the rebalance that gave it to the worker.
        max_batch_bytes: largest batch of records.
        fenced_seconds: how long to wait for a rebalance when another worker has taken over.
        renew_records: after so many records, a producer is replaced.
    """

    def __init__(
        self,
        open_producer: Callable[[], AIOKafkaProducer],
        *,
        tp: TP,
        group: str,
        generation: int,
        max_batch_bytes: int,
        fenced_seconds: float,
        renew_records: int = RENEW_RECORDS,
    ) -> None:
        self._open_producer = open_producer
        self._tp, self._group, self.generation = tp, group, generation
        self._max_batch_bytes, self._fenced_seconds, self._renew_records = (
            max_batch_bytes,
            fenced_seconds,
            renew_records,
        )
        self._waiting: list[_Waiting] = []
        self._sending: list[_Waiting] = []
        self._has_come, self._must_end = asyncio.Event(), asyncio.Event()
        self._sent_up_to = self._records = 0
        self._failure: Exception | None = None
        self._producer: AIOKafkaProducer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take the partition over; when this has ended, its committed offset holds.

        Raises:
            KafkaError: Kafka refuses.
        """
        await self._open()
        self._task = asyncio.create_task(self._run())

    def send(self, chunk: ChunkOutputs) -> "asyncio.Future[None]":
        """Queue a chunk; the future is done when its transaction is committed.

        Raises:
            ValueError: some of its records were sent before.
        """
        if chunk.first_offset < self._sent_up_to:
            raise ValueError(f"{self._tp} went back to {chunk.first_offset} from {self._sent_up_to}")
        self._sent_up_to = chunk.next_offset
        self._waiting.append(waiting := _Waiting(chunk, asyncio.get_running_loop().create_future()))
        if self._failure is None:
            self._has_come.set()
        else:
            self._fail(self._failure)
        return waiting.committed

    def awaited_topics(self) -> set[str]:
        """Give the topics of what Kafka has not committed yet."""
        return {outputs.topic for waiting in self._sending for outputs in waiting.chunk.outputs}

    def hurry(self) -> None:
        """Tell that a rebalance or the worker's end has begun: who was fenced need not wait for it any more."""
        self._must_end.set()

    async def stop(self) -> None:
        """Let go of the partition; what is not committed by now is left to its next holder."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._fail(PartitionMovedError(f"{self._tp} was given up"))
        await self._close()

    async def _run(self) -> None:
        while True:
            await self._has_come.wait()
            self._has_come.clear()
            self._sending, self._waiting = self._waiting, []
            try:
                await self._transact(await self._usable(), [waiting.chunk for waiting in self._sending])
            except Exception as exc:  # noqa: BLE001  # whoever sent the chunks is told
                self._failure = await self._told(exc)
                self._fail(self._failure)
                return
            for waiting in self._sending:
                waiting.committed.set_result(None)
            self._sending = []

    async def _transact(self, producer: AIOKafkaProducer, chunks: Sequence[ChunkOutputs]) -> None:
        await producer.begin_transaction()
        producer._txn_manager.wait_for_transaction_end().add_done_callback(_seen)  # noqa: SLF001  # or asyncio logs it
        sent = [
            delivery
            for chunk in chunks
            for outputs in chunk.outputs
            for delivery in await send_batches(
                producer, outputs, partition=chunk.partitions[outputs.topic], max_bytes=self._max_batch_bytes
            )
        ]
        offsets = producer.send_offsets_to_transaction({TopicPartition(*self._tp): chunks[-1].next_offset}, self._group)
        await asyncio.gather(offsets, *sent)  # aiokafka itself would commit although a batch was refused
        await producer.commit_transaction()
        self._records += sum(outputs.count for chunk in chunks for outputs in chunk.outputs)

    async def _told(self, error: Exception) -> Exception:
        """Give what to tell of an error; a fenced producer's partition should be about to move."""
        told: Exception = error
        if isinstance(error, ProducerFenced):
            logger.warning("partition_fenced", extra={"topic": self._tp.topic, "partition": self._tp.partition})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._must_end.wait(), self._fenced_seconds)
                told = PartitionMovedError(f"{self._tp} was taken over by another worker")
        return told

    async def _usable(self) -> AIOKafkaProducer:
        if self._records >= self._renew_records:
            await self._close()
        return self._producer or await self._open()

    async def _open(self) -> AIOKafkaProducer:
        self._producer, self._records = self._open_producer(), 0
        await self._producer.start()
        return self._producer

    async def _close(self) -> None:
        """Stop the producer; aiokafka would wait for as long as Kafka is away."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(producer.stop(), STOP_SECONDS)

    def _fail(self, error: Exception) -> None:
        for waiting in self._sending + self._waiting:
            waiting.committed.add_done_callback(_seen)
            waiting.committed.set_exception(error)
        self._sending, self._waiting = [], []


def _seen(ended: "asyncio.Future[Any]") -> None:
    """Look at how something ended, which nobody may wait for any more."""
    if not ended.cancelled():
        ended.exception()
