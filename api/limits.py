"""Bounds on what clients may make the process hold: bytes of one body, bodies at once, and for how long."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.request_errors import BodyTooLargeError, BodyTooSlowError, OverloadedError


class BodyLimit:
    """ASGI middleware that ends requests whose body is larger than allowed, before it is in memory.

    A larger `Content-Length` is refused unread; a body without one is refused where it passes the limit.

    Args:
        app: what is protected.
        max_body_bytes: largest body, in bytes.
    """

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body counted.

        Raises:
            BodyTooLargeError: here for a declared length, inside the application for a counted one.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _declared_bytes(scope) > self._max_body_bytes:
            raise self._too_large()
        received_bytes = 0

        async def receive_counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            if message["type"] == "http.request":
                received_bytes += len(message.get("body", b""))
                if received_bytes > self._max_body_bytes:
                    raise self._too_large()
            return message

        await self._app(scope, receive_counted, send)

    def _too_large(self) -> BodyTooLargeError:
        return BodyTooLargeError(
            f"the body has more than {self._max_body_bytes} bytes (API_MAX_BODY_BYTES): send fewer texts at once"
        )


class RequestSlots:
    """Count the requests whose body is held, and refuse those that are too many.

    Belongs to one event loop; there is no lock because nothing waits between the check and the count.

    Args:
        max_requests: most requests at once.
    """

    def __init__(self, max_requests: int) -> None:
        self._max_requests = max_requests
        self._taken = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold one slot for the time of the block.

        Raises:
            OverloadedError: all slots are taken.
        """
        if self._taken >= self._max_requests:
            raise OverloadedError(
                f"{self._max_requests} requests are in progress (API_MAX_REQUESTS): try again in a moment"
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


async def read_body(request: Request, *, timeout_seconds: float) -> bytes:
    """Read the body of a request; without an end, a few slow clients could hold all slots.

    Raises:
        BodyTooSlowError: it did not arrive in time.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            return await request.body()
    except TimeoutError as exc:
        raise BodyTooSlowError(
            f"the body did not arrive in {timeout_seconds:g} seconds (API_BODY_TIMEOUT_SECONDS): send fewer texts at once"
        ) from exc


def _declared_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
