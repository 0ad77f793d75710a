"""Connections of the server, with two things that ASGI has no words for: the server ends, and a client is given up."""

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import Scope

from api.serving.guarding import ConnectionLimits, GuardedProtocol

_KEY = "connection"


class Connection(GuardedProtocol):
    """uvicorn's connection; an answer that has no end of its own asks it for one.

    uvicorn waits for open answers before it ends, and tells the application only then.

    Attributes:
        is_ending: whether the server ends.
    """

    is_ending = False
    _on_end: Callable[[], None] | None = None

    def on_message_begin(self) -> None:
        """Begin a request; it finds its connection in its state."""
        super().on_message_begin()
        self.scope["state"][_KEY] = self

    def shutdown(self) -> None:
        """End, once the answer in progress has; the server calls this when it ends."""
        self.is_ending = True
        super().shutdown()
        if self._on_end is not None:
            self._on_end()

    def call_at_end(self, on_end: Callable[[], None] | None) -> None:
        """Have something called when the server ends; None for nothing."""
        self._on_end = on_end

    def abort(self) -> None:
        """Drop the client, and what it has not taken yet."""
        self.transport.abort()


def connection_of(scope: Scope) -> Connection | None:
    """Give the connection of a request; None where another server runs the application, as in tests."""
    connection: Connection | None = scope.get("state", {}).get(_KEY)
    return connection


def protocol(limits: ConnectionLimits) -> Any:  # noqa: ANN401  # uvicorn wants a class, and calls it
    """Give uvicorn's `http` option."""
    return partial(Connection, limits)
