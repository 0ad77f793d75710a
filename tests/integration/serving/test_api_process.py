"""`tickertape serve` as a process of its own, over real HTTP, with the model that ships."""

import gzip
import json
import random
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from api.openapi import examples
from api.protocols import examples as protocol_examples

Start = Callable[..., Any]

END_SECONDS = 30  # generous: it only ends a test that hangs


def test_all_documented_requests_are_answered_by_the_shipped_model(start: Start) -> None:
    served = start()

    answers = {
        name: httpx.post(f"{served.url}/predict", json=example["value"]) for name, example in examples.REQUESTS.items()
    }

    [tweet] = answers["tweet"].json()["predictions"]
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(examples.REQUESTS, 200)
    assert served.ready["model"]["version"].startswith("pretrained-")
    assert tweet["model"] == served.ready["model"]
    assert tweet["label"] == "Analyst Update"
    assert tweet["tickers"] == ["AAPL"]
    assert -1 <= tweet["sentiment_score"] <= 1
    assert len(tweet["labels"]) == 3


def test_documentation_and_health_are_served(start: Start) -> None:
    served = start(API_MAX_TEXTS="7")

    document = httpx.get(f"{served.url}/openapi.json").json()

    assert httpx.get(served.ready["docs"]).status_code == httpx.codes.OK
    assert httpx.get(f"{served.url}/docs/assets/swagger-ui-bundle.js").status_code == httpx.codes.OK
    assert httpx.get(f"{served.url}/health/ready").json() == {
        "status": "ready",
        "model": served.ready["model"],
        "last_refusal": None,
    }
    assert document["components"]["schemas"]["Texts"]["properties"]["texts"]["maxItems"] == 7


def test_an_id_goes_from_the_request_to_its_answer_and_its_log_lines_and_nothing_else_does(start: Start) -> None:
    served = start(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1", TICKERTAPE_LOG_JSON="true")
    label = {"feedback": [{"tweet_id": "1", "label": "IPO"}]}

    refused = httpx.post(f"{served.url}/feedback", json=label, headers={"X-Request-ID": "desk-7"}, timeout=30)
    odd = httpx.get(f"{served.url}/health/live", headers={"X-Request-ID": "two words"})
    _, errors = served.end(signal.SIGTERM)

    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert refused.json()["request_id"] == refused.headers["x-request-id"] == "desk-7"
    assert len(odd.headers["x-request-id"]) == 32
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    named = {line["event"]: line["request_id"] for line in lines if "request_id" in line}
    assert named == {"feedback_not_delivered": "desk-7"}


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_one_process_ends_with_0_when_it_is_told_to(start: Start, signum: int) -> None:
    served = start()
    httpx.post(f"{served.url}/predict", json=examples.ONE_TEXT).raise_for_status()

    code, errors = served.end(signum)

    assert code == 0
    assert f"ready: {served.url}/ the live page, {served.url}/docs the API (model tickertape pretrained-" in errors
    assert "Traceback" not in errors
    with pytest.raises(httpx.ConnectError):
        httpx.get(served.url)


@pytest.mark.parametrize("signum", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM])
def test_several_processes_answer_on_one_port_and_end_together(start: Start, signum: int) -> None:
    served = start("--workers", "2")
    workers = served.workers()
    httpx.post(f"{served.url}/predict", json=examples.MANY_TEXTS).raise_for_status()

    code, errors = served.end(signum)

    assert len(workers) == 2
    assert code == 0
    assert "Traceback" not in errors
    assert not any(_lives(worker) for worker in workers)


@pytest.mark.slow
def test_workers_whose_supervisor_was_killed_end_by_themselves(start: Start) -> None:
    served = start("--workers", "2")
    workers = served.workers()

    served.end(signal.SIGKILL)  # waits until every process has let go of the pipes

    assert len(workers) == 2
    assert not any(_lives(worker) for worker in workers)


