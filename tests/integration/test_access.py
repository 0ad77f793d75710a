"""Keys, rates, reach and proxies of `tickertape serve`, as a process of its own, over real HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.access.key_file import add_key, remove_key
from api.access.keys import Role, new_key

Start = Callable[..., "Served"]

END_SECONDS = 30  # generous: it only ends a test that hangs
TEXT = {"text": "$XOM raises its dividend"}


class Served:
    """A running server, and what it says until it ends."""

    def __init__(self, *words: str, home: Path, environment: dict[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("API_", "MLFLOW_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tickertape", "serve", "--port", "0", "--json", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env=clean | {"TICKERTAPE_HOME": str(home)} | environment,
        )
        assert self.process.stdout is not None
        self.url = ""
        if ready := self.process.stdout.readline():
            self.url = json.loads(ready)["url"]

    def end(self) -> str:
        """Stop it and give what it wrote to standard error."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=END_SECONDS)[1]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts `tickertape serve` on a free port and waits until it is ready."""
    started: list[Served] = []

    def start(*words: str, **environment: str) -> Served:
        started.append(Served(*words, home=tmp_path, environment=environment))
        return started[-1]

    yield start
    for served in started:
        served.process.kill()
        served.process.communicate(timeout=END_SECONDS)


def bearer(shown: str) -> dict[str, str]:
    return {"authorization": f"Bearer {shown}"}


def until(status: int, ask: Callable[[], httpx.Response]) -> None:
    """Ask until that status comes ten times in a row, so from every process."""
    deadline = time.monotonic() + END_SECONDS
    while {ask().status_code for _ in range(10)} != {status}:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("words", [(), ("--workers", "2")])
