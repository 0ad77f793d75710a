"""Feedback on its way from HTTP to Kafka."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from api.codecs import encode
from api.request_errors import FeedbackNotDeliveredError
from models.events import event_headers
from models.feedback import EVENT_TYPE, Feedback
from stream.kafka.authentication import refusal
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import reason

logger = logging.getLogger(__name__)

Delivery = asyncio.Future[Any]

SOURCE = b"/tickertape/api"
PUBLISH_TIMEOUT_SECONDS = 5.0  # a broker answers in milliseconds; no client waits longer for its 503
REQUEST_TIMEOUT_MS = 3_000  # of one answer of a broker: leaves time to ask another
BATCH_BYTES = 131_072
CLOSE_TIMEOUT_SECONDS = 2.0
REFUSED_SECONDS = (
    5.0  # requests that come meanwhile don't ask again: a cluster may lock a user out that tries too often
)
SENT_AT_ONCE = 100  # takes about a millisecond; then other requests have their turn


class _RefusedError(KafkaError):  # type: ignore[misc]  # aiokafka has no usable types
    """The cluster does not let this server in."""


class KafkaPublisher:
    """Delivers feedback to a topic; implements `api.dependencies.FeedbackPublisher`.

    Connects at the first feedback. After a failure the connection is given up, and the next feedback makes a new one:
    so it finds a Kafka that came back, or moved, and a topic that was made since. Belongs to one event loop.

    Args:
        kafka: how to reach the cluster.
        topic: where to; is not created.
        timeout_seconds: longest time that `publish` takes.
    """

    def __init__(self, *, kafka: KafkaConnection, topic: str, timeout_seconds: float = PUBLISH_TIMEOUT_SECONDS) -> None:
        self._kafka = kafka
        self._topic = topic
        self._timeout_seconds = timeout_seconds
        self._producer: Any = None
        self._connecting = asyncio.Lock()
        self._why_refused, self._refused_until = "", 0.0
        self._closing: set[asyncio.Task[None]] = set()

    async def publish(self, given: Sequence[Feedback]) -> None:
        """Deliver all, in their order; returns when Kafka has acknowledged each.

        Raises:
            FeedbackNotDeliveredError: no Kafka, no such topic, or not all acknowledged in time.
        """
        producer: Any = None
        sent: list[Delivery] = []
        try:
            async with asyncio.timeout(self._timeout_seconds):
                producer = await self._connected()
                for position, one in enumerate(given):
                    sent.append(await self._send(producer, one))
                    if position % SENT_AT_ONCE == SENT_AT_ONCE - 1:
                        await asyncio.sleep(0)
                await asyncio.wait(sent)
            for delivery in sent:
                delivery.result()
        except (KafkaError, OSError) as exc:  # a TimeoutError is an OSError
            acknowledged = _give_up(sent)
            self._log(exc, acknowledged=acknowledged, elements=len(given))
            if producer is None:
                raise self._not_connected(exc) from exc
            self._drop(producer)
            if isinstance(exc, TopicAuthorizationFailedError):
                raise FeedbackNotDeliveredError(
                    f"no feedback was taken, as Kafka does not let this server write to {self._topic}: its log says more"
                ) from exc
            raise FeedbackNotDeliveredError(
                f"Kafka acknowledged {acknowledged} of {len(given)}: send all again, "
                "the learner recognises what it has as duplicates"
            ) from exc

    async def close(self) -> None:
        """Let go of the connection; waits for what is on its way, but not for long."""
        if self._producer is not None:
            self._drop(self._producer)
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE_TIMEOUT_SECONDS)

    async def _connected(self) -> Any:  # noqa: ANN401  # aiokafka has no usable types
        async with self._connecting:
            if self._producer is None:
                self._producer = await self._connect()
            return self._producer

    async def _connect(self) -> Any:  # noqa: ANN401  # as above
        await self._check_admission()
        producer = AIOKafkaProducer(
            **self._kafka.arguments,
            acks="all",
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            max_batch_size=BATCH_BYTES,
        )
        try:
            await producer.start()
            await self._check_topic(producer)
        except ValueError as exc:
            self._drop(producer)
            raise KafkaConnectionError(f"{self._kafka.bootstrap_servers} is no list of host:port") from exc
        except BaseException:
            self._drop(producer)
            raise
        logger.info("feedback_connected", extra={"kafka": self._kafka.bootstrap_servers, "topic": self._topic})
        return producer

    async def _check_admission(self) -> None:
        if time.monotonic() >= self._refused_until:
            self._why_refused = await refusal(self._kafka)
            self._refused_until = time.monotonic() + REFUSED_SECONDS if self._why_refused else 0.0
        if self._why_refused:
            raise _RefusedError(self._why_refused)

    async def _check_topic(self, producer: Any) -> None:  # noqa: ANN401  # as above
        # All topics are asked for, not this one: a cluster may make a topic that is asked for, with its defaults.
        cluster = await producer.client.fetch_all_metadata()
        if self._topic not in cluster.topics():
            raise UnknownTopicOrPartitionError(self._topic)

    async def _send(self, producer: Any, one: Feedback) -> Delivery:  # noqa: ANN401  # as above
        headers = event_headers(source=SOURCE, kind=EVENT_TYPE)
        delivery: Delivery = await producer.send(
            self._topic, key=one.tweet_id.encode(), value=encode(one), headers=headers
        )
        return delivery

    def _drop(self, producer: Any) -> None:  # noqa: ANN401  # as above
        """Close a producer in a task of its own: what it still holds may take seconds to fail."""
        if producer is self._producer:
            self._producer = None
        task = asyncio.create_task(_stop(producer))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _not_connected(self, cause: Exception) -> FeedbackNotDeliveredError:
        if isinstance(cause, UnknownTopicOrPartitionError):
            return FeedbackNotDeliveredError(
                f"no feedback was taken, as Kafka has no topic {self._topic}, or does not show it to this server: "
                "start a worker, which makes it, then send all again"
            )
        if isinstance(cause, _RefusedError):
            return FeedbackNotDeliveredError(
                "no feedback was taken, as Kafka does not let this server in: its log says why; "
                "when that is mended, send all again"
            )
        return FeedbackNotDeliveredError(
            "no feedback was taken, as no Kafka answers: start one with `tickertape broker`, "
            "or set KAFKA_BOOTSTRAP_SERVERS of this server to yours; then send all again"
        )

    def _log(self, cause: Exception, *, acknowledged: int, elements: int) -> None:
        logger.warning(
            "feedback_not_delivered",
            extra={
                "kafka": self._kafka.bootstrap_servers,
                "topic": self._topic,
                "acknowledged": acknowledged,
                "elements": elements,
                "error": str(cause) if isinstance(cause, _RefusedError) else reason(cause),
            },
        )


def _give_up(sent: Sequence[Delivery]) -> int:
    """Wait for none of the deliveries any more; gives how many have arrived."""
    for delivery in sent:
        delivery.cancel()
    return sum(not delivery.cancelled() and delivery.exception() is None for delivery in sent)


async def _stop(producer: Any) -> None:  # noqa: ANN401  # aiokafka has no usable types
    with contextlib.suppress(KafkaError, OSError):
        await producer.stop()
