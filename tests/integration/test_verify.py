"""`tickertape verify` judges what real workers did, and what a liar put into their topics."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition

pytestmark = pytest.mark.integration

Cluster = Any
StartWorker = Callable[..., Any]
Verify = Callable[..., "subprocess.CompletedProcess[str]"]


def tweet(number: int) -> tuple[bytes, bytes]:
    return str(number).encode(), json.dumps({"id": str(number), "text": f"$AAPL beats Q{number}"}).encode()


@pytest.fixture
def verify(cluster: Cluster) -> Verify:
    def run(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": cluster.servers,
            "TOPICS_PREFIX": cluster.prefix,
            "STREAM_GROUP": f"{cluster.prefix}group",
            **settings,
        }
        return subprocess.run(
            [sys.executable, "-m", "tickertape", "verify", *words],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            timeout=120,
        )

    return run


def judged(verify: Verify, *words: str) -> tuple[int, dict[str, Any]]:
    ended = verify("--json", *words)
    assert ended.stderr == ""
    verdict = json.loads(ended.stdout)
    total: dict[str, Any] = {"right": verdict["right"]}
    for name in ("inputs", "classified", "dead_letters"):
        total[name] = sum(partition[name] for partition in verdict["partitions"])
    for name, value in verdict["partitions"][0].items():
        if isinstance(value, dict):
            count = sum(partition[name]["count"] for partition in verdict["partitions"])
            total |= {name: count} if count else {}
    return ended.returncode, total


def test_feed_with_poison_ends_as_it_should(cluster: Cluster, start_worker: StartWorker, verify: Verify) -> None:
    poison = [(b"x", value) for value in (b"{", b"\xff", b"[]", None, b'{"id": 1}')]
    cluster.publish([*map(tweet, range(500)), *poison, *map(tweet, range(500, 900))])
    worker = start_worker()
    cluster.wait_until_answered(905)
    worker.stop()

    code, total = judged(verify)

    assert (code, total) == (0, {"right": True, "inputs": 905, "classified": 900, "dead_letters": 5})
    assert "905 inputs: each ended as it should" in verify().stdout


@pytest.mark.slow
def test_kill_costs_repeats_and_nothing_else(cluster: Cluster, start_worker: StartWorker, verify: Verify) -> None:
    cluster.publish(list(map(tweet, range(20_000))))
    worker = start_worker(STREAM_SESSION_TIMEOUT_SECONDS=6)
    cluster.wait_until_answered(2_000)
    worker.stop(signal.SIGKILL)
    worker = start_worker(STREAM_SESSION_TIMEOUT_SECONDS=6)
    cluster.wait_until_answered(20_000)
    assert worker.stop() == 0

    strict, total = judged(verify)
    lenient, _ = judged(verify, "--allow-repeats")

    repeated = total.pop("repeated", 0)
    assert total == {"right": not repeated, "inputs": 20_000, "classified": 20_000, "dead_letters": 0}
    assert (strict, lenient) == (int(bool(repeated)), 0)


def test_what_is_not_right_is_named_and_ends_with_one(
    cluster: Cluster, start_worker: StartWorker, verify: Verify
) -> None:
    raw, classified, sentiment, dead = (
        topic.name
        for topic in (
            cluster.topics.raw,
            cluster.topics.classified,
            cluster.topics.sentiment,
            cluster.topics.dead_letter,
        )
    )
    producer = KafkaProducer(bootstrap_servers=cluster.servers)
    for number in range(10):
        producer.send(raw, partition=1, value=tweet(number)[1])
    producer.flush()
    worker = start_worker()
    cluster.wait_until_answered(10)
    worker.stop()
    for topic, partition, offset in (
        (classified, 1, 4),  # a repeat
        (sentiment, 3, 5),  # in another partition
        (dead, 1, 6),  # an answer was there
        (classified, 1, 10),  # there is no such input yet
    ):
        header = ("ce_id", f"{raw}-1-{offset}".encode())
        producer.send(topic, partition=partition, value=b"{}", headers=[header])
    producer.send(dead, partition=1, value=b"{}", headers=[("ce_id", b"other.topic-1-7"), ("x", b"y")])
    producer.send(classified, partition=1, value=b"{}")
    for number in range(10, 13):
        producer.send(raw, partition=1, value=tweet(number)[1])
    producer.close()

    committed, total = judged(verify)
    beyond, total_beyond = judged(verify, "--from", "1:0", "--to", "1:13")
    shown = verify().stdout

    assert (committed, beyond) == (1, 1)
    assert total == {
        "right": False,
        "inputs": 10,
        "classified": 9,
        "dead_letters": 0,
        "repeated": 2,
        "contradicted": 1,
        "misplaced": 1,
    }
    assert total_beyond == total | {"inputs": 13, "pending": 3}
    assert "contradicted (both answered and refused): 1:6" in shown
    assert "NOT all ended as they should" in shown


def test_lost_output_is_missing(cluster: Cluster, verify: Verify) -> None:
    cluster.publish([(b"1", tweet(1)[1])])
    consumer = KafkaConsumer(
        bootstrap_servers=cluster.servers, group_id=f"{cluster.prefix}group", enable_auto_commit=False
    )
    ends = {number: end for number, end in cluster.ends(cluster.topics.raw.name).items() if end}
    consumer.commit(
        {
            TopicPartition(cluster.topics.raw.name, number): OffsetAndMetadata(end, "", -1)
            for number, end in ends.items()
        }
    )
    consumer.close()

    code, total = judged(verify)

    assert (code, total) == (1, {"right": False, "inputs": 1, "classified": 0, "dead_letters": 0, "missing": 1})


@pytest.mark.parametrize(
    ("words", "settings", "code", "message"),
    [
        ((), {}, 1, "has committed nothing"),
        (("--from", "9:0", "--to", "9:1"), {}, 1, "has no partition 9"),
        (("--from", "0:0"), {}, 1, "has committed nothing of"),
        (("--from", "0:0", "--to", "0:7"), {}, 1, "holds the offsets 0 to 0"),
        (("--from", "soon"), {}, 2, "neither like 0:1200,1:1187 nor a time"),
        ((), {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}, 1, "no Kafka answers"),
        ((), {"TOPICS_PREFIX": "nowhere."}, 1, "has committed nothing of nowhere.tweets.raw"),
    ],
)
def test_wrong_range_ends_with_one_clear_line(
    verify: Verify, words: tuple[str, ...], settings: dict[str, str], code: int, message: str
) -> None:
    ended = verify(*words, **settings)

    assert (ended.returncode, ended.stdout) == (code, "")
    assert message in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