def test_keys_are_asked_for_and_a_revoked_one_is_refused_without_a_restart(
    start: Start, tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = tmp_path / "keys.txt"
    shown, key = new_key("desk", [Role.PREDICT])
    late_shown, late = new_key("late", [Role.READ])
    add_key(file, key)
    served = start("--host", "0.0.0.0", *words, API_KEYS_FILE=str(file))  # noqa: S104  # with keys it may

    first = [httpx.post(f"{served.url}/predict", json=TEXT, headers=bearer(shown)).status_code for _ in range(10)]
    without = httpx.post(f"{served.url}/predict", json=TEXT)
    role = httpx.get(f"{served.url}/models", headers={"x-api-key": shown})
    health = httpx.get(f"{served.url}/health/ready")
    add_key(file, late)
    until(200, lambda: httpx.get(f"{served.url}/models", headers=bearer(late_shown)))
    remove_key(file, "desk")
    until(401, lambda: httpx.post(f"{served.url}/predict", json=TEXT, headers=bearer(shown)))
    file.unlink()
    until(401, lambda: httpx.get(f"{served.url}/models", headers=bearer(late_shown)))
    file.write_text(f"{key.line}\n")
    until(200, lambda: httpx.post(f"{served.url}/predict", json=TEXT, headers=bearer(shown)))

    errors = served.end()
    assert set(first) == {200}
    assert [answer.status_code for answer in (without, role, health)] == [401, 403, 200]
    assert "keys_file_unreadable" in errors
    assert [secret for secret in (shown, late_shown, key.digest.hex()) if secret in errors] == []
    assert "Traceback" not in errors


def test_without_keys_it_does_not_listen_where_others_reach_it(start: Start) -> None:
    served = start("--host", "0.0.0.0")  # noqa: S104  # what is refused

    _, errors = served.process.communicate(timeout=END_SECONDS)

    assert served.process.returncode == 1
    assert errors.startswith(
        "tickertape serve: other machines could reach 0.0.0.0, and nobody would be asked for a key"
    )
    assert len(errors.splitlines()) == 1


def test_a_wrong_line_ends_it_at_the_start_without_being_shown(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(f"desk:read:{'ab' * 31}\n")
    served = start(API_KEYS_FILE=str(file))

    _, errors = served.process.communicate(timeout=END_SECONDS)

    assert served.process.returncode == 1
    assert errors.splitlines()[-1].startswith(f"tickertape serve: API_KEYS_FILE {file}, line 1: its hash is not 64")
    assert "abab" not in errors


@pytest.mark.slow
def test_two_processes_share_the_rate(start: Start) -> None:
    served = start("--workers", "2", API_RATE_REQUESTS_PER_SECOND="0.02", API_RATE_BURST_SECONDS="300")

    statuses = [httpx.get(f"{served.url}/version").status_code for _ in range(60)]

    refused = httpx.get(f"{served.url}/version")
    assert 3 <= statuses.count(200) <= 6
    assert (refused.status_code, refused.headers["ratelimit-policy"]) == (429, '"requests";q=3;w=300')
    assert 1 <= int(refused.headers["retry-after"]) <= 100


@pytest.mark.parametrize(
    "head",
    [
        b"GET /models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + b"x" * 20_000_000,
        b"GET /" + b"x" * 20_000_000,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 2_000_000,
    ],
    ids=["a header", "a path", "many headers"],
)
def test_a_head_that_does_not_end_is_refused_and_the_server_goes_on(start: Start, head: bytes) -> None:
    served = start()
    url = httpx.URL(served.url)

    with socket.create_connection((url.host, url.port or 0), timeout=END_SECONDS) as connection:
        answer = b""
        try:
            connection.sendall(head)
        except OSError:  # it has hung up, as it should
            answer = b"hung up"
        else:
            answer = connection.recv(1000)

    assert answer == b"hung up" or answer.startswith(b"HTTP/1.1 431 ")
    assert httpx.get(f"{served.url}/health/ready").status_code == httpx.codes.OK


@pytest.mark.parametrize("size", [1000, 30_000])
def test_a_large_header_that_ends_is_no_key(start: Start, size: int) -> None:
    _, key = new_key("desk", [Role.READ])
    served = start(API_KEYS=key.line)

    answer = httpx.get(f"{served.url}/models", headers={"authorization": f"Bearer {'x' * size}"})

    assert answer.status_code == httpx.codes.UNAUTHORIZED


class Proxy(BaseHTTPRequestHandler):
    """A reverse proxy that shows a server under `/desk`, and says whose request it is."""

    protocol_version = "HTTP/1.1"
    target = ""
    forwarded_for = "203.0.113.9"

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not self.path.startswith("/desk/"):
            self.send_response(418)
            self.send_header("content-length", "0")
            self.end_headers()
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() in {"content-type", "x-api-key"}}
        answer = httpx.request(
            self.command,
            self.target + self.path.removeprefix("/desk"),
            content=body,
            headers=headers | {"x-forwarded-for": self.forwarded_for, "x-forwarded-proto": "https"},
        )
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name not in {"connection", "date", "content-length", "content-encoding", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def proxied() -> Iterator[Callable[[Served], str]]:
    """Give a function that puts a proxy before a server, and gives the URL under which it shows it."""
    proxies: list[ThreadingHTTPServer] = []

    def proxied(served: Served) -> str:
        handler: Any = type("ProxyOfServed", (Proxy,), {"target": served.url})
        proxies.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=proxies[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{proxies[-1].server_port}/desk"

    yield proxied
    for proxy in proxies:
        proxy.shutdown()
        proxy.server_close()


def test_all_is_right_under_the_prefix_of_a_proxy(start: Start, proxied: Callable[[Served], str]) -> None:
    shown, key = new_key("desk", [Role.PREDICT])
    url = proxied(start(API_ROOT_PATH="/desk", API_KEYS=key.line))

    with httpx.Client(base_url=f"{url}/", follow_redirects=True) as client:
        root = client.get("")
        document = client.get("openapi.json").json()
        docs = [client.get(path) for path in ("docs", "docs/assets/swagger-ui.css", "docs/assets/start.js")]
        missing = client.get("nothing", headers={"x-api-key": shown})
        refused = client.post("predict", json=TEXT)
        v2 = client.get("v2/models/nothing", headers={"x-api-key": shown})
        answer = client.post("predict", json=TEXT, headers={"x-api-key": shown})
        health = client.get("health/ready")

    assert (root.status_code, root.url.path.startswith("/desk/")) == (200, True)
    assert [page.status_code for page in docs] == [200] * 3
    assert document["servers"] == [{"url": "/desk"}]
    assert refused.json()["instance"] == "/desk/predict"
    assert missing.json()["instance"] == "/desk/nothing"
    assert [reply.status_code for reply in (refused, missing, answer, health)] == [401, 403, 200, 200]
    assert v2.json() == {"error": "there is no model 'nothing': there is tickertape"}


def test_the_address_that_a_proxy_tells_counts_only_if_the_proxy_is_named(
    start: Start, proxied: Callable[[Served], str]
) -> None:
    limits = {"API_RATE_REQUESTS_PER_SECOND": "0.001", "API_RATE_BURST_SECONDS": "1000"}
    trusting = start(API_ROOT_PATH="/desk", API_TRUSTED_PROXIES="127.0.0.0/8", **limits)
    wary = start(API_ROOT_PATH="/desk", **limits)

    through_trusting = [httpx.get(f"{proxied(trusting)}/version").status_code for _ in range(2)]
    beside_trusting = httpx.get(f"{trusting.url}/version").status_code
    forged = httpx.get(f"{trusting.url}/version", headers={"x-forwarded-for": "198.51.100.4, 203.0.113.9"}).status_code
    through_wary = httpx.get(f"{proxied(wary)}/version").status_code
    beside_wary = httpx.get(f"{wary.url}/version").status_code

    assert (through_trusting, beside_trusting, forged) == ([200, 429], 200, 429)
    assert (through_wary, beside_wary) == (200, 429)
