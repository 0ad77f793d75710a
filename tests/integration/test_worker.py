"""A real worker process between the topics of a real Kafka."""

import gzip
import itertools
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from config.settings import TopicSettings
from models.records import ClassifiedTweet
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
StartWorker = Callable[..., Any]

MALFORMED: dict[bytes | None, str] = {
    None: "null_value",
    b"": "invalid_json",
    b"{": "invalid_json",
    b"\xff\xfe": "not_utf8",
    b"[]": "not_an_object",
    b'{"id":"1"}': "missing_field",
    b'{"id":1,"text":"a"}': "wrong_type",
    b'{"id":"x","text":"a"}': "invalid_id",
    b'{"id":"1","text":"  "}': "empty_text",
    b'{"id":"1","text":"' + b"a" * 25_001 + b'"}': "text_too_long",
    b'{"id":"1","text":"a","created_at":"now"}': "invalid_created_at",
}

SMALL_STEPS = {"STREAM_CHUNK_SIZE_TWEETS": 5}  # some thousand tweets a second: a test can act while they are answered
SLOW_WORKER = """
import argparse, sys, time
from stream import app
from stream.commands import worker

class SlowPredictor:  # computes for longer than a session lasts, and lets go of nothing
    def __init__(self, predictor):
        self.model, self._predictor = predictor.model, predictor

    def predict(self, tweets):
        end = time.monotonic() + 8
        while time.monotonic() < end:
            pass
        return self._predictor.predict(tweets)

load = app.load_predictor
app.load_predictor = lambda store: SlowPredictor(load(store))
sys.exit(worker.run(argparse.Namespace(quality=None)))
"""


def tweets(count: int, *, start: int = 0) -> list[tuple[bytes, bytes]]:
    return [
        (str(number).encode(), json.dumps({"id": str(number), "text": f"$AAPL beats Q{number} estimates"}).encode())
        for number in range(start, start + count)
    ]


def ledger(cluster: Cluster) -> Counter[str]:
    """Count how often each input record was answered, by `ce_id`."""
    answers = [*cluster.read(cluster.topics.classified.name), *cluster.read(cluster.topics.dead_letter.name)]
    return Counter(answer.headers["ce_id"].decode() for answer in answers)


def event_ids(cluster: Cluster, sent: Sequence[tuple[int, int]]) -> set[str]:
    return {f"{cluster.topics.raw.name}-{partition}-{offset}" for partition, offset in sent}


def wait_until_each_is_answered(cluster: Cluster, sent: Sequence[tuple[int, int]]) -> None:
    """Wait until no input is without an answer, however often others are repeated."""
    expected, deadline = event_ids(cluster, sent), time.monotonic() + 90
    cluster.wait_until_answered(len(sent))
    while (answered := ledger(cluster)).keys() < expected and time.monotonic() < deadline:
        time.sleep(0.5)
    assert answered.keys() == expected


def test_tweet_comes_out_classified_with_its_sentiment(cluster: Cluster, start_worker: StartWorker) -> None:
    start_worker()
    text = "$AAPL Apple beats estimates, raises its quarterly dividend to $0.26 per share"
    value = json.dumps({"data": {"id": "77", "text": text, "created_at": "2026-01-02T03:04:05.000Z"}}).encode()

    ((partition, offset),) = cluster.publish([(b"77", value)])
    cluster.wait_until_answered(1)

    (classified,) = cluster.read(cluster.topics.classified.name)
    answer = msgspec.json.decode(classified.value, type=ClassifiedTweet)
    assert (answer.id, answer.text, answer.created_at) == ("77", text, "2026-01-02T03:04:05.000Z")
    assert answer.tickers == ("AAPL",)
    assert answer.label in {"Dividend", "Earnings"}
    assert answer.label == next(iter(answer.labels))
    assert answer.sentiment == "bullish"
    assert -1 <= answer.sentiment_score <= 1
    assert (classified.key, classified.partition) == (b"77", partition)
    assert classified.headers["ce_id"].decode() == f"{cluster.topics.raw.name}-{partition}-{offset}"
    assert classified.headers["model-version"].decode() == answer.model.version
    (sentiment,) = cluster.read(cluster.topics.sentiment.name)
    assert json.loads(sentiment.value)["sentiment_score"] == answer.sentiment_score
    assert sentiment.partition == partition


