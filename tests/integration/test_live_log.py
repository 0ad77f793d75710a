"""What the live feed reads of a real Kafka: records, offsets, transactions, and how much."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from api.live.log import NEWEST, OLDEST, KafkaLog
from api.live.picture import Picture
from api.live.reader import LiveTopics, Reader
from stream.kafka.connection import KafkaConnection

pytestmark = pytest.mark.integration


@pytest.fixture
async def log(kafka_servers: str) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(KafkaConnection(kafka_servers))
    await log.open()
    await log.look_at_topics()
    yield log
    await log.close()


async def test_records_and_offsets_are_those_of_the_partition(cluster: Any, log: KafkaLog) -> None:
    name = cluster.topics.drift.name
    cluster.publish([(None, b"%d" % number) for number in range(10)], topic=name)
    [partition] = log.partitions(name)

    fetched = await log.records(partition, 4, most_bytes=100_000)

    assert [record.value for record in fetched.records] == [b"4", b"5", b"6", b"7", b"8", b"9"]
    assert fetched.next_offset == 10
    assert await log.offsets([partition], NEWEST) == {partition: 10}
    assert await log.offsets([partition], OLDEST) == {partition: 0}
    assert await log.offsets([partition], int(time.time() * 1000) + 60_000) == {}
    assert (await log.records(partition, 10, most_bytes=100_000)).records == []
    assert (await log.records(partition, 99, most_bytes=100_000)).records == []
    assert log.partitions("nowhere") == []
    assert await log.offsets([TopicPartition("nowhere", 0)], NEWEST) == {}


async def test_a_batch_larger_than_what_may_be_read_comes_whole(cluster: Any, log: KafkaLog) -> None:
    name = cluster.topics.drift.name
    cluster.publish([(None, os.urandom(500_000))], topic=name)
    [partition] = log.partitions(name)

    fetched = await log.records(partition, 0, most_bytes=1_000)

    assert [len(record.value) for record in fetched.records] == [500_000]


async def test_what_a_transaction_aborts_is_not_read_and_leaves_no_hole(cluster: Any, log: KafkaLog) -> None:
    name = cluster.topics.drift.name
    producer = AIOKafkaProducer(bootstrap_servers=cluster.servers, transactional_id=f"{cluster.prefix}t")
    await producer.start()
    for value, ends in ((b"kept", producer.commit_transaction), (b"dropped", producer.abort_transaction)):
        await producer.begin_transaction()
        await producer.send_and_wait(name, value)
        await ends()
    await producer.stop()
    [partition] = log.partitions(name)
    async with asyncio.timeout(30):  # a transaction's end is answered before its mark is in the partition
        while await log.offsets([partition], NEWEST) != {partition: 4}:  # noqa: ASYNC110  # Kafka has no event for it
            await asyncio.sleep(0.05)

    fetched = await log.records(partition, 0, most_bytes=100_000)

    assert [record.value for record in fetched.records] == [b"kept"]
    assert fetched.next_offset == 4


async def test_the_rate_is_exact_and_the_cost_bounded_however_much_comes(cluster: Any, log: KafkaLog) -> None:
    names = cluster.topics
    topics = LiveTopics(
        names.raw.name, names.classified.name, names.metrics.name, names.drift.name, names.dead_letter.name
    )
    moments = iter(range(1_767_225_600, 1_800_000_000, 2))
    now = [float(next(moments))]
    picture = Picture(now=lambda: now[0], model=lambda: None)
    reader = Reader(topics, picture, most_bytes=32_768, now=lambda: now[0], clock=lambda: now[0])
    await reader.look(log)
    tweet = {"id": "1", "text": "x" * 300, "created_at": None, "tickers": [], "label": "Macro", "label_score": 0.5}
    tweet |= {"labels": {}, "sentiment": "neutral", "sentiment_score": 0.0, "answered_by": "batch", "opinions": {}}
    tweet |= {"sentiment_answered_by": "batch", "model": {"name": "n", "version": "7"}, "classified_at": ""}
    cluster.publish([(None, json.dumps(tweet).encode())] * 5_000, topic=topics.classified)
    now[0] = float(next(moments))

    await reader.look(log)

    tick = picture.tick()
    assert tick.tweets_per_second == 2_500.0
    assert 0 < sum(tick.labels.values()) <= 32_768 // 300
    assert 0 < tick.sampled_share <= sum(tick.labels.values()) / 5_000 + 1e-4
