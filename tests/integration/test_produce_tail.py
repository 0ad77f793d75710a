"""`tickertape produce` and `tickertape tail` as processes, against a real Kafka."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from models.errors import DeliveryError
from stream.feed.generator import generate
from stream.feed.publishing import publish
from stream.kafka.connection import KafkaConnection

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
Process = subprocess.Popen[bytes]
TIMEOUT_SECONDS = 60


@pytest.fixture
def start(cluster: Cluster) -> Iterator[Callable[..., Process]]:
    """Start `tickertape VERB ...` on this test's topics; all are ended at its end."""
    processes: list[Process] = []
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": cluster.servers, "TOPICS_PREFIX": cluster.prefix}

    def start_process(*words: str, **settings: str) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-m", "tickertape", *words],
            env=environment | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        processes.append(process)
        return process

    yield start_process
    for process in processes:
        process.kill()
        process.communicate()


def finish(process: Process, given: bytes | None = None) -> tuple[int, str, str]:
    output, errors = process.communicate(given, timeout=TIMEOUT_SECONDS)
    return process.returncode, output.decode(), errors.decode()


def wait_for_event(process: Process, event: str) -> None:
    """Read the process' log up to a line with the event, and go on reading so that it never blocks."""
    assert process.stderr is not None
    assert any(event.encode() in line for line in process.stderr)


def classified(number: int, text: str = "up") -> bytes:
    record = {
        "id": str(number),
        "text": text,
        "created_at": None,
        "tickers": ["AAPL"],
        "label": "Earnings",
        "label_score": 0.9,
        "labels": {"Earnings": 0.9},
        "sentiment": "bullish",
        "sentiment_score": 0.5,
        "answered_by": "batch",
        "model": {"name": "tickertape", "version": "1", "online_version": 0},
        "classified_at": "2026-01-05T14:30:00.000Z",
    }
    return json.dumps(record).encode()


def put(cluster: Cluster, topic: str, values: list[bytes], headers: list[tuple[str, bytes]] | None = None) -> None:
    producer = KafkaProducer(bootstrap_servers=cluster.servers)
    for value in values:
        producer.send(topic, value=value, headers=headers, partition=0).get(timeout=30)
    producer.close()


def test_generated_tweets_arrive_as_the_seed_says_with_their_truth(
    cluster: Cluster, start: Callable[..., Process], tmp_path: Path
) -> None:
    truth = tmp_path / "truth.jsonl"
    words = ("--seed", "11", "--count", "2000", "--malformed-share", "0.2", "--labels", str(truth), "--json")

    code, output, errors = finish(start("produce", "--generate", *words))

    expected = list(islice(generate(11, malformed_share=0.2), 2000))
    arrived = {record.key.decode(): record.value for record in cluster.read(cluster.topics.raw.name)}
    assert (code, errors) == (0, "")
    assert json.loads(output)["published"] == 2000
    assert arrived == {tweet.id: tweet.value for tweet in expected}
    assert [json.loads(line) for line in truth.read_text().splitlines()] == [
        {"id": tweet.id, "label": tweet.label, "sentiment": tweet.sentiment, "malformed": tweet.malformed}
        for tweet in expected
    ]


def test_standard_input_is_published_line_by_line_whatever_it_is(
    cluster: Cluster, start: Callable[..., Process]
) -> None:
    lines = [b'{"id":"5","text":"up"}', b"not json", b"\xff\xfe"]

    code, output, _ = finish(start("produce", "-"), b"\n\n".join(lines))

    arrived = {(record.key, record.value) for record in cluster.read(cluster.topics.raw.name)}
    assert code == 0
    assert output.startswith(f"published 3 tweets to {cluster.topics.raw.name} in ")
    assert arrived == {(b"5", lines[0]), (None, lines[1]), (None, lines[2])}


def test_a_file_is_repeated_as_often_as_told(cluster: Cluster, start: Callable[..., Process], tmp_path: Path) -> None:
    source = tmp_path / "tweets.csv"
    source.write_text("text,label\nup,1\ndown,0\n")

    code, _, _ = finish(start("produce", str(source), "--loop", "3"))

    texts = [json.loads(record.value)["text"] for record in cluster.read(cluster.topics.raw.name)]
    assert code == 0
    assert sorted(texts) == ["down"] * 3 + ["up"] * 3


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_feed_says_exactly_what_it_delivered(
    cluster: Cluster, start: Callable[..., Process], tmp_path: Path, stop: signal.Signals
) -> None:
    source = tmp_path / "one.jsonl"
    source.write_text('{"id":"1","text":"up"}\n')
    process = start("produce", str(source), "--loop", "--rate", "300", "--json")
    while not cluster.read(cluster.topics.raw.name):
        assert process.poll() is None

    process.send_signal(stop)
    code, output, _ = finish(process)

    summary = json.loads(output)
    assert code == 0
    assert summary["interrupted"] is True
    assert summary["published"] == len(cluster.read(cluster.topics.raw.name)) > 0


def test_a_tweet_too_large_for_kafka_fails_the_run_and_not_the_others(
    cluster: Cluster, start: Callable[..., Process]
) -> None:
    lines = [b'{"id":"1","text":"up"}', b'{"id":"2","text":"' + b"x" * 2_000_000 + b'"}', b'{"id":"3","text":"up"}']

    code, output, errors = finish(start("produce", "-"), b"\n".join(lines))

    assert (code, output) == (1, "")
    assert errors.count("\n") == 1
    assert "1 of 3 records that were sent (2 were delivered)" in errors
    assert {record.key for record in cluster.read(cluster.topics.raw.name)} == {b"1", b"3"}


