"""Bounds on what a connection may cost before its request has arrived, and while nobody takes its answer.

uvicorn reads headers of any size for as long as they take, and keeps an answer until it is taken.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from monitoring.recording import count_connections, count_refused_connection

# One more than `max_connections` is told so once it has asked; this many are told at once, further ones are cut off.
TOLD_CONNECTIONS = 100
LINGER_SECONDS, LINGER_BYTES = 1.0, 1_048_576  # of what a client sends on that was refused
ALWAYS_ANSWERED = frozenset({b"/health/live", b"/metrics"})
"""Whoever watches a full server must see that it lives."""


@dataclass(frozen=True)
class ConnectionLimits:
    """What connections may cost one process.

    Attributes:
        max_connections: open ones whose requests are answered.
        max_header_bytes: of request line and headers.
        header_timeout_seconds: longest time that they may take to arrive.
        keep_alive_seconds: for which a connection may stay open without a request.
        send_timeout_seconds: for which a client may take nothing of an answer that waits for it.
    """

    max_connections: int
    max_header_bytes: int
    header_timeout_seconds: float
    keep_alive_seconds: int
    send_timeout_seconds: float


@dataclass(frozen=True)
class _Refusal:
    status: HTTPStatus
    reason: str
    detail: str
    headers: bytes = b""


class Connections(ServerState):
    """What the connections of one server share.

    Attributes:
        is_closing: each answer is the last one of its connection, and says so.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_closing = False

    def close_after_answers(self) -> None:
        """Let each connection end with its next answer, or the one that it waits for."""
        self.is_closing = True
        for connection in self.connections:
            if isinstance(connection, GuardedProtocol):
                connection.close_after_answer()

    def check(self, now: float) -> None:
        """End the connections that are too slow; to be called about once a second.

        Args:
            now: the event loop's time.
        """
        for connection in list(self.connections):
            if isinstance(connection, GuardedProtocol):
                connection.check(now)
        count_connections(len(self.connections))


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits.

    Args:
        limits: of the server's connections.
        config: uvicorn's.
        server_state: of the same server, `Connections`.
        options: uvicorn's further ones.
    """

    server_state: Connections

    def __init__(
        self,
        limits: ConnectionLimits,
        config: Config,
        server_state: Connections,
        **options: Any,  # noqa: ANN401  # uvicorn's
    ) -> None:
        super().__init__(config, server_state, **options)
        self._limits = limits
        self._reads_headers_since: float | None = None
        self._header_bytes = 0
        self._is_surplus = False
        self._refusal: _Refusal | None = None
        self._lingers_since: float | None = None
        self._lingering_bytes = LINGER_BYTES
        self._untaken_bytes, self._untaken_since = 0, 0.0

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  # a transport of the loop that runs
        """Begin to wait for a request, or cut off what is far too much."""
        super().connection_made(transport)
        self._reads_headers_since = self.loop.time()
        surplus = len(self.connections) - self._limits.max_connections
        self._is_surplus = surplus > 0
        if surplus > TOLD_CONNECTIONS:
            count_refused_connection("too_many_connections")
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what came, and count it while it is all headers."""
        if self._lingers_since is not None:
            self._lingering_bytes -= len(data)
            if self._lingering_bytes < 0:
                self.transport.abort()
            return
        was_in_headers = self._reads_headers_since is not None
        super().data_received(data)
        if was_in_headers and self._reads_headers_since is not None:
            self._header_bytes += len(data)
            if self._header_bytes > self._limits.max_header_bytes and self._lingers_since is None:
                self._refuse(self._too_large())

    def on_message_begin(self) -> None:
        """Note when a request begins."""
        super().on_message_begin()
        if self._reads_headers_since is None:
            self._reads_headers_since, self._header_bytes = self.loop.time(), 0

    def on_headers_complete(self) -> None:
        """Pass the request on, unless it is refused.

        Raises:
            ValueError: it is; uvicorn then asks `send_400_response` for the answer.
        """
        self._reads_headers_since = None
        header_bytes = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if header_bytes > self._limits.max_header_bytes:
            self._refusal = self._too_large()
        elif self._is_surplus and self.url not in ALWAYS_ANSWERED:
            self._refusal = _Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too_many_connections",
                f"{self._limits.max_connections} connections are open (API_MAX_CONNECTIONS): try again in a moment",
                b"retry-after: 1\r\n",
            )
        if self._refusal is not None:
            raise ValueError(self._refusal.reason)
        super().on_headers_complete()
        if self.server_state.is_closing:
            self.cycle.keep_alive = False

    def send_400_response(self, _msg: str) -> None:
        """Answer a request that is refused here, or that is no HTTP."""
        self._refuse(self._refusal or _Refusal(HTTPStatus.BAD_REQUEST, "malformed", "this is no HTTP/1.1 request"))

    def close_after_answer(self) -> None:
        """Let the answer in progress be the last one."""
        if self._is_answering:
            self.cycle.keep_alive = False

    def check(self, now: float) -> None:
        """End this connection if it is too slow."""
        if self._lingers_since is not None and now - self._lingers_since > LINGER_SECONDS:
            self.transport.abort()
            return
        began = self._reads_headers_since
        if began is not None and now - began > self._limits.header_timeout_seconds:
            seconds = f"{self._limits.header_timeout_seconds:g} seconds (API_HEADER_TIMEOUT_SECONDS)"
            self._refuse(_Refusal(HTTPStatus.REQUEST_TIMEOUT, "header_timeout", f"no request arrived in {seconds}"))
        untaken = self.transport.get_write_buffer_size()
        if untaken == 0 or untaken != self._untaken_bytes:
            self._untaken_bytes, self._untaken_since = untaken, now
        elif now - self._untaken_since > self._limits.send_timeout_seconds:
            count_refused_connection("answer_not_taken")
            self.transport.abort()

    @property
    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _too_large(self) -> _Refusal:
        return _Refusal(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            f"request line and headers have more than {self._limits.max_header_bytes} bytes (API_MAX_HEADER_BYTES)",
        )

    def _refuse(self, refusal: _Refusal) -> None:
        """Answer in problem+json, and read on for a moment: to close on unread bytes would take the answer back."""
        self._reads_headers_since = None
        count_refused_connection(refusal.reason)
        if self._is_answering:
            self.transport.close()
            return
        self._lingers_since = self.loop.time()
        self.transport.write(_answer(refusal))
        self.transport.write_eof()


def _answer(refusal: _Refusal) -> bytes:
    problem = {
        "type": "about:blank",
        "title": refusal.status.phrase,
        "status": refusal.status.value,
        "detail": refusal.detail,
    }
    body = json.dumps(problem).encode()
    return b"%scontent-type: application/problem+json\r\ncontent-length: %d\r\n%sconnection: close\r\n\r\n%s" % (
        STATUS_LINE[refusal.status],
        len(body),
        refusal.headers,
        body,
    )
