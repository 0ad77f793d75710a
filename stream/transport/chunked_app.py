"""The Faust app whose topics may come in chunks, see `stream.batching`."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import faust
from faust.tables.manager import TableManager as FaustTableManager
from faust.types import TP

from models.errors import BrokerError
from stream.fetched import Unpack
from stream.kafka.connection import KafkaConnection
from stream.transport.delivery import Outbox

logger = logging.getLogger(__name__)
# Faust's services log their steps to their class's logger; these classes are Faust's parts, and as quiet as they.
FAUST_LOGGER = logging.getLogger("faust.transport.tickertape")
LAST_OUTPUTS_WAIT_SECONDS = 2.0  # they had the time of the wait for chunks in flight before


@dataclass(frozen=True)
class ChunkOptions:
    """Which topics come in chunks, and how they are fetched.

    Attributes:
        topics: names of the topics whose events are chunks.
        patient_topics: those of them whose records may wait a quarter of a second for more to come.
        unpack: of some of them, what unpacks fetched batches, see `stream.transport.stored_batches`.
        size: most records in a chunk.
        fetch_max_wait_ms: longest time the broker holds an empty fetch, in milliseconds.
        isolation_level: `read_committed` leaves out records of aborted transactions.
    """

    topics: frozenset[str] = frozenset()
    patient_topics: frozenset[str] = frozenset()
    unpack: Mapping[str, Unpack] = field(default_factory=dict)
    size: int = 500
    fetch_max_wait_ms: int = 20
    isolation_level: str = "read_committed"


class Transactions(Outbox, Protocol):
    """The part of `stream.transport.transactions.Transactions` that the app's parts use."""

    def commits(self, tp: TP) -> bool:
        """Tell whether a partition's offsets are committed there."""

    async def take_over(self, assigned: Iterable[TP], generation: int) -> None:
        """Begin with the partitions that a rebalance gave to the worker."""

    async def give_up(self, revoked: Iterable[TP]) -> None:
        """Let go of partitions."""

    async def close(self) -> None:
        """Let go of all."""

    def awaited_topics(self) -> set[str]:
        """Give the topics of what Kafka has not committed yet."""


class TableManager(FaustTableManager):  # type: ignore[misc]  # faust has no usable types
    """Faust's manager of tables, which starts at once."""

    logger = FAUST_LOGGER

    async def on_start(self) -> None:
        """Start; Faust would first wait a second for tables that are still to be declared, and `create_app` leaves none."""
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()


class ChunkedApp(faust.App):  # type: ignore[misc]  # faust has no usable types
    """A Faust app that knows which of its topics come in chunks, and that ends when an agent fails.

    Attributes:
        when_chunks_must_end: called when a stop or a rebalance begins to wait for the chunks in flight.
        transactions: where the offsets of chunks are committed; None where Faust commits them.
        held: the partitions of the input that it holds, see `stream.worker.progress`; None before the first assignment.
        answered: chunks of the input whose answers are ready, since the start.
    """

    logger = FAUST_LOGGER

    def __init__(self, *args: Any, chunks: ChunkOptions, kafka: KafkaConnection, **kwargs: Any) -> None:  # noqa: ANN401  # passed on to faust
        super().__init__(*args, TableManager=TableManager, **kwargs)
        self.chunks = chunks
        self.kafka = kafka
        self.when_chunks_must_end: list[Callable[[], None]] = []
        self.transactions: Transactions | None = None
        self.held: tuple[Any, ...] | None = None
        self.answered = 0

    async def end_with(self, error: BrokerError) -> None:
        """Stop the worker, as Kafka does not let it in any more."""
        logger.error("worker_stops", extra={"error": str(error)})
        await self.crash(error)

    async def _producer_flush(self, logger_of_faust: Any) -> None:  # noqa: ANN401  # faust has no usable types
        flushing = asyncio.ensure_future(super()._producer_flush(logger_of_faust))
        if self.should_stop:  # outputs may wait for a broker for minutes, and their inputs are not committed
            await asyncio.wait({flushing}, timeout=LAST_OUTPUTS_WAIT_SECONDS)
            if not flushing.done():
                logger.warning("outputs_left_undelivered", extra={"waited_seconds": LAST_OUTPUTS_WAIT_SECONDS})
                self._producer.give_up()
        await flushing

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:  # noqa: ANN401  # faust has no usable types
        # Faust would restart the agent behind the chunk that failed, which would then never be answered.
        logger.error("worker_stops", extra={"agent": agent.name, "error": f"{type(exc).__name__}: {exc}"})
        await self.crash(exc)
