"""uvicorn's server as this project runs it: with limits on connections, and an end that breaks no request."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from api.serving.connections import protocol
from api.serving.guarding import ConnectionLimits, Connections

NO_MODEL = 3  # the exit code of a process that could not load its model
GRACEFUL_SHUTDOWN_SECONDS = 10  # a request takes a second or two; then a slow client is left
# Clients that send more often than this are told with an answer that their connection ends; the others find it closed.
DRAIN_SECONDS = 2.0
_DRAIN_POLL_SECONDS = 0.05
_TICKS_BETWEEN_CHECKS = 10  # of a tenth of a second


@dataclass(frozen=True)
class Proxy:
    """What stands before the server.

    Attributes:
        root_path: under which clients see the API, taken off before the server sees it; empty for none.
        trusted: addresses and networks whose word on the client's address and scheme counts.
    """

    root_path: str = ""
    trusted: tuple[str, ...] = ()


NO_PROXY = Proxy()


class Server(uvicorn.Server):
    """uvicorn's server.

    Args:
        config: from `server_config`.
        when_started: called when connections are accepted.
    """

    server_state: Connections

    def __init__(self, config: uvicorn.Config, *, when_started: Callable[[], None] | None = None) -> None:
        super().__init__(config)
        self.server_state = Connections()
        self._when_started = when_started
        self._is_retired = False

    def retire(self, _signum: int, _frame: FrameType | None) -> None:
        """End as `handle_exit` does, but let clients that keep connections open learn of it first; a signal handler."""
        self._is_retired = self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell so."""
        await super().startup(sockets)
        if self._when_started is not None:
            self._when_started()

    async def on_tick(self, counter: int) -> bool:
        """Look after slow connections once a second."""
        if counter % _TICKS_BETWEEN_CHECKS == 0:
            self.server_state.check(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more and end; when retired, first wait for `DRAIN_SECONDS` that connections end by an answer."""
        if self._is_retired:
            for server in self.servers:
                server.close()
            self.server_state.close_after_answers()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._connections_gone(), DRAIN_SECONDS)
        await super().shutdown(sockets)

    async def _connections_gone(self) -> None:
        await asyncio.sleep(_DRAIN_POLL_SECONDS)  # what was just accepted is no connection yet
        while self.server_state.connections:  # noqa: ASYNC110  # uvicorn says of none that it ended
            await asyncio.sleep(_DRAIN_POLL_SECONDS)


def server_config(
    app: FastAPI | str,
    limits: ConnectionLimits,
    proxy: Proxy = NO_PROXY,
    **options: Any,  # noqa: ANN401  # uvicorn's own, of many types
) -> uvicorn.Config:
    """Give uvicorn's configuration.

    Args:
        app: what answers, or `module:function` that makes it.
        limits: of connections.
        proxy: what stands before the server.
        options: uvicorn's further ones.
    """
    return uvicorn.Config(
        app,
        http=protocol(limits),
        timeout_keep_alive=limits.keep_alive_seconds,
        log_config=None,  # the project's own is in force
        log_level="error",  # what it warns of is what clients do wrong, and that is counted
        access_log=False,  # rates are metrics, not log lines
        server_header=False,
        ws="none",
        lifespan="on",
        root_path=proxy.root_path,
        proxy_headers=bool(proxy.trusted),
        forwarded_allow_ips=list(proxy.trusted),
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_SECONDS,
        **options,
    )
