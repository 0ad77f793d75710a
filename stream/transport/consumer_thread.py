"""Faust's thread that owns the aiokafka consumer, with fetches of whole record batches."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from models.errors import BrokerError
from stream.transport.chunked_app import FAUST_LOGGER
from stream.transport.fetching import fetched_records, hold_back_idle
from stream.transport.reauthentication import watch_authentication

# How long records of a partition whose buffer is full may keep aiokafka from fetching for the others, instead of 0.1 s.
HELD_UP_SECONDS = 0.005
# While some partitions are busy, those that had nothing at the last look are asked for only so often: each such fetch
# may hold up the busy ones for as long as the broker waits.
IDLE_LOOK_SECONDS = 0.25


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # faust has no usable types
    """The thread that owns the aiokafka consumer, with settings that Faust has fixed."""

    logger = FAUST_LOGGER

    def _create_worker_consumer(self, transport: Any) -> Any:  # noqa: ANN401  # aiokafka has no types
        consumer = super()._create_worker_consumer(transport)
        chunks = self.consumer.app.chunks
        # Read when the consumer starts; Faust's own values are 1,500 ms and read_uncommitted.
        consumer._fetch_max_wait_ms = chunks.fetch_max_wait_ms  # noqa: SLF001  # aiokafka has no setter
        consumer._isolation_level = chunks.isolation_level  # noqa: SLF001  # aiokafka has no setter
        watch_authentication(consumer._client, self.consumer.app.kafka, self._end_worker)  # noqa: SLF001  # it has no seam for it
        return consumer

    async def on_thread_stop(self) -> None:
        """Stop the consumer, also while its broker is away.

        aiokafka cancels a fetch that waits for its broker, awaits it and lets the cancellation out. With that Faust's thread
        would be dead without having said so, and Faust would wait for it for a minute.
        """
        try:
            await super().on_thread_stop()
        except asyncio.CancelledError:
            await self._consumer._client.close()  # noqa: SLF001  # the step that was left; aiokafka has no seam for it

    def _end_worker(self, error: BrokerError) -> None:
        asyncio.run_coroutine_threadsafe(self.consumer.app.end_with(error), self.parent_loop)

    async def _fetch_records(
        self,
        consumer: Any,  # noqa: ANN401  # aiokafka has no types
        active_partitions: set[TP],
        timeout: float = 0.0,  # noqa: ASYNC109  # faust's
        max_records: int = 1,
    ) -> dict[TP, Sequence[Any]]:
        if not self.consumer.flow_active:
            return {}
        fetcher = consumer._fetcher  # noqa: SLF001  # aiokafka has no seam for it
        if consumer._closed or fetcher._closed:  # noqa: SLF001  # as above
            raise ConsumerStoppedError
        fetcher._prefetch_backoff = HELD_UP_SECONDS  # noqa: SLF001  # as above
        chunks = self.consumer.app.chunks
        hold_back_idle(fetcher, idle_seconds=IDLE_LOOK_SECONDS, patient=chunks.patient_topics)
        with fetcher._subscriptions.fetch_context():  # noqa: SLF001  # as above
            records = await fetched_records(
                fetcher,
                active_partitions,
                in_bulk={topic: chunks.unpack.get(topic) for topic in chunks.topics},
                timeout_seconds=timeout,
                max_records=max_records,
            )
        self.consumer.fetched = {tp: len(its_records) for tp, its_records in records.items()}
        return records
