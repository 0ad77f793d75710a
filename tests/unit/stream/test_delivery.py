import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import pytest

from models.errors import DeliveryError
from stream.classify import Message
from stream.delivery import deliver

MESSAGES = [Message("a", b"1", b"one", (("h", b"x"),)), Message("b", b"1", b"two", ())]
PARTITIONS = {"a": 2, "b": None}


@dataclass
class RecordingProducer:
    """Keeps what was sent; each send is acknowledged with `outcome` when `release` is set."""

    outcome: Exception | None = None
    release: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[tuple[Any, ...]] = field(default_factory=list)

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,
    ) -> Awaitable[Any]:
        self.sent.append((topic, key, value, partition, timestamp, headers))
        return self._acknowledge()

    async def _acknowledge(self) -> None:
        await self.release.wait()
        if self.outcome is not None:
            raise self.outcome


async def test_messages_are_sent_in_order_to_their_partitions() -> None:
    producer = RecordingProducer()
    producer.release.set()

    await deliver(MESSAGES, producer=producer, partitions=PARTITIONS)

    assert producer.sent == [("a", b"1", b"one", 2, None, [("h", b"x")]), ("b", b"1", b"two", None, None, [])]


async def test_delivery_ends_only_when_every_message_is_acknowledged() -> None:
    producer = RecordingProducer()
    delivery = asyncio.create_task(deliver(MESSAGES, producer=producer, partitions=PARTITIONS))

    await asyncio.sleep(0.01)
    assert not delivery.done()

    producer.release.set()
    await delivery


async def test_refused_message_is_a_delivery_error() -> None:
    producer = RecordingProducer(outcome=OSError("broker gone"))
    producer.release.set()

    with pytest.raises(DeliveryError, match=r"2 outputs could not be delivered \(OSError: broker gone\)"):
        await deliver(MESSAGES, producer=producer, partitions=PARTITIONS)
