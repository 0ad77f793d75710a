import json
import socket
import urllib.error
import urllib.request
from typing import Any

import pytest

from models.errors import ApiError
from monitoring.serving import Readiness, serve_metrics


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def get(port: int, path: str) -> tuple[int, str, bytes]:
    """Give status, content type and body."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.status, response.headers["content-type"], response.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers["content-type"], refusal.read()


def test_metrics_are_answered_on_their_port(port: int) -> None:
    serve_metrics(port)

    status, kind, body = get(port, "/metrics")
    assert (status, kind.split(";")[0]) == (200, "text/plain")
    assert b"tickertape_model_changes_total" in body


def test_readiness_is_told_as_it_is_when_it_is_asked_for(port: int) -> None:
    told: dict[str, Any] = {"status": "ready", "lag_tweets": 0}
    serve_metrics(port, readiness=lambda: Readiness(is_ready=told["status"] == "ready", told=told))

    assert get(port, "/health/ready")[:2] == (200, "application/json")
    told |= {"status": "stalled", "lag_tweets": 7}

    status, _, body = get(port, "/health/ready")
    assert (status, json.loads(body)) == (503, {"status": "stalled", "lag_tweets": 7})
    assert get(port, "/metrics")[0] == 200


def test_port_in_use_says_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))  # noqa: S104  # where the metrics would be
        other.listen()

        with pytest.raises(ApiError, match="STREAM_METRICS_PORT, or DRIFT_METRICS_PORT"):
            serve_metrics(other.getsockname()[1])
