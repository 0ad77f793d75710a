"""The answer of `GET /live`: events for one client until it leaves, takes nothing any more, or the server ends."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.live.frames import KEEP_ALIVE, RETRY
from api.live.hub import LiveFeed
from api.live.viewers import Viewer
from api.serving.connections import Connection, connection_of

KEEP_ALIVE_SECONDS = 15.0
END_SECONDS = 0.2
"""A client whose connection is full gets no proper end, or the others would wait for it."""
HEADERS = {
    "cache-control": "no-store",
    "x-accel-buffering": "no",  # nginx would keep events back until it has some kilobytes
}


class LiveStream(Response):
    """Server-sent events of a feed; a client that is slow misses events, and nothing is kept for it.

    One that takes nothing is dropped as every connection is, see `api.serving.guarding`.

    Args:
        feed: where they come from.
    """

    media_type = "text/event-stream"

    def __init__(self, feed: LiveFeed) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the client leaves or is dropped, or the server ends.

        Raises:
            OverloadedError: there are as many streams as are allowed; nothing was sent.
        """
        viewer, first = self._feed.join()
        connection = connection_of(scope)
        leaving = asyncio.create_task(_left(receive))
        leaving.add_done_callback(lambda _: viewer.end())
        try:
            async with asyncio.timeout(None) as patience:
                with ended_with(connection, viewer, patience):
                    await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                    await self._send_events(send, viewer, RETRY + first)
                    patience.reschedule(asyncio.get_running_loop().time() + END_SECONDS)
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            if connection is not None:
                connection.abort()
                await leaving  # or uvicorn complains of an answer that has no end
        finally:
            leaving.cancel()
            self._feed.viewers.leave(viewer)

    async def _send_events(self, send: Send, viewer: Viewer, content: bytes) -> None:
        while not viewer.is_ended:
            await send({"type": "http.response.body", "body": content, "more_body": True})
            content = await self._next(viewer)

    async def _next(self, viewer: Viewer) -> bytes:
        content = b""
        while not content and not viewer.is_ended:
            try:
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    await viewer.wake.wait()
            except TimeoutError:
                return KEEP_ALIVE
            viewer.wake.clear()
            content = self._feed.viewers.take(viewer)
        return content


@contextmanager
def ended_with(connection: Connection | None, viewer: Viewer, patience: asyncio.Timeout) -> Iterator[None]:
    """Let a stream end when the server does, also where its client takes nothing just then."""
    if connection is None:
        yield
        return

    def end() -> None:
        viewer.end()
        if not patience.expired():
            patience.reschedule(asyncio.get_running_loop().time() + END_SECONDS)

    connection.call_at_end(end)
    viewer.is_ended = connection.is_ending
    try:
        yield
    finally:
        connection.call_at_end(None)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
