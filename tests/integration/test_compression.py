"""Feeds are often compressed by their producers: each of Kafka's ways is read, by the worker and by the tools."""

from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaProducer

pytestmark = pytest.mark.integration

CODECS = (None, "gzip", "snappy", "lz4", "zstd")
TWEETS_EACH = 20


def test_tweets_are_classified_however_their_producer_compressed_them(
    cluster: Any, start_worker: Callable[..., Any]
) -> None:
    sent: list[bytes] = []
    for place, codec in enumerate(CODECS):
        producer = KafkaProducer(bootstrap_servers=cluster.servers, acks="all", compression_type=codec)
        for number in range(TWEETS_EACH):
            sent.append(f'{{"id": "{place}{number}", "text": "$TSLA sinks 8% after deliveries miss"}}'.encode())
            producer.send(cluster.topics.raw.name, value=sent[-1])
        producer.close()

    start_worker()
    cluster.wait_until_answered(len(sent))

    assert len(cluster.read(cluster.topics.classified.name)) == len(sent)
    assert sorted(row.value for row in cluster.read(cluster.topics.raw.name)) == sorted(sent)
