import socket
import urllib.request

import pytest

from models.errors import ApiError
from models.feedback import Why
from models.records import ModelChange, ModelVersion
from monitoring.metrics import count_to_label, exposition, record_change, serve_metrics, show_model


def value_of(sample: str) -> float:
    """Read one sample of the exposition."""
    (line,) = [line for line in exposition().decode().splitlines() if line.startswith(sample + " ")]
    return float(line.removeprefix(sample))


def change(outcome: str) -> ModelChange:
    return ModelChange(outcome, "tickertape", "2", "1", (), "2026-01-01T00:00:00.000Z")  # type: ignore[arg-type]


def test_changes_are_counted_by_outcome() -> None:
    names = [f'tickertape_model_changes_total{{outcome="{outcome}"}}' for outcome in ("swapped", "refused")]
    before = [value_of(name) for name in names]

    record_change(change("refused"))

    assert [value_of(name) - then for name, then in zip(names, before, strict=True)] == [0, 1]


def test_tweets_sent_out_for_labelling_are_counted_by_why() -> None:
    names = [f'tickertape_tweets_to_label_total{{why="{why}"}}' for why in ("random", "uncertain", "disputed")]
    before = [value_of(name) for name in names]

    count_to_label({Why.RANDOM: 2, Why.DISPUTED: 1})

    assert [value_of(name) - then for name, then in zip(names, before, strict=True)] == [2, 0, 1]


def test_only_the_version_that_answers_is_shown() -> None:
    show_model(ModelVersion("tickertape", "1"))
    record_change(change("refused"))
    record_change(change("swapped"))

    shown = [line for line in exposition().decode().splitlines() if line.startswith("tickertape_model_info{")]

    assert shown == ['tickertape_model_info{name="tickertape",version="2"} 1.0']


def test_metrics_are_answered_on_their_port() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    serve_metrics(port)

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        assert "tickertape_model_changes_total" in response.read().decode()


def test_port_in_use_says_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))  # noqa: S104  # where the metrics would be
        other.listen()

        with pytest.raises(ApiError, match="STREAM_METRICS_PORT of its own"):
            serve_metrics(other.getsockname()[1])
