"""Notice that the cluster does not let a running worker in any more: aiokafka would ask many times a second for ever."""

import asyncio
from collections.abc import Callable
from typing import Any

from models.errors import BrokerError
from stream.kafka.authentication import refusal
from stream.kafka.connection import KafkaConnection

REFUSED_PAUSE_SECONDS = 1.0


def watch_authentication(client: Any, kafka: KafkaConnection, tell: Callable[[BrokerError], None]) -> None:  # noqa: ANN401  # aiokafka has no types
    """Ask why, where a client can't connect, and tell it once; the client then does not try any more.

    Args:
        client: aiokafka's.
        kafka: how it reaches the cluster.
        tell: ends what can't work without the cluster; called in the client's event loop.
    """
    connect = client._get_conn  # noqa: SLF001  # aiokafka has no seam for it
    refusals: list[str] = []

    async def connect_or_tell(node: Any, **options: Any) -> Any:  # noqa: ANN401  # aiokafka has no types
        if refusals:
            await asyncio.sleep(REFUSED_PAUSE_SECONDS)
            return None
        connection = await connect(node, **options)
        if connection is None and (why := await refusal(kafka)):
            refusals.append(why)
            if len(refusals) == 1:  # the client may have asked for several connections at once
                tell(BrokerError(why))
        return connection

    client._get_conn = connect_or_tell  # noqa: SLF001  # as above
