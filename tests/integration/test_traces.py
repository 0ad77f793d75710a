"""Real workers and servers that send their spans to a receiver of the test's own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from kafka import KafkaProducer

pytestmark = pytest.mark.integration

Cluster = Any  # tests can't import conftest.py
Receiver = Any
StartWorker = Callable[..., Any]

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01".encode(), f"00-{TRACE}-{SPAN}-00".encode()
CONSUMER, SERVER = 5, 2


def publish(cluster: Cluster, headers: list[tuple[str, bytes]], *, count: int = 1) -> list[tuple[int, int]]:
    """Send tweets with headers; gives the partition and offset of each."""
    with closing(KafkaProducer(bootstrap_servers=cluster.servers, acks="all", linger_ms=5)) as producer:
        sent = [
            producer.send(
                cluster.topics.raw.name,
                key=str(number).encode(),
                value=json.dumps({"id": str(number), "text": f"$AAPL beats Q{number} estimates"}).encode(),
                headers=headers,
            )
            for number in range(count)
        ]
        producer.flush()
        return [(one.get(timeout=30).partition, one.get(timeout=30).offset) for one in sent]


def traceparents(cluster: Cluster) -> list[bytes | None]:
    """What the outputs carry: classified tweets first, then sentiments."""
    answers = [*cluster.read(cluster.topics.classified.name), *cluster.read(cluster.topics.sentiment.name)]
    return [answer.headers.get("traceparent") for answer in answers]


def test_span_of_a_recorded_tweet_is_below_its_parent_and_both_outputs_name_it(
    cluster: Cluster, start_worker: StartWorker, trace_receiver: Receiver
) -> None:
    ((partition, offset),) = publish(cluster, [("traceparent", SAMPLED)])

    start_worker(OTEL_EXPORTER_OTLP_ENDPOINT=trace_receiver.endpoint, OTEL_TRACES_SAMPLER_ARG=0)

    (span,) = trace_receiver.wait_for(1)
    assert (span.name, span.kind, span.service) == ("classify tweet", CONSUMER, "tickertape-worker")
    assert (span.trace_id, span.parent_id, span.is_failed) == (TRACE, SPAN, False)
    assert span.attributes["messaging.destination.name"] == cluster.topics.raw.name
    assert span.attributes["messaging.destination.partition.id"] == str(partition)
    assert span.attributes["messaging.kafka.offset"] == offset
    assert span.attributes["messaging.consumer.group.name"] == f"{cluster.prefix}group"
    assert span.attributes["tickertape.model.version"].startswith("pretrained-")
    (classified,) = cluster.read(cluster.topics.classified.name)
    answer = json.loads(classified.value)
    assert span.attributes["tickertape.label"] == answer["label"]
    assert span.attributes["tickertape.sentiment"] == answer["sentiment"]
    assert span.started_at < span.ended_at
    assert traceparents(cluster) == [f"00-{TRACE}-{span.span_id}-01".encode()] * 2


def test_unrecorded_tweets_and_those_that_are_not_drawn_have_no_spans(
    cluster: Cluster, start_worker: StartWorker, trace_receiver: Receiver
) -> None:
    publish(cluster, [("traceparent", UNSAMPLED)])
    publish(cluster, [("traceparent", b"nonsense")])
    publish(cluster, [])
    worker = start_worker(OTEL_EXPORTER_OTLP_ENDPOINT=trace_receiver.endpoint, OTEL_TRACES_SAMPLER_ARG=0)
    cluster.wait_until_answered(3)

    assert worker.stop() == 0

    assert trace_receiver.spans == []
    assert sorted(map(str, traceparents(cluster))) == sorted(map(str, [UNSAMPLED, b"nonsense", None] * 2))


def test_clean_stop_sends_the_spans_that_still_wait(
    cluster: Cluster, start_worker: StartWorker, trace_receiver: Receiver
) -> None:
    publish(cluster, [], count=200)
    worker = start_worker(
        OTEL_EXPORTER_OTLP_ENDPOINT=trace_receiver.endpoint, OTEL_TRACES_SAMPLER_ARG=1, OTEL_SERVICE_NAME="desk"
    )
    cluster.wait_until_answered(200)

    assert worker.stop() == 0

    assert len(trace_receiver.spans) == 200
    assert {span.service for span in trace_receiver.spans} == {"desk"}
    assert {span.parent_id for span in trace_receiver.spans} == {""}
    named = {f"00-{span.trace_id}-{span.span_id}-03".encode() for span in trace_receiver.spans}
    assert len(named) == 200
    assert set(traceparents(cluster)) == named
    assert "spans_lost" not in worker.log


@pytest.mark.parametrize("is_silent", [False, True])
def test_dead_or_silent_receiver_holds_up_no_tweet_and_no_stop(
    cluster: Cluster, start_worker: StartWorker, trace_receiver: Receiver, free_port: int, *, is_silent: bool
) -> None:
    trace_receiver.may_answer.clear()
    endpoint = trace_receiver.endpoint if is_silent else f"http://127.0.0.1:{free_port}"
    publish(cluster, [("traceparent", SAMPLED)], count=3000)
    worker = start_worker(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_MAX_QUEUE_SIZE=100)
    cluster.wait_until_answered(3000)

    assert worker.stop() == 0

    lost = [line for line in worker.log.splitlines() if "opentelemetry" in line or "spans_lost" in line]
    assert 1 <= len(lost) <= 3
    assert all("spans_lost" in line for line in lost)
    assert cluster.answered() == 3000


@pytest.fixture
def start_server(tmp_path: Path, trace_receiver: Receiver) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start `tickertape serve` processes that trace; killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> "subprocess.Popen[str]":
        environment = {
            "TICKERTAPE_HOME": str(tmp_path),
            "OTEL_EXPORTER_OTLP_ENDPOINT": trace_receiver.endpoint,
            "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
        }
        command = [sys.executable, "-m", "tickertape", "serve", "--port", "0", "--json", *words]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=30)


@pytest.mark.parametrize("words", [(), ("--workers", "2")])
def test_request_of_a_recorded_trace_has_a_span_when_the_server_ends(
    start_server: Callable[..., "subprocess.Popen[str]"], trace_receiver: Receiver, words: tuple[str, ...]
) -> None:
    process = start_server(*words)
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    httpx.post(
        f"{url}/predict", json={"texts": [{"text": "up"}]}, headers={"traceparent": SAMPLED.decode()}
    ).raise_for_status()

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=30) == 0
    (span,) = [span for span in trace_receiver.spans if span.parent_id == SPAN]
    assert (span.name, span.kind, span.service, span.trace_id) == ("POST /predict", SERVER, "tickertape-api", TRACE)
    assert span.attributes["http.response.status_code"] == 200
    assert {path for path, _ in trace_receiver.requests} == {"/v1/traces"}  # FastAPI would send metrics and logs too
