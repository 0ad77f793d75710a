"""Know that what was sent has arrived, and acknowledge the inputs in their order."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn, Protocol, Self

from faust.types import TP

from models.errors import DeliveryError
from stream.framing import AnyOutputs
from stream.kafka.errors import reason


@dataclass(frozen=True)
class ChunkOutputs:
    """What is sent for a chunk of an input partition, and what of that partition it answers.

    Attributes:
        tp: the input partition.
        first_offset: of the chunk's first record.
        next_offset: the offset after its last record.
        generation: the rebalance since which the worker held the partition when it took the chunk.
        outputs: what to send, topic by topic.
        partitions: by topic, the partition to send to, or None to let the key choose.
    """

    tp: TP
    first_offset: int
    next_offset: int
    generation: int
    outputs: Sequence[AnyOutputs]
    partitions: Mapping[str, int | None]


class PartitionMovedError(DeliveryError):
    """A chunk's partition was given out anew before its outputs were delivered: its holder classifies it again."""


class Outbox(Protocol):
    """Where the outputs of chunks are sent."""

    async def send_chunk(self, chunk: ChunkOutputs) -> list[Awaitable[Any]]:
        """Queue the records of a chunk in their order; gives awaitables of their delivery."""


class Producer(Protocol):
    """The part of `stream.transport.sending.Producer` that sends without a chunk."""

    async def send_batches(self, outputs: AnyOutputs, *, partition: int | None) -> list[Awaitable[Any]]:
        """Queue records; gives awaitables of their delivery."""


class Event(Protocol):
    """A chunk whose outputs are on their way."""

    def ack(self) -> object:
        """Mark its chunk as done, so that its offset may be committed."""

    def leave(self) -> object:
        """Let go of its chunk, which another worker classifies again."""


async def send(chunk: ChunkOutputs, outbox: Outbox) -> list[Awaitable[Any]]:
    """Send the records of a chunk.

    Returns:
        Awaitables of the deliveries, for `Deliveries.add`.

    Raises:
        DeliveryError: they are not taken.
    """
    try:
        return await outbox.send_chunk(chunk)
    except Exception as exc:  # noqa: BLE001  # whatever it is, the input must not be committed
        _fail(exc)


class Deliveries:
    """Chunks whose outputs are on their way; each is acknowledged once they arrived, and never before an earlier one.

    To be used as a context around the loop that sends: it settles in a task of its own, so that the next chunk is
    classified meanwhile, and a failed delivery ends the loop. A chunk whose partition has moved is not acknowledged,
    and ends nothing.

    Args:
        limit: most chunks on their way; `add` waits for room.
    """

    def __init__(self, *, limit: int) -> None:
        self._on_their_way: asyncio.Queue[tuple[Event, Sequence[Awaitable[Any]]]] = asyncio.Queue(limit)
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        """Begin to settle."""
        await self._tasks.__aenter__()
        self._settling = self._tasks.create_task(self._settle())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """End; chunks still on their way stay unacknowledged.

        Raises:
            DeliveryError: this is what ended the loop.
        """
        self._settling.cancel()
        try:
            await self._tasks.__aexit__(kind, error, at)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def add(self, event: Event, pending: Sequence[Awaitable[Any]]) -> None:
        """Hand over a chunk's event with the deliveries that it waits for."""
        await self._on_their_way.put((event, pending))

    async def _settle(self) -> None:
        while True:
            event, pending = await self._on_their_way.get()
            try:
                for delivery in pending:
                    await delivery
            except PartitionMovedError:
                event.leave()
            except Exception as exc:  # noqa: BLE001  # whatever it is, the input must not be committed
                _fail(exc)
            else:
                event.ack()


def _fail(exc: Exception) -> NoReturn:
    raise DeliveryError(
        f"outputs could not be delivered ({reason(exc)}); "
        "their tweets stay uncommitted and are classified again after a restart"
    ) from exc
