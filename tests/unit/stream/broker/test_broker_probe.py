"""Ports, and readiness as Kafka's protocol tells it."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from stream.broker.probe import free_ports, is_free, serves_cluster

ONE_BROKER = struct.pack(">iii", 1, 0, 1) + struct.pack(">ih4sih", 1, 4, b"host", 9092, -1)
NO_BROKER = struct.pack(">iii", 1, 0, 0)
CLUSTER = struct.pack(">h2si", 2, b"c1", 1)


def _framed(answer: bytes) -> bytes:
    return struct.pack(">i", len(answer)) + answer


@contextlib.contextmanager
def _answering(answer: bytes) -> Iterator[int]:
    """Answer one request with these bytes, in two parts, as a network may."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            # Who sees by the first bytes that this is no Kafka hangs up, and may do so before the rest is sent.
            with connection, contextlib.suppress(ConnectionError):
                connection.recv(1000)
                connection.sendall(answer[:5])
                connection.sendall(answer[5:])

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_port_with_a_server_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_port_is_free_again_right_after_its_last_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        connection, _ = server.accept()
        connection.close()  # the server closes first, so that its side stays in TIME_WAIT
        client.close()

    assert is_free(port)


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(5)

    assert len(set(ports)) == 5
    assert all(is_free(port) for port in ports)


def test_broker_of_the_cluster_is_ready() -> None:
    with _answering(_framed(ONE_BROKER + CLUSTER)) as port:
        assert serves_cluster(port, "c1")


def test_broker_of_another_cluster_is_not_ours() -> None:
    with _answering(_framed(ONE_BROKER + CLUSTER)) as port:
        assert not serves_cluster(port, "c2")


def test_cluster_without_a_live_broker_is_not_ready() -> None:
    with _answering(_framed(NO_BROKER + CLUSTER)) as port:
        assert not serves_cluster(port, "c1")


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", _framed(b"\0" * 5), _framed(ONE_BROKER), _framed(b"")],
    ids=["nothing", "http", "short", "cut", "empty"],
)
def test_what_is_no_kafka_is_not_ready(answer: bytes) -> None:
    with _answering(answer) as port:
        assert not serves_cluster(port, "c1")


def test_port_without_a_server_is_not_ready() -> None:
    (port,) = free_ports(1)

    assert not serves_cluster(port, "c1")
