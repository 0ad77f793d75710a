"""Whether Kafka answers, asked by a connection that has nothing to do with the worker's own."""

from collections.abc import Iterable

from kafka import TopicPartition
from kafka.errors import KafkaError

from models.errors import BrokerError
from stream.kafka.clients import CONNECT_TIMEOUT_MS
from stream.kafka.connection import KafkaConnection
from stream.kafka.following import connect


def partitions_answer(kafka: KafkaConnection, topic: str, partitions: Iterable[int]) -> bool:
    """Tell whether the leaders of all these partitions answer within some seconds.

    Args:
        kafka: how to reach the cluster.
        topic: its full name.
        partitions: of that topic.
    """
    try:
        consumer = connect(kafka)
    except BrokerError:
        return False
    try:
        consumer.end_offsets([TopicPartition(topic, number) for number in partitions], timeout_ms=CONNECT_TIMEOUT_MS)
    except KafkaError:
        return False
    finally:
        consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)
    return True
