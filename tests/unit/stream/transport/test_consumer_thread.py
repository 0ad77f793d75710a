import asyncio
from types import SimpleNamespace
from typing import Any

from stream.transport.consumer_thread import ConsumerThread


class Client:
    """Implements what is used of aiokafka's client: notes that it was closed."""

    is_closed = False

    async def close(self) -> None:
        self.is_closed = True


class WaitingConsumer(SimpleNamespace):
    """Stops as aiokafka's consumer does while a fetch waits for its broker."""

    async def stop(self) -> None:
        fetch = asyncio.ensure_future(asyncio.Event().wait())
        await asyncio.sleep(0)
        fetch.cancel()
        await fetch


class Thread(ConsumerThread):
    """A thread of Faust's that was never started."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._method_queue = None


async def test_thread_ends_and_closes_its_client_while_a_fetch_waits_for_its_broker() -> None:
    client = Client()

    await Thread(WaitingConsumer(_client=client)).on_thread_stop()

    assert client.is_closed