def test_malformed_records_come_out_as_dead_letters_and_the_counts_add_up(
    cluster: Cluster, start_worker: StartWorker
) -> None:
    start_worker()
    good = tweets(200)
    mixed = [*good[:100], *((b"key", value) for value in MALFORMED), *good[100:]]

    sent = cluster.publish(mixed)
    cluster.wait_until_answered(len(mixed))

    letters = cluster.read(cluster.topics.dead_letter.name)
    assert {letter.value: letter.headers["reason"].decode() for letter in letters} == MALFORMED
    assert len(letters) == len(MALFORMED)
    origins = {(int(letter.headers["partition"]), int(letter.headers["offset"])) for letter in letters}
    assert origins == set(sent[100 : 100 + len(MALFORMED)])
    assert len(cluster.read(cluster.topics.classified.name)) == len(good)
    assert len(cluster.read(cluster.topics.sentiment.name)) == len(good)
    assert ledger(cluster) == dict.fromkeys(event_ids(cluster, sent), 1)


def test_largest_record_that_kafka_takes_becomes_a_dead_letter(cluster: Cluster, start_worker: StartWorker) -> None:
    start_worker()
    oversized = b'{"id":"1","text":"' + b"a" * 1_048_400 + b'"}'

    cluster.publish([(b"1", oversized), *tweets(1)])
    cluster.wait_until_answered(2)

    (letter,) = cluster.read(cluster.topics.dead_letter.name)
    assert letter.value == oversized
    assert letter.headers["reason"] == b"text_too_long"


def test_outputs_keep_partition_and_order_of_their_inputs(cluster: Cluster, start_worker: StartWorker) -> None:
    start_worker()

    cluster.publish(tweets(3_000))
    cluster.wait_until_answered(3_000)

    for partition, rows in itertools.groupby(
        cluster.read(cluster.topics.classified.name), key=lambda row: row.partition
    ):
        origins = [row.headers["ce_id"].decode().rsplit("-", 2)[1:] for row in rows]
        assert origins == [[str(partition), str(offset)] for offset in range(len(origins))]


def test_clean_stop_under_load_loses_and_repeats_nothing(cluster: Cluster, start_worker: StartWorker) -> None:
    worker = start_worker(**SMALL_STEPS)
    sent = cluster.publish(tweets(20_000))
    cluster.wait_until_answered(500)

    assert worker.stop(signal.SIGTERM) == 0
    assert cluster.answered() < len(sent)
    start_worker()
    cluster.wait_until_answered(len(sent))

    assert ledger(cluster) == dict.fromkeys(event_ids(cluster, sent), 1)


def test_killed_worker_loses_nothing_and_repeats_are_recognisable(cluster: Cluster, start_worker: StartWorker) -> None:
    worker = start_worker(STREAM_SESSION_TIMEOUT_SECONDS=6)
    sent = cluster.publish(tweets(10_000))
    cluster.wait_until_answered(500)

    assert worker.stop(signal.SIGKILL) == -signal.SIGKILL
    start_worker(STREAM_SESSION_TIMEOUT_SECONDS=6)

    wait_until_each_is_answered(cluster, sent)


@pytest.mark.slow
def test_partitions_that_move_under_load_lose_and_repeat_nothing(cluster: Cluster, start_worker: StartWorker) -> None:
    first = start_worker(**SMALL_STEPS)
    sent = cluster.publish(tweets(20_000))
    with ThreadPoolExecutor(1) as beside:
        starting = beside.submit(start_worker, **SMALL_STEPS)
        while not starting.done():  # however long the second takes to start
            if len(sent) - cluster.answered() < 10_000:
                sent += cluster.publish(tweets(5_000, start=len(sent)))
            time.sleep(0.1)
    second = starting.result()
    answered_when_moved = cluster.answered()
    cluster.wait_until_answered(len(sent))

    assert [second.stop(), first.stop()] == [0, 0]
    assert answered_when_moved < len(sent)
    assert "partitions=[]" not in second.log
    assert ledger(cluster) == dict.fromkeys(event_ids(cluster, sent), 1)


def test_full_buffers_hold_the_worker_up_and_nothing_else(cluster: Cluster, start_worker: StartWorker) -> None:
    sent = cluster.publish(tweets(2_000))

    start_worker(STREAM_CHUNK_SIZE_TWEETS=1, STREAM_BUFFER_CHUNKS=1, STREAM_CHUNKS_IN_FLIGHT=1)
    cluster.wait_until_answered(len(sent))

    answers = cluster.read(cluster.topics.classified.name)
    assert [(answer.partition, answer.headers["ce_id"]) for answer in answers] == [
        (partition, f"{cluster.topics.raw.name}-{partition}-{offset}".encode()) for partition, offset in sorted(sent)
    ]


