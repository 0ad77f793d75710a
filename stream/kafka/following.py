"""Read a topic as it grows, without a consumer group, so that nobody's offsets move."""

import logging
import time
from collections.abc import Iterator

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from stream.kafka.clients import CONNECT_TIMEOUT_MS, POLL_MS, open_consumer
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import broker_error
from stream.kafka.interrupts import Interrupts
from stream.kafka.rights import check_rights

TOPIC_CHECK_SECONDS = 1.0

logger = logging.getLogger(__name__)


def follow(kafka: KafkaConnection, topic: str, *, from_beginning: bool) -> Iterator[list[ConsumerRecord]]:
    """Give a topic's records in batches as they come, without end; waits for a topic that is not there yet.

    Args:
        kafka: how to reach the cluster.
        topic: its full name.
        from_beginning: also what the topic holds already.

    Yields:
        Records of one partition, at least one, in their order.

    Raises:
        BrokerError: no broker answers, or it refuses to give the topic.
    """
    consumer = open_consumer(kafka)
    try:
        _assign(consumer, kafka, topic, from_beginning=from_beginning)
        while True:
            with Interrupts() as interrupts, interrupts.held():
                polled = consumer.poll(timeout_ms=POLL_MS)
            yield from polled.values()
    except KafkaError as exc:
        raise broker_error(f"can't read {topic}", kafka, exc) from exc
    finally:
        consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)


def _assign(consumer: KafkaConsumer, kafka: KafkaConnection, topic: str, *, from_beginning: bool) -> None:
    numbers = consumer.partitions_for_topic(topic)
    is_new = not numbers
    if is_new:
        check_rights(kafka, reads=[topic])  # else it would be waited for in vain
        logger.info("topic_awaited", extra={"topic": topic})
    while not numbers:
        time.sleep(TOPIC_CHECK_SECONDS)
        numbers = consumer.partitions_for_topic(topic)
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    if from_beginning or is_new:
        consumer.seek_to_beginning()
    else:
        consumer.seek_to_end()
    for partition in partitions:  # asks for the offsets now, so that what comes after this line is not missed
        consumer.position(partition, timeout_ms=CONNECT_TIMEOUT_MS)
    logger.info("topic_followed", extra={"topic": topic, "partitions": len(partitions)})