@pytest.mark.slow
def test_a_busy_port_is_one_line_and_exit_code_1(run_serve: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = run_serve("--port", str(port))
        _, errors = process.communicate(timeout=END_SECONDS)

    assert process.returncode == 1
    assert errors == (
        f"tickertape serve: port {port} on 127.0.0.1 is in use: stop what listens there, "
        "or choose another with --port (0: any free)\n"
    )


@pytest.mark.slow
@pytest.mark.training  # trains nothing, but needs MLflow to find the store broken
@pytest.mark.parametrize("words", [(), ("--workers", "2")])
def test_a_model_that_cannot_be_loaded_ends_every_process_with_exit_code_1(
    run_serve: Any, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"no database")
    process = run_serve("--port", "0", *words)

    output, errors = process.communicate(timeout=4 * END_SECONDS)  # MLflow takes its seconds

    assert (process.returncode, output) == (1, "")
    assert errors.splitlines()[-1].startswith("tickertape serve: ")
    assert "Traceback" not in errors


@pytest.mark.slow
def test_an_address_that_others_can_reach_is_warned_of(start: Start) -> None:
    served = start("--host", "0.0.0.0", API_OPEN="true")  # noqa: S104  # what is warned of

    _, errors = served.end(signal.SIGTERM)

    assert errors.splitlines()[0] == (
        "warning: other machines can reach 0.0.0.0, and nobody is asked for a key (API_OPEN)"
    )


@pytest.mark.slow
def test_large_and_streamed_bodies_are_refused_and_the_server_goes_on(start: Start) -> None:
    served = start(API_MAX_BODY_BYTES="100000")
    headers = {"content-type": "application/json"}

    declared = httpx.post(f"{served.url}/predict", headers=headers, content=b" " * 1_000_000)
    streamed = httpx.post(f"{served.url}/predict", headers=headers, content=(b" " * 1000 for _ in range(1000)))
    later = httpx.post(f"{served.url}/predict", json=examples.ONE_TEXT)

    assert [answer.status_code for answer in (declared, streamed, later)] == [413, 413, 200]
    assert declared.json()["detail"] == streamed.json()["detail"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "whole"),
    [
        (
            "/predict",
            {"texts": [{"data": {"id": "1", "text": "$AAPL \U0001f680", "entities": {"cashtags": [{"tag": "A"}]}}}]},
        ),
        ("/predict", {"texts": ["$AAPL up 3% \U0001f680 caf\u00e9", "down"]}),
        ("/v2/models/tickertape/infer", protocol_examples.INFERENCES["labels"]["value"]),
        ("/v2/models/tickertape/infer", protocol_examples.INFERENCES["base64"]["value"]),
        ("/invocations", protocol_examples.INVOCATIONS["dataframe-split"]["value"]),
        ("/invocations", protocol_examples.INVOCATIONS["inputs"]["value"]),
    ],
)
def test_no_body_whatever_makes_a_500(start: Start, path: str, whole: dict[str, Any]) -> None:
    served = start()
    body = json.dumps(whole, ensure_ascii=False).encode()
    headers = {"content-type": "application/json"}

    with httpx.Client(base_url=served.url) as client:
        statuses = [
            client.post(path, headers=headers, content=content).status_code
            for content in _broken_bodies(random.Random(7), body)
        ]
        zipped = client.post(path, headers=headers | {"content-encoding": "gzip"}, content=gzip.compress(body))
        later = client.post(path, headers=headers, content=body)

    _, errors = served.end(signal.SIGTERM)
    assert set(statuses) <= {200, 400, 422}
    assert {400, 422} <= set(statuses)
    assert (zipped.status_code, later.status_code) == (415, 200)
    assert "request_failed" not in errors


def _broken_bodies(seeded: random.Random, body: bytes) -> Iterator[bytes]:
    yield from (b"", b"null", b"[]", b"{}", b"\xef\xbb\xbf{}", b"[" * 200_000, b'{"texts":' * 100_000)
    yield from (b'{"texts":[{"text":"\\ud800"}]}', b'{"texts":[{"text":"x","n":NaN}]}', b'{"texts":[{"text":1e999}]}')
    yield b'{"texts":[{"text":"x","n":' + b"9" * 100_000 + b"}]}"
    yield body.replace(b"[", b"[" * 100_000, 1)
    whole = bytearray(body)
    for _ in range(500):
        broken = whole.copy()
        for _ in range(seeded.randint(1, 4)):
            broken[seeded.randrange(len(broken))] = seeded.choice(b'"{}[]:,\\u0n\xff\x00 ')
        yield bytes(broken[: seeded.randint(1, len(broken))] if seeded.random() < 0.3 else broken)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
