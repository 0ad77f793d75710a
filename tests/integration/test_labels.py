"""Both doors through which labels get in, against a real Kafka: `POST /feedback` and `tickertape label`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from kafka import KafkaConsumer, KafkaProducer

from api.openapi import examples
from api.publisher import KafkaPublisher
from api.request_errors import FeedbackNotDeliveredError
from config.settings import BrokerSettings, TopicSettings
from models.feedback import Feedback, ToLabel, Why
from models.taxonomy import Label, Sentiment
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.codecs import decode_feedback, encode
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
Tickertape = Callable[..., subprocess.CompletedProcess[str]]
TIMEOUT_SECONDS = 60
AT = "2026-01-31T09:30:00Z"


def environment_of(servers: str, prefix: str) -> dict[str, str]:
    return os.environ | {"KAFKA_BOOTSTRAP_SERVERS": servers, "TOPICS_PREFIX": prefix}


@contextmanager
def served(home: Path, *words: str, servers: str, prefix: str) -> Iterator[httpx.Client]:
    """Run `tickertape serve` and give a client for it."""
    environment = environment_of(servers, prefix) | {"TICKERTAPE_HOME": str(home)}
    command = [sys.executable, "-m", "tickertape", "serve", "--port", "0", "--json", *words]
    with (
        (home / "api.log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as client:
            yield client
        process.terminate()


def start_tickertape(*words: str, servers: str, prefix: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tickertape", *words],
        env=environment_of(servers, prefix),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def tickertape(kafka_servers: str, topic_prefix: str) -> Tickertape:
    """Run `tickertape VERB ...` on this test's topics to its end."""

    def run(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        process = start_tickertape(*words, servers=kafka_servers, prefix=topic_prefix)
        output, errors = process.communicate(given, timeout=TIMEOUT_SECONDS)
        return subprocess.CompletedProcess(words, process.returncode, output, errors)

    return run


def test_feedback_over_http_is_in_its_topic_when_it_is_answered(cluster: Cluster, tmp_path: Path) -> None:
    with served(tmp_path, servers=cluster.servers, prefix=cluster.prefix) as client:
        answers = [client.post("/feedback", json=example["value"]) for example in examples.FEEDBACK_REQUESTS.values()]
        records = cluster.read(cluster.topics.feedback.name)

    given = [decode_feedback(record.value) for record in records]
    assert [(answer.status_code, answer.json()["accepted"]) for answer in answers] == [(202, 1), (202, 2)]
    assert [record.key for record in records] == [one.tweet_id.encode() for one in given]
    assert [(one.tweet_id, one.label, one.sentiment, one.source) for one in given] == [
        ("1790000000000000002", Label.ANALYST_UPDATE, None, "api"),
        ("1790000000000000002", Label.ANALYST_UPDATE, Sentiment.BEARISH, "api"),
        ("1790000000000000003", None, Sentiment.BULLISH, "desk-7"),
    ]
    assert len({record.headers.pop("ce_id") for record in records}) == 3
    assert [record.headers for record in records] == 3 * [
        {
            "ce_source": b"/tickertape/api",
            "ce_type": b"tickertape.tweet.feedback.v1",
            "ce_specversion": b"1.0",
            "content-type": b"application/json",
        }
    ]


def test_a_large_request_arrives_whole_and_in_order(cluster: Cluster, tmp_path: Path) -> None:
    given = [{"tweet_id": str(number), "label": "IPO", "text": "x" * 4000} for number in range(1000)]

    with served(tmp_path, "--workers", "2", servers=cluster.servers, prefix=cluster.prefix) as client:
        answer = client.post("/feedback", json={"feedback": given})

    assert answer.json() == {"accepted": 1000}
    assert [record.key for record in cluster.read(cluster.topics.feedback.name)] == [
        str(number).encode() for number in range(1000)
    ]


def test_the_api_answers_without_kafka_and_finds_it_when_it_comes_and_comes_back(
    tmp_path: Path, free_port: int
) -> None:
    servers, body = f"127.0.0.1:{free_port}", examples.ONE_LABEL
    settings = BrokerSettings()
    options = BrokerOptions(
        data_dir=tmp_path / "kafka",
        cache_dir=settings.cache_dir,
        maven_repository=settings.maven_repository,
        jars_dir=settings.jars_dir,
        port=free_port,
    )
    with served(tmp_path, servers=servers, prefix="") as client:
        without = client.post("/feedback", json=body, headers={"x-request-id": examples.REQUEST_ID})
        predicted = client.post("/predict", json=examples.ONE_TEXT)
        with EmbeddedKafka(options):
            no_topic = client.post("/feedback", json=body)
            ensure_topics(KafkaConnection(servers), (declare_topics(TopicSettings()).feedback,))
            delivered = client.post("/feedback", json=body)
        gone = client.post("/feedback", json=body)
        still_predicted = client.post("/predict", json=examples.ONE_TEXT)
        with EmbeddedKafka(options):
            back = client.post("/feedback", json=body)

    assert without.json() == examples.NO_KAFKA
    assert "start a worker, which makes it, then send all again" in no_topic.json()["detail"]
    assert gone.json()["detail"].startswith("Kafka acknowledged 0 of 1: send all again")
    assert [answer.status_code for answer in (without, no_topic, delivered, gone, back)] == [503, 503, 202, 503, 202]
    assert [answer.status_code for answer in (predicted, still_predicted)] == [200, 200]


async def test_what_kafka_refuses_is_told_with_what_it_took_and_the_next_is_delivered(cluster: Cluster) -> None:
    topic = replace(cluster.topics.feedback, name=f"{cluster.prefix}small", max_message_bytes=150_000)
    ensure_topics(KafkaConnection(cluster.servers), (topic,))
    publisher = KafkaPublisher(kafka=KafkaConnection(cluster.servers), topic=topic.name)
    small = [Feedback(str(number), "desk", AT, label=Label.IPO, text="x" * 2000) for number in range(80)]
    large = Feedback("80", "desk", AT, label=Label.IPO, text="\x01" * 25_000)

    with pytest.raises(FeedbackNotDeliveredError, match="Kafka acknowledged 80 of 81: send all again"):
        await publisher.publish([*small, large])
    await publisher.publish(small[:1])
    await publisher.close()

    assert [decode_feedback(record.value) for record in cluster.read(topic.name)] == [*small, small[0]]


def test_labels_of_a_file_make_their_topic_and_are_all_in_it(
    kafka_servers: str, topic_prefix: str, tickertape: Tickertape, tmp_path: Path
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('tweet_id,label,sentiment,text\n1,IPO,,\n2,,bearish,"down, down"\n')

    ended = tickertape("label", str(path), "--source", "desk-7", "--json")

    name = f"{topic_prefix}tweets.feedback"
    with closing(KafkaConsumer(name, bootstrap_servers=kafka_servers, auto_offset_reset="earliest")) as consumer:
        partitions = consumer.partitions_for_topic(name)
        records = [next(consumer), next(consumer)]
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout) == {"topic": name, "sent": 2, "bad": 0, "interrupted": False}
    given = [decode_feedback(record.value) for record in records]
    assert [(one.tweet_id, one.label, one.sentiment, one.text, one.source) for one in given] == [
        ("1", Label.IPO, None, None, "desk-7"),
        ("2", None, Sentiment.BEARISH, "down, down", "desk-7"),
    ]
    assert partitions == {0}
    assert [record.key for record in records] == [b"1", b"2"]
    assert {dict(record.headers)["ce_source"] for record in records} == {b"/tickertape/label"}
    assert {dict(record.headers)["ce_type"] for record in records} == {b"tickertape.tweet.feedback.v1"}


def test_bad_lines_are_told_and_fail_the_run_and_the_good_ones_are_sent(
    cluster: Cluster, tickertape: Tickertape
) -> None:
    lines = [
        '{"tweet_id": "1", "label": "IPO"}',
        '{"tweet_id": "2", "label": "ipo"}',
        "x",
        '{"id": "3", "label": "IPO"}',
    ]

    ended = tickertape("label", "-", given="\n".join(lines))

    name = cluster.topics.feedback.name
    assert ended.returncode == 1
    assert ended.stdout == f"sent 2 labels to {name}, all acknowledged; 2 bad lines were not sent\n"
    assert [line.split(":")[:2] for line in ended.stderr.splitlines()] == [
        ["line 2", " unknown_label"],
        ["line 3", " invalid_json"],
    ]
    assert [record.key for record in cluster.read(name)] == [b"1", b"3"]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_how_many_labels_are_acknowledged(cluster: Cluster, stop: signal.Signals) -> None:
    process = start_tickertape("label", "-", "--json", servers=cluster.servers, prefix=cluster.prefix)
    assert process.stdin is not None
    process.stdin.write('{"tweet_id": "1", "label": "IPO"}\n{"tweet_id": "2", "label": "IPO"}\n')
    process.stdin.flush()
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(cluster.read(cluster.topics.feedback.name)) < 2:
        assert time.monotonic() < deadline

    process.send_signal(stop)
    output = process.stdout.read() if process.stdout else ""
    process.communicate(timeout=TIMEOUT_SECONDS)

    assert process.returncode == 1
    assert json.loads(output) == {"topic": cluster.topics.feedback.name, "sent": 2, "bad": 0, "interrupted": True}


def test_labels_without_kafka_are_one_clear_line(tmp_path: Path, free_port: int) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"tweet_id": "1", "label": "IPO"}')
    process = start_tickertape("label", str(path), servers=f"127.0.0.1:{free_port}", prefix="")

    output, errors = process.communicate(timeout=TIMEOUT_SECONDS)

    assert (process.returncode, output) == (1, "")
    assert errors.startswith(f"tickertape label: no Kafka answers at 127.0.0.1:{free_port}: start one with")
    assert errors.count("\n") == 1


def test_what_is_to_be_labelled_comes_back_with_a_label_and_is_shown(cluster: Cluster, tickertape: Tickertape) -> None:
    producer = KafkaProducer(bootstrap_servers=cluster.servers)
    producer.send(cluster.topics.to_label.name, encode(ToLabel("9", "$ACME files", Why.RANDOM, 0.01))).get(timeout=30)
    producer.close()
    words = ("--from-beginning", "--count", "1")

    row = tickertape("tail", "--topic", "to-label", *words).stdout
    to_label = json.loads(tickertape("tail", "--topic", "to-label", "--json", *words).stdout)
    ended = tickertape("label", "-", given=json.dumps(to_label | {"label": "IPO", "labelled_at": AT}))
    shown = tickertape("tail", "--topic", "feedback", *words).stdout
    record = json.loads(tickertape("tail", "--topic", "feedback", "--json", *words).stdout)

    assert row.split() == ["random", "1.00%", "9", "$ACME", "files"]
    assert ended.returncode == 0
    assert shown.split() == ["09:30:00", "9", "IPO", "label", "$ACME", "files"]
    assert record == {"tweet_id": "9", "source": "label", "labelled_at": AT, "label": "IPO", "text": "$ACME files"}
