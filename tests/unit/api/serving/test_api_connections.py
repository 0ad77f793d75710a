import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from api.serving.guarding import TOLD_CONNECTIONS, ConnectionLimits
from api.serving.uvicorn_server import Server, server_config
from monitoring.metrics import CONNECTIONS_REFUSED

LIMITS = {
    "max_connections": 50,
    "max_header_bytes": 4096,
    "header_timeout_seconds": 60.0,
    "keep_alive_seconds": 60,
    "send_timeout_seconds": 60.0,
}
LARGE = b"x" * 50_000_000  # more than the kernel keeps for a client that takes nothing

Serve = Callable[..., Server]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer the body that came, or a large one."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, is_whole = b"", False
    while not is_whole:
        message = await receive()
        body, is_whole = body + message.get("body", b""), not message.get("more_body", False)
    answer = LARGE if scope["path"] == "/large" else body
    length = str(len(answer)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": answer})


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Server, int]]]:
    """Give a function that serves in a thread, with these limits and else generous ones; gives server and port."""
    with ExitStack() as ends:

        def serve(**limits: float) -> tuple[Server, int]:
            listener = ends.enter_context(socket.create_server(("127.0.0.1", 0)))
            is_started = threading.Event()
            config = server_config(app, ConnectionLimits(**(LIMITS | limits)))  # type: ignore[arg-type]
            server = Server(config, when_started=is_started.set)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            ends.callback(thread.join)
            ends.callback(lambda: setattr(server, "should_exit", True))
            is_started.wait()
            return server, listener.getsockname()[1]

        yield serve


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def said(client: socket.socket) -> tuple[int, dict[str, Any]]:
    """Read an answer and the end of its connection."""
    answer = http.client.HTTPResponse(client)
    answer.begin()
    problem = json.loads(answer.read())
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert client.recv(1) == b""
    return answer.status, problem


def refused(reason: str) -> float:
    return float(CONNECTIONS_REFUSED.labels(reason)._value.get())


@pytest.mark.parametrize("begun", [b"", b"P", b"GET / HTTP/1.1\r\nhost: a\r\nx-slow: "])
def test_request_whose_headers_do_not_arrive_is_ended(serve: Serve, begun: bytes) -> None:
    _, port = serve(header_timeout_seconds=0.1)
    before = refused("header_timeout")

    with connect(port) as client:
        client.sendall(begun)
        status, problem = said(client)

    assert (status, problem["status"]) == (408, 408)
    assert problem["detail"] == "no request arrived in 0.1 seconds (API_HEADER_TIMEOUT_SECONDS)"
    assert refused("header_timeout") - before == 1


def test_further_request_on_a_connection_has_to_arrive_in_time_too(serve: Serve) -> None:
    _, port = serve(header_timeout_seconds=0.1)

    with connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
        client.sendall(b"GET / HTTP/1.1\r\n")
        status, _ = said(client)

    assert status == 408


def test_connection_without_a_request_ends_after_the_time_to_keep_it(serve: Serve) -> None:
    _, port = serve(header_timeout_seconds=0.1, keep_alive_seconds=1)

    with connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
        assert client.recv(1000) == b""


@pytest.mark.parametrize(
    "headers",
    [
        b"GET /" + b"p" * 5000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"v" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 3000 + b"\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"v" * 5000,
    ],
)
def test_headers_that_are_too_large_are_refused(serve: Serve, headers: bytes) -> None:
    _, port = serve()

    with connect(port) as client:
        client.sendall(headers)
        status, problem = said(client)

    assert status == 431
    assert problem["title"] == "Request Header Fields Too Large"
    assert problem["detail"] == "request line and headers have more than 4096 bytes (API_MAX_HEADER_BYTES)"


def test_who_sends_headers_without_end_is_refused_and_then_cut_off(serve: Serve) -> None:
    _, port = serve()
    before = refused("headers_too_large")
    sent = 0

    with connect(port) as client, suppress(OSError):  # reset, as soon as it is cut off
        client.sendall(b"GET / HTTP/1.1\r\nx: ")
        while sent < 100_000_000:
            sent += client.send(b"v" * 1000)

    assert sent < 100_000_000
    assert refused("headers_too_large") - before == 1


def test_large_body_is_no_header(serve: Serve) -> None:
    _, port = serve(max_header_bytes=1024)
    body = b"b" * 1_000_000

    with connect(port) as client:
        for _ in range(2):  # the second comes on a connection that has read a body
            client.sendall(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            answer = http.client.HTTPResponse(client)
            answer.begin()
            assert answer.read() == body


def test_what_is_no_http_is_refused_with_a_problem(serve: Serve) -> None:
    _, port = serve()
    before = refused("malformed")

    with connect(port) as client:
        client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        status, problem = said(client)

    assert (status, problem["detail"]) == (400, "this is no HTTP/1.1 request")
    assert refused("malformed") - before == 1


def test_connections_beyond_the_limit_are_told_so_and_whoever_watches_is_answered(serve: Serve) -> None:
    _, port = serve(max_connections=2)
    with connect(port) as first, connect(port) as second, connect(port) as third, connect(port) as fourth:
        for client in (first, second):
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")

        third.sendall(b"GET / HTTP/1.1\r\n\r\n")
        status, problem = said(third)
        fourth.sendall(b"GET /health/live HTTP/1.1\r\n\r\n")

        assert status == 503
        assert problem["detail"] == "2 connections are open (API_MAX_CONNECTIONS): try again in a moment"
        assert fourth.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_far_too_many_connections_are_cut_off(serve: Serve) -> None:
    _, port = serve(max_connections=1)
    before = refused("too_many_connections")

    with ExitStack() as clients:
        opened = [clients.enter_context(connect(port)) for _ in range(TOLD_CONNECTIONS + 2)]
        with suppress(ConnectionResetError):
            assert opened[-1].recv(1) == b""

    assert refused("too_many_connections") - before == 1


def test_client_that_does_not_take_its_answer_is_cut_off(serve: Serve) -> None:
    server, port = serve(send_timeout_seconds=0.1)
    before = refused("answer_not_taken")

    with connect(port) as client:
        client.sendall(b"GET /large HTTP/1.1\r\n\r\n")
        while server.server_state.connections or refused("answer_not_taken") == before:
            time.sleep(0.01)

    assert refused("answer_not_taken") - before == 1


def test_client_that_takes_its_answer_slowly_gets_it_whole(serve: Serve) -> None:
    _, port = serve(send_timeout_seconds=1.5)
    received = 0

    with connect(port) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nconnection: close\r\n\r\n")
        for _ in range(8):
            received += len(client.recv(2_000_000))
            time.sleep(0.4)
        while part := client.recv(1_000_000):
            received += len(part)

    assert received > len(LARGE)


def test_retired_server_tells_with_an_answer_that_the_connection_ends(serve: Serve) -> None:
    server, port = serve()

    with connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"connection: close" not in client.recv(1000)
        server.retire(0, None)
        while not server.server_state.is_closing:
            time.sleep(0.001)
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"connection: close" in client.recv(1000)
        assert client.recv(1000) == b""
