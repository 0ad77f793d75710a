"""Tell of changes of the model on the metrics topic."""

import logging

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from models.errors import BrokerError
from models.events import event_headers
from models.records import ModelChange
from stream.framing import Header
from stream.headers import SOURCE
from stream.kafka.clients import open_client
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import reason

logger = logging.getLogger(__name__)

CHANGE_TYPE = "tickertape.model.{outcome}.v1"
PUBLISH_TIMEOUT_SECONDS = 10.0


def publish_change(
    change: ModelChange, *, topic: str, kafka: KafkaConnection, timeout_seconds: float = PUBLISH_TIMEOUT_SECONDS
) -> None:
    """Publish a change and wait until Kafka has it; a failure is logged, not raised.

    It has a producer of its own, made for this one record: nothing of it touches the tweets, and changes are rare.

    Args:
        change: what happened.
        topic: the metrics topic.
        kafka: how to reach the cluster.
        timeout_seconds: longest time for each of the three steps: to connect, to find the topic, to deliver.
    """
    try:
        producer = open_client(
            KafkaProducer,
            kafka,
            bootstrap_timeout_ms=timeout_seconds * 1000,
            max_block_ms=timeout_seconds * 1000,
            acks="all",
        )
        try:
            value, headers = msgspec.json.encode(change), change_headers(change)
            sent = producer.send(topic, key=change.name.encode(), value=value, headers=headers)
            sent.get(timeout=timeout_seconds)
        finally:
            producer.close(timeout=0)
    except (BrokerError, KafkaError, OSError) as exc:
        logger.warning(
            "model_change_not_published",
            extra={
                "topic": topic,
                "version": change.version,
                "error": str(exc) if isinstance(exc, BrokerError) else reason(exc),
            },
        )


def change_headers(change: ModelChange) -> list[Header]:
    """Give the headers of a change: CloudEvents in Kafka's binary mode."""
    kind = CHANGE_TYPE.format(outcome=change.outcome).encode()
    return [*event_headers(source=SOURCE, kind=kind), ("model-version", change.version.encode())]
