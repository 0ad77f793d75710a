import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from api.serving.server import announce_when_ready, is_loopback, listen, url_of
from models.errors import ApiError


def test_port_0_takes_a_free_port_and_the_url_says_which() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]

        assert port > 0
        assert url_of(listener) == f"http://127.0.0.1:{port}"


def test_a_port_in_use_is_refused_with_a_way_out() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]

        with pytest.raises(ApiError, match=rf"port {port} on 127.0.0.1 is in use: .*--port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "x" * 300, "a..b"])
def test_an_address_of_no_interface_is_refused_with_a_way_out(host: str) -> None:
    with pytest.raises(ApiError, match="--host"):
        listen(host, 0)


def test_clients_wait_from_the_moment_the_port_is_taken() -> None:
    with listen("localhost", 0) as listener, socket.create_connection(listener.getsockname(), timeout=5) as client:
        assert client.getpeername() == listener.getsockname()


@pytest.mark.parametrize(
    ("host", "loopback", "reached_by"),
    [("127.0.0.1", True, "127.0.0.1"), ("0.0.0.0", False, "127.0.0.1")],  # noqa: S104  # what is told apart
)
def test_an_address_that_others_can_reach_is_told_from_loopback(
    host: str,
    loopback: bool,  # noqa: FBT001  # what is expected
    reached_by: str,
) -> None:
    with listen(host, 0) as listener:
        assert is_loopback(listener) is loopback
        assert url_of(listener).startswith(f"http://{reached_by}:")


def test_readiness_is_announced_once_and_not_before_it_is_there() -> None:
    announced: list[dict[str, Any]] = []
    is_announced = threading.Event()
    answers = [(503, b"{}"), (200, b"no json"), (200, b'{"status": "ready"}'), (200, b'{"status": "again"}')]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    def announce(ready: dict[str, Any]) -> None:
        announced.append(ready)
        is_announced.set()

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        announce_when_ready(server.socket, announce)
        is_announced.wait()
        server.shutdown()

    assert announced == [{"status": "ready"}]
    assert answers == [(200, b'{"status": "again"}')]
