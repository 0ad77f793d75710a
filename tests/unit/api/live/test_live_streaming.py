"""Streams over real connections: what ASGI has no words for can't be seen without."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.types import Receive, Scope, Send

from api.live.hub import LiveFeed
from api.live.reader import LiveTopics
from api.live.streaming import LiveStream
from api.serving.guarding import ConnectionLimits
from api.serving.uvicorn_server import Server, server_config
from monitoring.metrics import CONNECTIONS_REFUSED
from stream.kafka.connection import KafkaConnection

GET = b"GET /live HTTP/1.1\r\nhost: x\r\n\r\n"
MiB = 1 << 20


def app_of(feed: LiveFeed) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
        else:
            await LiveStream(feed)(scope, receive, send)

    return app


class Running:
    """A feed whose events the test makes, and a server for it."""

    def __init__(self, topics: LiveTopics, send_timeout_seconds: float) -> None:
        self.feed = LiveFeed(KafkaConnection("nobody:1"), topics, seconds=1, sample_bytes=100_000, most_streams=100)
        self.feed._state = b"event: state\n\n"
        limits = ConnectionLimits(
            max_connections=100,
            max_header_bytes=4096,
            header_timeout_seconds=10,
            keep_alive_seconds=75,
            send_timeout_seconds=send_timeout_seconds,
        )
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.server = Server(server_config(app_of(self.feed), limits))  # type: ignore[arg-type]
        self.server.config.timeout_graceful_shutdown = 1_000  # so that a stream that is waited for fails the test
        self._clients: list[asyncio.StreamWriter] = []
        self.is_served: asyncio.Task[None]

    async def start(self) -> None:
        self.is_served = asyncio.create_task(self.server._serve([self._listener]))
        while not self.server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.001)

    async def open(self) -> asyncio.StreamReader:
        """Open a stream, read up to its first event."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(0)
        await asyncio.get_running_loop().sock_connect(sock, self._listener.getsockname())
        reader, writer = await asyncio.open_connection(sock=sock, limit=4096)
        self._clients.append(writer)
        writer.write(GET)
        await reader.readuntil(b"event: state\n\n")
        return reader

    async def wait_for_streams(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.feed.viewers) != count:  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.01)

    def leave(self) -> None:
        for writer in self._clients:
            writer.close()

    async def stop(self) -> None:
        self.leave()
        self.server.should_exit = True
        await self.is_served


@pytest.fixture
def run(topics: LiveTopics) -> Callable[..., contextlib.AbstractAsyncContextManager[Running]]:
    @asynccontextmanager
    async def run(send_timeout_seconds: float = 100.0) -> AsyncIterator[Running]:
        running = Running(topics, send_timeout_seconds)
        await running.start()
        try:
            yield running
        finally:
            await running.stop()

    return run


Run = Callable[..., contextlib.AbstractAsyncContextManager[Running]]


async def test_a_stream_has_the_wait_for_a_new_try_the_state_and_each_event(run: Run) -> None:
    async with run() as running:
        sock = socket.create_connection(running._listener.getsockname())
        sock.settimeout(0)
        reader, writer = await asyncio.open_connection(sock=sock)
        writer.write(GET)
        head = await reader.readuntil(b"\r\n\r\n")
        first = await reader.readuntil(b"event: state\n\n")
        running.feed.viewers.publish(1, b"event: tick\n\n")
        tick = await reader.readuntil(b"event: tick\n\n")
        writer.close()
        await running.wait_for_streams(0)

    assert b"\r\ncontent-type: text/event-stream; charset=utf-8\r\n" in head
    assert b"\r\ncache-control: no-store\r\n" in head
    assert b"content-length" not in head
    assert b"retry: 2000\n\n" in first
    assert tick.endswith(b"event: tick\n\n")


async def test_a_server_that_ends_ends_all_streams_properly_at_once(run: Run) -> None:
    async with run() as running:
        readers = [await running.open() for _ in range(20)]
        running.server.should_exit = True
        rests = await asyncio.gather(*(reader.read() for reader in readers))
        async with asyncio.timeout(30):  # far less than the time that open answers are waited for
            await running.is_served

    assert {rest[-5:] for rest in rests} == {b"0\r\n\r\n"}


async def test_a_client_that_takes_nothing_does_not_hold_up_a_server_that_ends(run: Run) -> None:
    async with run() as running:
        await running.open()
        for number in range(1, 20):
            running.feed.viewers.publish(number, b"x" * MiB)
            await asyncio.sleep(0)
        running.server.should_exit = True
        async with asyncio.timeout(30):
            await running.is_served

        assert len(running.feed.viewers) == 0


async def test_a_client_that_takes_nothing_is_dropped_with_all_that_waits_for_it(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    dropped = CONNECTIONS_REFUSED.labels("answer_not_taken")
    before = dropped._value.get()
    async with run(send_timeout_seconds=0.2) as running:
        await running.open()
        number = 0
        async with asyncio.timeout(30):
            while len(running.feed.viewers):
                number += 1
                running.feed.viewers.publish(number, b"x" * MiB)
                await asyncio.sleep(0.01)

        assert running.server.server_state.connections == set()
        assert dropped._value.get() == before + 1
    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_a_slow_client_goes_on_with_the_newest_event(run: Run) -> None:
    async with run() as running:
        reader = await running.open()
        for number in range(1, 101):
            running.feed.viewers.publish(number, b"x" * 100_000 + b"event: %d\n\n" % number)
            await asyncio.sleep(0.001)
        taken = b""
        async with asyncio.timeout(30):
            while not taken.endswith(b"event: 100\n\n\r\n"):
                taken += await reader.read(65_536)

    assert taken.count(b"event: ") < 50
    assert taken.count(b"event: 100\n\n") == 1


async def test_a_client_that_leaves_is_noticed_without_an_event(run: Run) -> None:
    async with run() as running:
        for _ in range(5):
            await running.open()
        await running.wait_for_streams(5)

        running.leave()

        await running.wait_for_streams(0)


async def test_a_quiet_stream_is_kept_alive(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.live.streaming.KEEP_ALIVE_SECONDS", 0.01)
    async with run() as running:
        reader = await running.open()

        assert (await reader.readuntil(b": nothing new\n\n")).endswith(b"\r\n: nothing new\n\n")
