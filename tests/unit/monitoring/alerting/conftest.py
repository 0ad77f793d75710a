"""A web server that messages are posted to."""

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

Answer = int | Callable[[http.server.BaseHTTPRequestHandler], None]


class Site:
    """Gives the answers it was told, one after the other and the last one again; keeps what was posted to it."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.answers: list[Answer] = [200]
        self.posted: list[bytes] = []
        self.requests: list[tuple[str, str | None]] = []
        self.has_post = threading.Semaphore(0)
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name that http.server calls
                site.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
                site.requests.append((self.path, self.headers["Content-Type"]))
                answer = site.answers.pop(0) if len(site.answers) > 1 else site.answers[0]
                site.has_post.release()
                if isinstance(answer, int):
                    self.send_response(answer)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                else:
                    answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's own name
                """Keep standard error for the test."""

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """A client that leaves is what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_port}/services/TOKEN"

    def wait_for_posts(self, count: int) -> None:
        for _ in range(count):
            assert self.has_post.acquire(timeout=30), f"{len(self.posted)} posts came, no more"


@pytest.fixture
def run_site(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AbstractContextManager[Site]]:
    """Run such a server, past any proxy that the environment names."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    @contextmanager
    def run(**options: Any) -> Iterator[Site]:
        site = Site(**options)
        thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        site.server.shutdown()
        thread.join()
        site.server.server_close()

    return run


@pytest.fixture
def site(run_site: Callable[..., AbstractContextManager[Site]]) -> Iterator[Site]:
    with run_site() as site:
        yield site
