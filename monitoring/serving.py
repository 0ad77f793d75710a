"""A port for Prometheus and for whoever asks whether a process gets on."""

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from socketserver import ThreadingMixIn
from threading import Thread
from typing import NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from models.errors import ApiError
from monitoring.metrics import metrics_app

READY_PATH = "/health/ready"


class Readiness(NamedTuple):
    """Whether a process gets on with its work.

    Attributes:
        is_ready: it does.
        told: what stands in the answer.
    """

    is_ready: bool
    told: Mapping[str, str | float]


def serve_metrics(port: int, *, readiness: Callable[[], Readiness] | None = None) -> None:
    """Answer `GET /metrics` on a port, on all addresses, in threads that end with the process.

    Args:
        port: to listen on.
        readiness: answers `GET /health/ready`, with 200 or 503; called from any thread.

    Raises:
        ApiError: the port is in use or not allowed.
    """
    try:
        server = make_server("", port, _app(readiness), _Server, handler_class=_Handler)
    except OSError as exc:
        raise ApiError(
            f"can't show metrics on port {port}: {exc.strerror}; give each process a port of its own with STREAM_METRICS_PORT, or DRIFT_METRICS_PORT"
        ) from exc
    Thread(target=server.serve_forever, name="serve-metrics", daemon=True).start()


def _app(readiness: Callable[[], Readiness] | None) -> WSGIApplication:
    metrics = metrics_app()

    def answer(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if readiness is None or environment["PATH_INFO"] != READY_PATH:
            return metrics(environment, start_response)
        is_ready, told = readiness()
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        headers = [("content-type", "application/json"), ("cache-control", "no-store")]
        start_response(f"{status.value} {status.phrase}", headers)
        return [json.dumps(dict(told)).encode()]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    """One thread a request, so that a client that takes its time holds up nobody."""

    daemon_threads = True


class _Handler(WSGIRequestHandler):
    """Logs no requests."""

    def log_message(self, *_: object) -> None:
        """Do nothing."""
