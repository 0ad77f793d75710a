"""Publish records to Kafka at a chosen rate, and know that each was delivered."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from models.errors import DeliveryError
from stream.feed.files import Record
from stream.framing import Header
from stream.kafka.clients import CONNECT_TIMEOUT_MS, open_client
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import reason
from stream.kafka.interrupts import Interrupts

MAX_IN_FLIGHT = 20_000  # records; the client has no bound of its own, and this many tweets take about 20 MB
DELIVERY_TIMEOUT_MS = 30_000  # a broker that restarts is back by then
CLOSE_TIMEOUT_SECONDS = DELIVERY_TIMEOUT_MS / 1000 + 1  # no record is undecided after it
LINGER_MS = 5  # waits this long for company, so that a fast feed travels in large batches
BATCH_BYTES = 131_072
MAX_LAG_SECONDS = 0.1  # a feed that falls further behind its rate goes on from now instead of catching up in a burst

Item = TypeVar("Item")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """What came of a replay.

    Attributes:
        records: those that the broker has acknowledged.
        seconds: from the first one to the last acknowledgement.
        interrupted: Ctrl-C ended it before its source did.
    """

    records: int
    seconds: float
    interrupted: bool

    @property
    def records_per_second(self) -> float:
        """The rate over the whole replay; 0 if nothing was published."""
        return self.records / self.seconds if self.seconds else 0.0


def publish(
    records: Iterable[Record],
    *,
    kafka: KafkaConnection,
    topic: str,
    headers: Callable[[], list[Header]] = list,
    progress: Callable[[], object] = lambda: None,
) -> Published:
    """Publish all records and wait until the broker has acknowledged each.

    Ctrl-C ends the replay early: what was sent is still delivered and counted.

    Args:
        records: key and value each; at most one of the two is None.
        kafka: how to reach the cluster.
        topic: where to; must exist.
        headers: gives those of a record; called for each.
        progress: called after each record that was handed to the client.

    Raises:
        BrokerError: no broker answers.
        DeliveryError: records were not delivered; says how many were.
    """
    delivery = _Delivery(_connect(kafka), topic)
    started = time.monotonic()
    interrupted = False
    try:
        with Interrupts() as interrupts:
            for key, value in records:
                with interrupts.held():
                    delivery.send(key, value, headers())
                if delivery.is_broken:
                    break
                progress()
    except KeyboardInterrupt:
        interrupted = True
    finally:
        delivery.finish()
    delivery.check()
    return Published(records=delivery.delivered, seconds=time.monotonic() - started, interrupted=interrupted)


def pace(
    items: Iterable[Item],
    *,
    per_second: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Item]:
    """Hand the items on at a steady rate.

    Args:
        items: may come slower than the rate; a gap is not made up for by a burst.
        per_second: above 0.
        clock: gives seconds that only grow.
        sleep: waits for that many seconds.
    """
    interval_seconds = 1 / per_second
    due = clock()
    for item in items:
        wait_seconds = due - clock()
        if wait_seconds > 0:
            sleep(wait_seconds)
        elif -wait_seconds > MAX_LAG_SECONDS:
            due = clock()
        yield item
        due += interval_seconds


class _Delivery:
    """Records on their way: how many arrived, and what became of the first that did not."""

    def __init__(self, producer: KafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._in_flight: deque[Any] = deque()
        self._failed = 0
        self._is_broken = False
        self._first_error: Exception | None = None
        self.delivered = 0

    @property
    def is_broken(self) -> bool:
        """True when a record failed for a reason that the next ones share."""
        return self._is_broken

    def send(self, key: bytes | None, value: bytes | None, headers: list[Header]) -> None:
        """Hand a record to the client; waits while too many are in flight."""
        try:
            self._in_flight.append(self._producer.send(self._topic, key=key, value=value, headers=headers))
        except MessageSizeTooLargeError as exc:  # this record's own fault: the others can still go
            self._fail(exc)
        except KafkaError as exc:
            self._fail(exc)
            self._is_broken = True
        while self._in_flight and (self._in_flight[0].is_done or len(self._in_flight) > MAX_IN_FLIGHT):
            self._settle_oldest(timeout_seconds=CLOSE_TIMEOUT_SECONDS)

    def finish(self) -> None:
        """Wait for what is in flight, and close; when Kafka is gone, or on Ctrl-C, give the rest up at once."""
        try:
            if not self._is_broken:
                self._producer.flush(timeout=CLOSE_TIMEOUT_SECONDS)
        except (KafkaError, KeyboardInterrupt) as exc:
            logger.warning("delivery_given_up", extra={"error": type(exc).__name__})
            self._is_broken = True
        if self._is_broken:
            # The public close() flushes first, waits once more for what can't come, and leaves its thread behind.
            self._producer._sender.force_close()  # noqa: SLF001  # no public way to give up
        self._producer.close(timeout=CLOSE_TIMEOUT_SECONDS)
        while self._in_flight:
            self._settle_oldest(timeout_seconds=0)

    def check(self) -> None:
        """Raise if a record was not delivered."""
        if self._first_error is not None:
            raise DeliveryError(
                f"not delivered to {self._topic}: {self._failed} of {self._failed + self.delivered} records that were "
                f"sent ({self.delivered} were delivered); the first failure: {reason(self._first_error)}"
            ) from self._first_error

    def _settle_oldest(self, *, timeout_seconds: float) -> None:
        try:
            self._in_flight.popleft().get(timeout=timeout_seconds)
        except MessageSizeTooLargeError as exc:
            self._fail(exc)
        except KafkaError as exc:
            self._fail(exc)
            self._is_broken = True
        else:
            self.delivered += 1

    def _fail(self, error: Exception) -> None:
        self._failed += 1
        self._first_error = self._first_error or error


def _connect(kafka: KafkaConnection) -> KafkaProducer:
    return open_client(
        KafkaProducer,
        kafka,
        acks="all",
        linger_ms=LINGER_MS,
        batch_size=BATCH_BYTES,
        delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
        request_timeout_ms=DELIVERY_TIMEOUT_MS - 1000,
        max_block_ms=CONNECT_TIMEOUT_MS,
        metrics_enabled=False,
    )
