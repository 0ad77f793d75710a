"""A real worker sends tweets out for labelling, between the topics of a real Kafka."""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from models.feedback import Why
from stream.codecs import decode_to_label

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
StartWorker = Callable[..., Any]

COUNT = 300


def publish(cluster: Cluster) -> set[tuple[str, str]]:
    """Publish tweets and one record that is none; gives id and text of the tweets."""
    tweets = [{"id": str(number), "text": f"$AAPL beats Q{number} estimates"} for number in range(COUNT)]
    cluster.publish([(tweet["id"].encode(), json.dumps(tweet).encode()) for tweet in tweets] + [(b"x", b"{")])
    cluster.wait_until_answered(COUNT + 1)
    return {(tweet["id"], tweet["text"]) for tweet in tweets}


def sent_out(port: int, why: Why) -> float:
    """Read the worker's own count of tweets sent out for labelling."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    sample = f'tickertape_tweets_to_label_total{{why="{why}"}} '
    (line,) = [line for line in lines if line.startswith(sample)]
    return float(line.removeprefix(sample))


def test_worker_with_budget_for_all_sends_every_tweet_out_for_labelling(
    cluster: Cluster, start_worker: StartWorker, free_port: int
) -> None:
    worker = start_worker(LABELLING_RANDOM_SHARE=1, LABELLING_PER_MINUTE=100_000, STREAM_METRICS_PORT=free_port)

    tweets = publish(cluster)
    counts = [sent_out(free_port, why) for why in Why]
    worker.stop()  # all is delivered then

    rows = cluster.read(cluster.topics.to_label.name)
    records = [decode_to_label(row.value) for row in rows]
    assert len(records) == COUNT
    assert {(record.id, record.text) for record in records} == tweets
    assert {(record.why, record.probability) for record in records} == {(Why.RANDOM, 1.0)}
    classified = cluster.read(cluster.topics.classified.name)
    assert [(row.partition, row.key, row.headers["ce_id"]) for row in rows] == [
        (row.partition, row.key, row.headers["ce_id"]) for row in classified
    ]
    assert {row.headers["ce_type"] for row in rows} == {b"tickertape.tweet.to-label.v1"}
    assert counts == [COUNT, 0, 0]


def test_worker_with_a_budget_sends_a_part_out_for_labelling(cluster: Cluster, start_worker: StartWorker) -> None:
    worker = start_worker(LABELLING_RANDOM_SHARE=1, LABELLING_PER_MINUTE=60)

    tweets = publish(cluster)
    worker.stop()

    records = [decode_to_label(row.value) for row in cluster.read(cluster.topics.to_label.name)]
    assert 1 <= len(records) < COUNT
    assert {(record.id, record.text) for record in records} <= tweets
    assert 0 < min(record.probability for record in records) < 1


def test_worker_without_budget_sends_nothing_out_for_labelling(
    cluster: Cluster, start_worker: StartWorker, free_port: int
) -> None:
    worker = start_worker(LABELLING_RANDOM_SHARE=1, LABELLING_PER_MINUTE=0, STREAM_METRICS_PORT=free_port)

    publish(cluster)
    counts = [sent_out(free_port, why) for why in Why]
    worker.stop()

    assert cluster.read(cluster.topics.to_label.name) == []
    assert counts == [0, 0, 0]
