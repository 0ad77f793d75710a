"""An id for each request: the client's own or a made one, in the answer, in problems and in log lines."""

import logging
import re
import secrets
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = b"x-request-id"
MAX_ID_CHARACTERS = 128
MADE_ID_BYTES = 16  # two requests of a century don't share one

# Visible ASCII without spaces: nothing that could end a header or look like another field of a log line.
_SANE = re.compile(rb"[\x21-\x7e]{1,%d}" % MAX_ID_CHARACTERS)
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Give the id of the request that this code runs for, in its tasks and threads; empty outside of requests."""
    return _current.get()


class RequestIds:
    """ASGI middleware that takes or makes the id; around all that answer or log.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer with the id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _id_of(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id)]
            await send(message)

        token = _current.set(request_id.decode("ascii"))
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            _current.reset(token)


class AddRequestId(logging.Filter):
    """Adds the field `request_id` to each log line of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        if request_id := _current.get():
            record.request_id = request_id
        return True


def _id_of(scope: Scope) -> bytes:
    """Take the id that the client sent, if it is sane; a header that comes twice counts once."""
    for name, value in scope["headers"]:
        if name == HEADER and _SANE.fullmatch(given := bytes(value).strip(b" \t")):  # servers may leave the spaces
            return given
    return secrets.token_hex(MADE_ID_BYTES).encode()
