"""Load for an HTTP server: requests at a fixed rate, and as many as it takes."""

import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

SOCKET_SECONDS = 60.0


class Request(NamedTuple):
    """What is sent, and for how many texts."""

    content: bytes
    texts: int


class Answer(msgspec.Struct):
    """What every contestant answers: one element for each text, whatever it holds."""

    predictions: list[msgspec.Raw]


_decode = msgspec.json.Decoder(Answer).decode


@dataclass
class Latencies:
    """What became of requests at a fixed rate, in seconds.

    Attributes:
        answered: from the moment that a request was due until its answer was whole.
        begun: from that moment until it was sent; more than some tenths of a millisecond is our own delay, or means that
            the connection still waited for the answer before.
        failures: answers that were not right, and connections that broke.
    """

    answered: list[float] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    failures: int = 0


class Connection:
    """A connection that is kept.

    Args:
        port: on this machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = self._connected()

    def ask(self, request: Request) -> bool:
        """Send a request and read its whole answer; tells whether it was 200 with an answer to each text."""
        try:
            self._socket.sendall(request.content)
            head, body = self._head()
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            while len(body) < length:
                body += self._received()
        except OSError:
            self.close()
            self._socket = self._connected()
            return False
        return head.startswith(b"HTTP/1.1 200 ") and _predictions(body) == request.texts

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _head(self) -> tuple[bytes, bytearray]:
        got = bytearray()
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._received()
        return bytes(got[: end + 2]), got[end + 4 :]

    def _received(self) -> bytes:
        part = self._socket.recv(1_000_000)
        if not part:
            raise ConnectionResetError
        return part

    def _connected(self) -> socket.socket:
        connected = socket.create_connection(("127.0.0.1", self._port), SOCKET_SECONDS)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected


def _predictions(body: bytearray) -> int | None:
    """Count the answers of a body; None where it is none."""
    try:
        return len(_decode(body).predictions)
    except msgspec.MsgspecError:
        return None


def post(path: str, body: bytes, *, texts: int) -> Request:
    """Write a request.

    Args:
        path: of the route.
        body: JSON.
        texts: in the body.
    """
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return Request(head.encode() + body, texts)


def at_rate(
    port: int, requests: Sequence[Request], *, per_second: float, seconds: float, connections: int
) -> Latencies:
    """Send requests at a fixed rate, whatever becomes of those before.

    Each has its moment, and its time counts from then: where the server falls behind, the wait counts too. The moments
    of one connection come in turn, so one answer that is late delays the next on its connection alone.

    Args:
        port: of the server.
        requests: whole; sent in turn.
        per_second: rate of all connections together.
        seconds: how long.
        connections: that are kept.
    """
    count = int(per_second * seconds)
    opened = [Connection(port) for _ in range(connections)]
    found = [Latencies() for _ in opened]
    start = time.perf_counter() + 0.1

    def send(place: int) -> None:
        own, connection = found[place], opened[place]
        for number in range(place, count, connections):
            due = start + number / per_second
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            own.begun.append(time.perf_counter() - due)
            own.failures += not connection.ask(requests[number % len(requests)])
            own.answered.append(time.perf_counter() - due)

    _in_threads(send, connections)
    for connection in opened:
        connection.close()
    return Latencies(
        [one for own in found for one in own.answered],
        [one for own in found for one in own.begun],
        sum(own.failures for own in found),
    )


def as_many(port: int, requests: Sequence[Request], *, seconds: float, connections: int) -> tuple[float, int]:
    """Send the next request when the last is answered; gives right answers a second, and how many failed."""
    counts, failures = [0] * connections, [0] * connections
    ends = time.perf_counter() + seconds
    last = [0.0] * connections

    def send(place: int) -> None:
        connection = Connection(port)
        number = place
        while time.perf_counter() < ends:
            failures[place] += not connection.ask(requests[number % len(requests)])
            counts[place] += 1
            number += connections
            last[place] = time.perf_counter()
        connection.close()

    started = time.perf_counter()
    _in_threads(send, connections)
    return (sum(counts) - sum(failures)) / (max(last) - started), sum(failures)


def _in_threads(send: Callable[[int], None], count: int) -> None:
    with ThreadPoolExecutor(count) as threads:
        list(threads.map(send, range(count)))  # a server that is gone ends the benchmark
