import asyncio
import logging
from typing import Any

import pytest

from stream.transport.chunked_app import ChunkedApp


class UntakenProducer:
    """Implements what the app uses of a producer: its flush ends once what is on its way was given up."""

    def __init__(self) -> None:
        self._is_empty = asyncio.Event()

    async def flush(self) -> None:
        await self._is_empty.wait()

    def give_up(self) -> None:
        self._is_empty.set()


class StoppingApp(ChunkedApp):
    """An app that was told to stop, and that was never started."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer

    @property
    def should_stop(self) -> bool:
        return True


async def test_stop_gives_up_what_no_broker_takes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("stream.transport.chunked_app.LAST_OUTPUTS_WAIT_SECONDS", 0.1)
    app = StoppingApp(UntakenProducer())

    async with asyncio.timeout(10):
        await app._producer_flush(logging.getLogger("faust"))

    assert [record.message for record in caplog.records if record.name == "stream.transport.chunked_app"] == [
        "outputs_left_undelivered"
    ]
