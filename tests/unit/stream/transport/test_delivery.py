import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka.errors import InvalidTimestampError
from faust.types import TP

from models.errors import DeliveryError
from stream.framing import Outputs
from stream.transport.delivery import ChunkOutputs, Deliveries, PartitionMovedError, send

CHUNK = ChunkOutputs(
    TP("raw", 2), first_offset=5, next_offset=7, generation=1, outputs=[Outputs("a")], partitions={"a": 2}
)


@dataclass
class RecordingOutbox:
    """Keeps what was sent; takes nothing when `refusal` is set."""

    refusal: Exception | None = None
    sent: list[ChunkOutputs] = field(default_factory=list)

    async def send_chunk(self, chunk: ChunkOutputs) -> list[Awaitable[Any]]:
        if self.refusal is not None:
            raise self.refusal
        self.sent.append(chunk)
        return [delivered()]


@dataclass
class RecordingEvent:
    name: str
    acknowledged: list[str]

    def ack(self) -> None:
        self.acknowledged.append(self.name)

    def leave(self) -> None:
        self.acknowledged.append(f"{self.name} is left")


def delivered() -> Awaitable[Any]:
    future = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


async def turns_of_the_loop() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_chunk_is_handed_to_the_outbox() -> None:
    outbox = RecordingOutbox()

    pending = await send(CHUNK, outbox)

    assert outbox.sent == [CHUNK]
    assert len(pending) == 1


async def test_records_that_are_not_taken_are_a_delivery_error() -> None:
    with pytest.raises(DeliveryError, match=r"could not be delivered \(OSError: closed\)"):
        await send(CHUNK, RecordingOutbox(refusal=OSError("closed")))


async def test_clock_that_is_wrong_is_named() -> None:
    refusal = InvalidTimestampError()

    with pytest.raises(DeliveryError, match=r"set this machine's clock, or Kafka's \(InvalidTimestampError: "):
        await send(CHUNK, RecordingOutbox(refusal=refusal))


async def test_chunk_whose_partition_moved_is_left_and_the_next_goes_on() -> None:
    acknowledged: list[str] = []
    moved = asyncio.get_running_loop().create_future()

    async with Deliveries(limit=2) as deliveries:
        await deliveries.add(RecordingEvent("first", acknowledged), [delivered(), moved])
        await deliveries.add(RecordingEvent("second", acknowledged), [delivered()])
        moved.set_exception(PartitionMovedError("to another worker"))
        await turns_of_the_loop()

    assert acknowledged == ["first is left", "second"]


async def test_chunk_is_acknowledged_only_when_all_its_outputs_arrived() -> None:
    acknowledged: list[str] = []
    last = asyncio.get_running_loop().create_future()

    async with Deliveries(limit=2) as deliveries:
        await deliveries.add(RecordingEvent("first", acknowledged), [delivered(), last])
        await turns_of_the_loop()
        assert acknowledged == []

        last.set_result(None)
        await turns_of_the_loop()
        assert acknowledged == ["first"]


async def test_later_chunk_is_not_acknowledged_before_an_earlier_one() -> None:
    acknowledged: list[str] = []
    slow = asyncio.get_running_loop().create_future()

    async with Deliveries(limit=2) as deliveries:
        await deliveries.add(RecordingEvent("first", acknowledged), [slow])
        await deliveries.add(RecordingEvent("second", acknowledged), [delivered()])
        await turns_of_the_loop()
        assert acknowledged == []

        slow.set_result(None)
        await turns_of_the_loop()
        assert acknowledged == ["first", "second"]


async def test_no_more_chunks_than_the_limit_wait_behind_the_one_being_delivered() -> None:
    never = asyncio.get_running_loop().create_future()

    async with Deliveries(limit=1) as deliveries:
        await deliveries.add(RecordingEvent("first", []), [never])
        await turns_of_the_loop()
        await deliveries.add(RecordingEvent("second", []), [never])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(deliveries.add(RecordingEvent("third", []), [never]), timeout=0.01)


async def test_failed_delivery_ends_the_loop_and_acknowledges_nothing_behind_it() -> None:
    acknowledged: list[str] = []
    failing = asyncio.get_running_loop().create_future()

    async def loop() -> None:
        async with Deliveries(limit=2) as deliveries:
            await deliveries.add(RecordingEvent("first", acknowledged), [failing])
            await deliveries.add(RecordingEvent("second", acknowledged), [delivered()])
            failing.set_exception(OSError("broker gone"))
            await asyncio.Event().wait()

    with pytest.raises(DeliveryError, match=r"\(OSError: broker gone\)"):
        await asyncio.wait_for(loop(), timeout=5)
    assert acknowledged == []


async def test_loop_that_is_cancelled_leaves_the_chunks_on_their_way_unacknowledged() -> None:
    acknowledged: list[str] = []

    async def loop() -> None:
        async with Deliveries(limit=2) as deliveries:
            await deliveries.add(RecordingEvent("first", acknowledged), [asyncio.get_running_loop().create_future()])
            await asyncio.Event().wait()

    task = asyncio.create_task(loop())
    await turns_of_the_loop()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert acknowledged == []