def test_a_topic_that_takes_nothing_ends_the_replay_with_the_count(cluster: Cluster) -> None:
    with pytest.raises(DeliveryError, match=r"0 were delivered"):
        publish(iter([(b"1", b"{}")] * 5), kafka=KafkaConnection(cluster.servers), topic=f"{cluster.prefix}not.there")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("no-such.jsonl",), 1, "can't read no-such.jsonl: No such file"),
        ((), 2, "give either FILE or --generate"),
        (("a.jsonl", "--generate"), 2, "give either FILE or --generate"),
        (("-", "--loop"), 2, "standard input can be read only once"),
        (("a.jsonl", "--seed", "1"), 2, "go with --generate"),
        (("--generate", "--rate", "0"), 2, "0 is not above 0"),
        (("--generate", "--malformed-share", "2"), 2, "2 is not between 0 and 1"),
    ],
)
def test_wrong_use_of_produce_is_one_clear_line(
    start: Callable[..., Process], words: tuple[str, ...], code: int, message: str
) -> None:
    seen, output, errors = finish(start("produce", *words))

    assert (seen, output) == (code, "")
    assert message in errors.splitlines()[-1]


@pytest.mark.parametrize("words", [("produce", "--generate", "--count", "1"), ("tail",)])
def test_without_a_broker_one_line_says_what_to_do(start: Callable[..., Process], words: tuple[str, ...]) -> None:
    code, output, errors = finish(start(*words, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"))

    assert (code, output) == (1, "")
    assert errors.count("\n") == 1
    assert "127.0.0.1:1" in errors
    assert "`tickertape broker`" in errors


def test_tail_prints_the_records_as_they_are_one_a_line(cluster: Cluster, start: Callable[..., Process]) -> None:
    values = [classified(number) for number in range(5)]
    put(cluster, cluster.topics.classified.name, values)

    code, output, _ = finish(start("tail", "--json", "--from-beginning", "--count", "5"))

    assert code == 0
    assert output.encode().splitlines() == values


def test_tail_shows_only_what_comes_after_its_start(cluster: Cluster, start: Callable[..., Process]) -> None:
    put(cluster, cluster.topics.classified.name, [classified(1, "before")])
    process = start("tail", "--count", "1")
    wait_for_event(process, "topic_followed")

    put(cluster, cluster.topics.classified.name, [classified(2, "after \x1b[2J\u202e the start")])
    code, output, _ = finish(process)

    assert code == 0
    assert output.splitlines() == [
        "14:30:00 $AAPL        Earnings                     90%  ▲ +0.50 bullish  after �[2J� the start"
    ]


def test_tail_waits_for_a_topic_that_is_not_there_yet(cluster: Cluster, start: Callable[..., Process]) -> None:
    prefix = f"{cluster.prefix}later."
    process = start("tail", "--json", "--count", "1", TOPICS_PREFIX=prefix)
    wait_for_event(process, "topic_awaited")

    finish(
        start(
            "produce", "--generate", "--count", "1", "--seed", "1", TOPICS_PREFIX=prefix, TOPICS_RAW="tweets.classified"
        )
    )
    code, output, _ = finish(process)

    assert code == 0
    assert output.encode().rstrip() == next(generate(1)).value


def test_tail_shows_dead_letters_of_any_bytes(cluster: Cluster, start: Callable[..., Process]) -> None:
    headers = [
        (name, value)
        for name, value in {
            "reason": b"not_utf8",
            "error": b"x\xff",
            "topic": b"tweets.raw",
            "partition": b"2",
            "offset": b"41",
            "time": b"2026-01-05T14:30:00.000Z",
        }.items()
    ]
    put(cluster, cluster.topics.dead_letter.name, [b"\xff\x1b[2J"], headers)
    put(cluster, cluster.topics.dead_letter.name, [b"\x00"])

    code, output, _ = finish(start("tail", "--topic", "dead-letter", "--from-beginning", "--count", "2"))

    assert code == 0
    assert output.splitlines()[0].split() == ["14:30:00", "not_utf8", "tweets.raw/2@41", "5", "bytes", "x�"]
    assert output.splitlines()[1].split() == ["no", "reason", "given", "?/?@?", "1", "bytes"]


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_tail_ends_quietly_when_its_reader_leaves(
    cluster: Cluster, start: Callable[..., Process], words: tuple[str, ...]
) -> None:
    process = start("tail", "--from-beginning", *words)
    put(cluster, cluster.topics.classified.name, [classified(1)])
    assert process.stdout is not None
    assert b"Earnings" in process.stdout.readline()
    process.stdout.close()

    while process.poll() is None:  # the test's own time limit ends it
        put(cluster, cluster.topics.classified.name, [classified(2)])

    assert process.stderr is not None
    assert process.wait(timeout=TIMEOUT_SECONDS) == 0
    assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_tail_ends_cleanly_when_it_is_told_to(start: Callable[..., Process], stop: signal.Signals) -> None:
    process = start("tail")
    wait_for_event(process, "topic_followed")

    process.send_signal(stop)
    code, output, errors = finish(process)

    assert (code, output, errors) == (0, "", "")
