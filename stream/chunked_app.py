"""The Faust app whose topics may come in chunks, see `stream.batching`."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import faust
from faust.tables.manager import TableManager as FaustTableManager

logger = logging.getLogger(__name__)
# Faust's services log their steps to their class's logger; these classes are Faust's parts, and as quiet as they.
FAUST_LOGGER = logging.getLogger("faust.transport.tickertape")


@dataclass(frozen=True)
class ChunkOptions:
    """Which topics come in chunks, and how they are fetched.

    Attributes:
        topics: names of the topics whose events are chunks.
        patient_topics: those of them whose records may wait a quarter of a second for more to come.
        size: most records in a chunk.
        fetch_max_wait_ms: longest time the broker holds an empty fetch, in milliseconds.
        isolation_level: `read_committed` leaves out records of aborted transactions.
    """

    topics: frozenset[str] = frozenset()
    patient_topics: frozenset[str] = frozenset()
    size: int = 500
    fetch_max_wait_ms: int = 20
    isolation_level: str = "read_committed"


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
        held: the partitions of the input that it holds, see `stream.progress`; None before the first assignment.
        answered: chunks of the input whose answers are ready, since the start.
    """

    logger = FAUST_LOGGER

    def __init__(self, *args: Any, chunks: ChunkOptions, **kwargs: Any) -> None:  # noqa: ANN401  # passed on to faust
        super().__init__(*args, TableManager=TableManager, **kwargs)
        self.chunks = chunks
        self.when_chunks_must_end: list[Callable[[], None]] = []
        self.held: tuple[Any, ...] | None = None
        self.answered = 0

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:  # noqa: ANN401  # faust has no usable types
        # Faust would restart the agent behind the chunk that failed, which would then never be answered.
        logger.error("worker_stops", extra={"agent": agent.name, "error": f"{type(exc).__name__}: {exc}"})
        await self.crash(exc)
