"""Send messages and know that they arrived."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from models.errors import DeliveryError
from stream.classify import Message


class Producer(Protocol):
    """The part of Faust's producer that is used."""

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,  # noqa: ANN401  # faust's signature
    ) -> Awaitable[Any]:
        """Queue one record; the answer can be awaited for its delivery."""


async def deliver(messages: Sequence[Message], *, producer: Producer, partitions: dict[str, int | None]) -> None:
    """Send the messages in order and wait until the cluster has acknowledged each.

    Args:
        messages: what to send.
        producer: a started producer with acks from all replicas.
        partitions: by topic, the partition to send to, or None to let the key choose.

    Raises:
        DeliveryError: at least one message was not acknowledged; which ones of the others were is not known.
    """
    try:
        pending = [
            await producer.send(
                message.topic, message.key, message.value, partitions[message.topic], None, list(message.headers)
            )
            for message in messages
        ]
        await asyncio.gather(*pending)
    except Exception as exc:  # whatever it is, the input must not be committed
        raise DeliveryError(
            f"{len(messages)} outputs could not be delivered ({type(exc).__name__}: {exc}); "
            "their tweets stay uncommitted and are classified again after a restart"
        ) from exc
