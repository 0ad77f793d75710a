"""A network that can be cut, hung, slowed and made to forget: a TCP proxy on loopback."""

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
PIECE_BYTES = 65_536
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 s: the other side sees a reset, not an orderly end


@dataclass(frozen=True)
class Link:
    """How the network behaves.

    Attributes:
        delay_seconds: each piece of at most 64 KiB waits so long, in each direction.
        bytes_per_second: of each connection and direction; None for no limit.
    """

    delay_seconds: float = 0.0
    bytes_per_second: float | None = None


GOOD = Link()


class Proxy:
    """Passes connections to a port of this machine on, as well or badly as it is told.

    Args:
        target_port: where connections go.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self._link = GOOD
        self._flows = threading.Event()
        self._flows.set()
        self._connections: set[_Connection] = set()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Be there already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close all."""
        self.cut()

    def cut(self) -> None:
        """Break all connections with a reset, and refuse new ones."""
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts, as closing alone does not
        self._listener.close()
        for connection in list(self._connections):
            connection.reset()
        self._flows.set()

    def join(self) -> None:
        """Take connections again after `cut`."""
        self._listener = self._listen(self.port)

    def hang(self) -> None:
        """Pass nothing on; connections stay open, as when a cable is out for a while."""
        self._flows.clear()

    def go_on(self) -> None:
        """Pass on what `hang` held up, and all that comes."""
        self._flows.set()

    def forget(self) -> None:
        """Never pass anything on again of the connections that are open; new ones are well. Firewalls do so."""
        for connection in list(self._connections):
            connection.is_forgotten = True

    def behave(self, link: Link) -> None:
        """Be so from now on."""
        self._link = link

    def pass_on(self, piece: bytes, connection: "_Connection", to: socket.socket) -> None:
        """Bring a piece of a connection to its other side, when and as the network lets it."""
        self._flows.wait()
        link = self._link
        time.sleep(link.delay_seconds + (len(piece) / link.bytes_per_second if link.bytes_per_second else 0.0))
        self._flows.wait()
        if not connection.is_forgotten:
            to.sendall(piece)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = listener.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection((HOST, self.target_port))
        except OSError:  # no broker there: the client learns it as it would without us
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            client.close()
            return
        connection = _Connection(client, server)
        self._connections.add(connection)
        for source, to in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(connection, source, to), daemon=True).start()

    def _pump(self, connection: "_Connection", source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):  # reset by one of the three
            while piece := source.recv(PIECE_BYTES):
                self.pass_on(piece, connection, to)
        if not connection.is_forgotten:  # the end of a forgotten one is not passed on either
            connection.reset()
            self._connections.discard(connection)


class _Connection:
    """Both sides of a connection."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._sides = (client, server)
        self.is_forgotten = False

    def reset(self) -> None:
        for side in self._sides:
            with contextlib.suppress(OSError):  # closed by the other direction
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                side.shutdown(socket.SHUT_RDWR)  # wakes the threads that read and write it
                side.close()
