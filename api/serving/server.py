"""Runs the application: takes the port, serves in this process or in one that reloads, tells when it is ready."""

import errno
import http.client
import ipaddress
import json
import logging
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from uvicorn.supervisors import ChangeReload

from api.serving.guarding import TOLD_CONNECTIONS, ConnectionLimits
from api.serving.uvicorn_server import NO_PROXY, Proxy, Server, server_config
from models.errors import ApiError

logger = logging.getLogger(__name__)

FILES_BESIDE = 100  # of a process, beside its connections: libraries, Kafka, the registry
READY_POLL_SECONDS = 0.05
READY_TIMEOUT_SECONDS = 5.0


def listen(host: str, port: int) -> socket.socket:
    """Take the port, so that nobody else can and clients wait instead of being refused.

    Args:
        host: a name or an address of this machine; of a name's addresses the IPv4 one is preferred.
        port: 0 takes any free one.

    Raises:
        ApiError: the port is in use or not allowed, or the host is none of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as exc:
        raise ApiError(f"{host!r} is no address of this machine: choose another with --host ({exc})") from exc
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as exc:
        listener.close()
        raise ApiError(_why_not(exc, host, port)) from exc
    return listener


def allow_open_files(limits: ConnectionLimits) -> None:
    """Let this process, and those it starts, open as many files as its connections need, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = limits.max_connections + TOLD_CONNECTIONS + FILES_BESIDE
    if hard != resource.RLIM_INFINITY and hard < needed:
        logger.warning("too_few_open_files", extra={"allowed": hard, "needed": needed, "remedy": "API_MAX_CONNECTIONS"})
        needed = hard
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def is_loopback(listener: socket.socket) -> bool:
    """Tell whether only this machine can reach it."""
    address: str = listener.getsockname()[0]
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def url_of(listener: socket.socket) -> str:
    """Give the URL under which this machine reaches it, without a slash at its end."""
    host, port = _reachable(listener)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    listener: socket.socket,
    make_app: Callable[[Callable[[Exception], None]], FastAPI],
    limits: ConnectionLimits,
    *,
    proxy: Proxy = NO_PROXY,
) -> None:
    """Serve in this process until SIGINT or SIGTERM.

    Args:
        listener: see `listen`.
        limits: of its connections.
        make_app: builds the application; its argument takes the failure if the model can't be loaded.
        proxy: what stands before the server.

    Raises:
        Exception: that failure.
    """
    failures: list[Exception] = []

    def stop(exc: Exception) -> None:
        failures.append(exc)
        server.should_exit = True

    server = Server(server_config(make_app(stop), limits, proxy))
    for signum in (signal.SIGINT, signal.SIGTERM):
        # uvicorn repeats the signal after it has stopped; that must not kill a process that ended as it should.
        signal.signal(signum, server.handle_exit)
    server.run(sockets=[listener])
    if failures:
        raise failures[0]


def serve_and_reload(
    listener: socket.socket, factory: str, limits: ConnectionLimits, *, folders: Sequence[Path], proxy: Proxy = NO_PROXY
) -> None:
    """Serve in a child that starts again when a source file changes.

    Args:
        listener: see `listen`.
        limits: of its connections.
        factory: `module:function` that builds the application.
        folders: where the source files are.
        proxy: see `serve`.
    """
    config = server_config(factory, limits, proxy, factory=True, reload=True, reload_dirs=[*map(str, folders)])
    ChangeReload(config, target=Server(config).run, sockets=[listener]).run()


def announce_when_ready(listener: socket.socket, announce: Callable[[dict[str, Any]], None]) -> None:
    """Ask `/health/ready` in a thread until it answers 200, then give its body to `announce`, once."""
    host, port = _reachable(listener)

    def wait() -> None:
        while (ready := _ready(host, port)) is None:
            time.sleep(READY_POLL_SECONDS)
        announce(ready)

    threading.Thread(target=wait, name="announce-when-ready", daemon=True).start()


def _reachable(listener: socket.socket) -> tuple[str, int]:
    host, port = listener.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104  # compared, not bound


def _ready(host: str, port: int) -> dict[str, Any] | None:
    connection = http.client.HTTPConnection(host, port, timeout=READY_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        response = connection.getresponse()
        body: dict[str, Any] = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return body if response.status == http.HTTPStatus.OK else None


def _why_not(exc: OSError, host: str, port: int) -> str:
    if exc.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what listens there, or choose another with --port (0: any free)"
    if exc.errno == errno.EACCES:
        return f"port {port} is not allowed to this user: choose one above 1023 with --port"
    return f"can't listen on {host} port {port}: {exc.strerror}; choose an address of this machine with --host"
