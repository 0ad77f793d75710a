"""A chunk is committed whole or not at all: when it fails, when offsets have holes, when a worker is killed."""

import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

pytestmark = pytest.mark.integration

Cluster = Any
StartWorker = Callable[..., Any]
PARTITION = 2
COMMIT_TIMEOUT_SECONDS = 30
SEVERAL_COMMITS_SECONDS = 1.5


def tweet(number: int) -> tuple[bytes, bytes]:
    return str(number).encode(), json.dumps({"id": str(number), "text": f"$AAPL beats Q{number}"}).encode()


def committed(cluster: Cluster) -> int:
    """Give the offset that the group would go on from; 0 before the first commit."""
    consumer = KafkaConsumer(
        bootstrap_servers=cluster.servers, group_id=f"{cluster.prefix}group", enable_auto_commit=False
    )
    try:
        return consumer.committed(TopicPartition(cluster.topics.raw.name, PARTITION)) or 0
    finally:
        consumer.close()


def wait_until_committed(cluster: Cluster, offset: int) -> None:
    deadline = time.monotonic() + COMMIT_TIMEOUT_SECONDS
    while (seen := committed(cluster)) < offset:
        assert time.monotonic() < deadline, f"{seen} is committed after {COMMIT_TIMEOUT_SECONDS} s, not {offset}"
        time.sleep(0.05)


def end_offset(cluster: Cluster) -> int:
    consumer = KafkaConsumer(bootstrap_servers=cluster.servers)
    try:
        partition = TopicPartition(cluster.topics.raw.name, PARTITION)
        return consumer.end_offsets([partition])[partition]
    finally:
        consumer.close()


def publish(cluster: Cluster, count: int, *, start: int = 0, producer: KafkaProducer | None = None) -> None:
    own = producer or KafkaProducer(bootstrap_servers=cluster.servers, acks="all")
    for number in range(start, start + count):
        key, value = tweet(number)
        own.send(cluster.topics.raw.name, key=key, value=value, partition=PARTITION)
    own.flush()
    if producer is None:
        own.close()


def delete_topic(cluster: Cluster, topic: Any) -> None:
    admin = KafkaAdminClient(bootstrap_servers=cluster.servers)
    admin.delete_topics([topic.name])
    admin.close()


def make_topic(cluster: Cluster, topic: Any, *, max_bytes: int) -> None:
    options = {"num_partitions": topic.partitions, "replication_factor": 1}
    admin = KafkaAdminClient(bootstrap_servers=cluster.servers)
    admin.create_topics({topic.name: options | {"configs": {"max.message.bytes": str(max_bytes)}}})
    admin.close()


def limit_messages(cluster: Cluster, topic: str, max_bytes: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=cluster.servers)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(max_bytes)})])
    admin.close()


def test_chunk_whose_outputs_are_refused_stops_the_worker_and_is_not_committed(
    cluster: Cluster, start_worker: StartWorker
) -> None:
    limit_messages(cluster, cluster.topics.dead_letter.name, 5_000)
    worker = start_worker()
    publish(cluster, 50)
    wait_until_committed(cluster, 50)
    producer = KafkaProducer(bootstrap_servers=cluster.servers)
    producer.send(cluster.topics.raw.name, key=b"1", value=b"{" + b"x" * 10_000, partition=PARTITION)
    producer.close()

    assert worker.process.wait(timeout=60) == 1

    assert "outputs could not be delivered (MessageSizeTooLargeError" in worker.log
    assert committed(cluster) == 50
    limit_messages(cluster, cluster.topics.dead_letter.name, 2_000_000)
    start_worker()
    cluster.wait_until_answered(51)
    (letter,) = cluster.read(cluster.topics.dead_letter.name)
    assert letter.headers["offset"] == b"50"


def test_inputs_whose_outputs_are_refused_after_they_were_long_on_their_way_are_not_committed(
    cluster: Cluster, start_worker: StartWorker
) -> None:
    worker = start_worker(ONLINE_ENABLED="false")
    publish(cluster, 50)
    wait_until_committed(cluster, 50)
    delete_topic(cluster, cluster.topics.classified)

    publish(cluster, 50, start=50)
    cluster.wait_until_answered(100)  # the sentiment of each is there; its other output waits for a topic
    time.sleep(SEVERAL_COMMITS_SECONDS)
    make_topic(cluster, cluster.topics.classified, max_bytes=100)

    assert worker.process.wait(timeout=60) == 1
    assert "outputs could not be delivered (MessageSizeTooLargeError" in worker.log
    assert committed(cluster) == 50


def test_offsets_with_holes_are_committed_to_the_end_and_repeat_nothing(
    cluster: Cluster, start_worker: StartWorker
) -> None:
    producer = KafkaProducer(bootstrap_servers=cluster.servers, transactional_id=f"{cluster.prefix}writer")
    producer.init_transactions()
    for start in range(0, 500, 100):
        producer.begin_transaction()
        publish(cluster, 100, start=start, producer=producer)
        if start == 200:
            producer.abort_transaction()  # 100 tweets that nobody may see, and a marker
        else:
            producer.commit_transaction()  # a marker: an offset without a tweet
    producer.close()
    worker = start_worker(STREAM_CHUNK_SIZE_TWEETS=30)
    cluster.wait_until_answered(400)

    assert worker.stop() == 0

    ids = sorted(int(json.loads(row.value)["id"]) for row in cluster.read(cluster.topics.classified.name))
    assert ids == [*range(200), *range(300, 500)]
    assert (committed(cluster), end_offset(cluster)) in {(505, 505), (504, 505)}  # the last marker holds no tweet
    again = start_worker()
    publish(cluster, 1, start=900)
    cluster.wait_until_answered(401)
    assert again.stop() == 0
    assert cluster.answered() == 401


def test_worker_frozen_past_its_session_does_not_move_the_offsets_of_who_took_over(
    cluster: Cluster, start_worker: StartWorker
) -> None:
    frozen = start_worker(STREAM_SESSION_TIMEOUT_SECONDS=6)
    publish(cluster, 200)
    cluster.wait_until_answered(200)
    frozen.process.send_signal(signal.SIGSTOP)
    try:
        other = start_worker(STREAM_SESSION_TIMEOUT_SECONDS=6)
        publish(cluster, 200, start=200)
        cluster.wait_until_answered(400)
    finally:
        frozen.process.send_signal(signal.SIGCONT)

    publish(cluster, 200, start=400)
    cluster.wait_until_answered(600)
    assert [other.stop(), frozen.stop()] == [0, 0]

    ids = {int(json.loads(row.value)["id"]) for row in cluster.read(cluster.topics.classified.name)}
    assert ids == set(range(600))
    assert committed(cluster) == 600


def test_group_that_lags_is_caught_up_after_a_kill_in_the_middle(cluster: Cluster, start_worker: StartWorker) -> None:
    publish(cluster, 20_000)
    worker = start_worker(STREAM_SESSION_TIMEOUT_SECONDS=6)
    cluster.wait_until_answered(1_000)
    worker.stop(signal.SIGKILL)
    before = committed(cluster)
    answered = {int(row.headers["ce_id"].rsplit(b"-", 1)[1]) for row in cluster.read(cluster.topics.sentiment.name)}

    assert set(range(before)) <= answered  # what is committed was delivered

    start_worker(STREAM_SESSION_TIMEOUT_SECONDS=6)
    cluster.wait_until_answered(20_000 + len(answered) - before)
    ids = {int(row.headers["ce_id"].rsplit(b"-", 1)[1]) for row in cluster.read(cluster.topics.sentiment.name)}
    assert ids == set(range(20_000))
