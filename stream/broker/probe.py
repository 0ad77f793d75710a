"""Ports and readiness: which port is free, and whether our own Kafka answers on one."""

import socket
import struct
from contextlib import ExitStack

HOST = "127.0.0.1"
_METADATA, _METADATA_VERSION = 3, 7
_NO_TOPICS, _CREATE_TOPICS = 0, False
_ANSWER_SECONDS = 1.0
_MOST_ANSWER_BYTES = 65_536


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of 127.0.0.1 now."""
    try:
        with _bound(port) as server:
            server.listen()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Choose different free ports of 127.0.0.1; another process may still take one before it is used."""
    with ExitStack() as held:
        servers = [held.enter_context(_bound(0)) for _ in range(count)]
        return [int(server.getsockname()[1]) for server in servers]


def serves_cluster(port: int, cluster_id: str) -> bool:
    """Ask for Kafka's metadata; true once the broker of this cluster takes requests, and not if another one answers.

    Source: Kafka's protocol guide, Metadata request and response, version 7.
    """
    request = struct.pack(">hhih4si?", _METADATA, _METADATA_VERSION, 1, 4, b"tick", _NO_TOPICS, _CREATE_TOPICS)
    try:
        with socket.create_connection((HOST, port), timeout=_ANSWER_SECONDS) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            (size,) = struct.unpack(">i", _read(connection, 4))
            if not 0 < size <= _MOST_ANSWER_BYTES:
                return False
            return _names_live_broker(_read(connection, size), cluster_id)
    except (OSError, EOFError, struct.error):
        return False


def _names_live_broker(answer: bytes, cluster_id: str) -> bool:
    _correlation, _throttle_ms, brokers = struct.unpack_from(">iii", answer)
    place = 12
    for _ in range(brokers):
        (host_bytes,) = struct.unpack_from(">h", answer, place + 4)
        place += 4 + 2 + host_bytes + 4
        (rack_bytes,) = struct.unpack_from(">h", answer, place)
        place += 2 + max(rack_bytes, 0)
    (id_bytes,) = struct.unpack_from(">h", answer, place)
    return brokers > 0 and answer[place + 2 : place + 2 + max(id_bytes, 0)] == cluster_id.encode()


def _read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise EOFError
        received += part
    return received


def _bound(port: int) -> socket.socket:
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # As Kafka does: connections of a broker that has just stopped do not keep its port.
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind((HOST, port))
    except OSError:
        server.close()
        raise
    return server
