"""Has a worker that stands still start itself again."""

import logging
import os
import sys
from collections.abc import Iterable
from typing import NoReturn

from kafka import TopicPartition
from kafka.errors import KafkaError

from models.errors import BrokerError
from stream.kafka.clients import CONNECT_TIMEOUT_MS, open_consumer
from stream.kafka.connection import KafkaConnection
from stream.transport.chunked_app import ChunkedApp
from stream.worker.stall_watch import StallWatch, Standing, watch_worker

logger = logging.getLogger(__name__)


def restart_when_stalled(app: ChunkedApp, *, limit_seconds: float, kafka: KafkaConnection, topic: str) -> StallWatch:
    """Watch a worker from its first partitions on.

    Args:
        app: the worker's.
        limit_seconds: longest time to stand still.
        kafka: how to reach the cluster.
        topic: full name of the input.
    """
    return watch_worker(
        app,
        limit_seconds=limit_seconds,
        kafka_answers=lambda: partitions_answer(kafka, topic, [one.number for one in app.held or ()]),
        stalled=_restart,
    )


def partitions_answer(kafka: KafkaConnection, topic: str, partitions: Iterable[int]) -> bool:
    """Tell whether the leaders of all these partitions answer within some seconds, by a connection of its own.

    Args:
        kafka: how to reach the cluster.
        topic: its full name.
        partitions: of that topic.
    """
    try:
        consumer = open_consumer(kafka)
    except BrokerError:
        return False
    try:
        consumer.end_offsets([TopicPartition(topic, number) for number in partitions], timeout_ms=CONNECT_TIMEOUT_MS)
    except KafkaError:
        return False
    finally:
        consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)
    return True


def _restart(standing: Standing) -> NoReturn:
    """Replace this process by a new one of the same command, whatever its other threads do.

    The new one has the process's id, its environment and its standard streams; what was open otherwise is closed, and
    nothing is tidied up. Where it can't begin, the process ends with 1.
    """
    logger.error("worker_stalled", extra=standing._asdict())
    try:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # its own command
    finally:
        os._exit(1)
