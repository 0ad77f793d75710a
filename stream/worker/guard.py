"""Has a worker that stands still start itself again."""

import logging

from stream.kafka.connection import KafkaConnection
from stream.transport.chunked_app import ChunkedApp
from stream.worker.reaching import partitions_answer
from stream.worker.restarting import begin_again
from stream.worker.stall_watch import StallWatch, Standing, watch_worker

logger = logging.getLogger(__name__)


def guard(app: ChunkedApp, *, limit_seconds: float, kafka: KafkaConnection, topic: str) -> StallWatch:
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
        stalled=_begin_again,
    )


def _begin_again(standing: Standing) -> None:
    logger.error("worker_stalled", extra=standing._asdict())
    begin_again()