@pytest.mark.slow
def test_scoring_longer_than_the_session_keeps_the_partitions(cluster: Cluster, start_worker: StartWorker) -> None:
    worker = start_worker(command=("-c", SLOW_WORKER), STREAM_SESSION_TIMEOUT_SECONDS=6, ONLINE_ENABLED="false")

    sent = cluster.publish(tweets(3))
    cluster.wait_until_answered(len(sent))

    assert worker.log.count("partitions_assigned") == 1
    assert worker.stop() == 0
    assert ledger(cluster) == dict.fromkeys(event_ids(cluster, sent), 1)


def test_worker_starts_with_fausts_own_command(cluster: Cluster, start_worker: StartWorker) -> None:
    start_worker(command=("-m", "faust", "-A", "stream.app", "worker", "-l", "info", "--without-web"))

    cluster.publish(tweets(3))
    cluster.wait_until_answered(3)

    assert len(cluster.read(cluster.topics.classified.name)) == 3


def test_no_tweet_text_or_author_is_logged(cluster: Cluster, start_worker: StartWorker) -> None:
    worker = start_worker(TICKERTAPE_LOG_LEVEL="DEBUG")
    secret = {"id": "1", "text": "whisper-text", "author_id": "whisper-author"}

    cluster.publish([(b"1", json.dumps(secret).encode()), (b"2", b'{"text":"whisper-broken'), (b"3", b"whisper-3")])
    cluster.wait_until_answered(3)
    worker.stop()

    assert "tweets_refused" in worker.log
    assert "whisper" not in worker.log


@pytest.mark.slow
def test_slice_of_the_real_feed_is_answered_whole(cluster: Cluster, start_worker: StartWorker) -> None:
    feed = Path(os.environ.get("TICKERTAPE_DATA_DIR", "data")) / "feed.jsonl.gz"
    if not feed.exists():
        pytest.skip(f"{feed} is not there: set TICKERTAPE_DATA_DIR to a folder with the real feed")
    with gzip.open(feed) as lines:
        values = [line.strip() for line in itertools.islice(lines, 5_000)]
    start_worker()

    sent = cluster.publish([(None, value) for value in values])
    cluster.wait_until_answered(len(sent))

    assert ledger(cluster) == dict.fromkeys(event_ids(cluster, sent), 1)
    assert Counter(row.headers["reason"] for row in cluster.read(cluster.topics.dead_letter.name)) == {}


def test_chunk_that_is_larger_than_a_topic_takes_is_sent_in_parts(cluster: Cluster, start_worker: StartWorker) -> None:
    admin = KafkaAdminClient(bootstrap_servers=cluster.servers)
    admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, cluster.topics.classified.name, {"max.message.bytes": "5000"})]
    )
    admin.close()
    sent = cluster.publish(tweets(300))
    start_worker()

    wait_until_each_is_answered(cluster, sent)
    assert len(cluster.read(cluster.topics.classified.name)) == 300


def test_outputs_are_spread_by_key_where_partition_counts_differ(
    kafka_servers: str, topic_prefix: str, cluster: Cluster, start_worker: StartWorker
) -> None:
    other = declare_topics(TopicSettings(prefix=topic_prefix, raw="tweets.narrow", partitions=1))
    ensure_topics(KafkaConnection(kafka_servers), (other.raw,))
    start_worker(TOPICS_RAW="tweets.narrow")
    producer = KafkaProducer(bootstrap_servers=kafka_servers)

    for key, value in tweets(200):
        producer.send(other.raw.name, key=key, value=value)
    producer.close()
    cluster.wait_until_answered(200)

    classified = cluster.read(cluster.topics.classified.name)
    sentiment = cluster.read(cluster.topics.sentiment.name)
    assert len(classified) == 200
    assert {row.partition for row in classified} == {0, 1, 2, 3}
    assert {row.key: row.partition for row in classified} == {row.key: row.partition for row in sentiment}


async def test_record_without_key_and_value_becomes_a_dead_letter(cluster: Cluster, start_worker: StartWorker) -> None:
    start_worker()
    producer = AIOKafkaProducer(bootstrap_servers=cluster.servers)
    await producer.start()
    batch = producer.create_batch()
    batch.append(timestamp=None, key=None, value=None, headers=[("traceparent", None)])

    await (await producer.send_batch(batch, cluster.topics.raw.name, partition=0))
    await producer.stop()
    cluster.wait_until_answered(1)

    (letter,) = cluster.read(cluster.topics.dead_letter.name)
    assert (letter.key, letter.value, letter.headers["reason"]) == (None, None, b"null_value")
