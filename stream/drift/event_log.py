"""The events on `tweets.drift`, from which the drift process knows where it stands."""

import logging
from collections.abc import Iterator

import msgspec
from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from models.errors import DeliveryError, DriftError
from models.events import event_headers
from monitoring.drift.records import DriftEvent, event_id
from stream.codecs import encode
from stream.drift.client import CALL_MS, HeldClient
from stream.framing import Header
from stream.kafka.clients import POLL_MS, open_client
from stream.kafka.connection import KafkaConnection

SOURCE = b"/tickertape/drift"
EVENT_TYPE = b"tickertape.drift.window.v1"
DELIVERY_TIMEOUT_MS = 10_000
FIRST_BLOCK, LARGEST_BLOCK = 50, 5_000  # events that are read at once, from the newest back

_decoder = msgspec.json.Decoder(DriftEvent)

logger = logging.getLogger(__name__)


class EventLog:
    """Reads the events of a topic from the newest back, and adds to them.

    Args:
        consumer: without a group; nobody else uses it.
        producer: waits for all acknowledgements.
        topic: full name; must exist, and have one partition.
    """

    def __init__(self, consumer: HeldClient, producer: HeldClient, topic: str) -> None:
        self._consumer, self._producer = consumer, producer
        self._partition = TopicPartition(topic, 0)
        consumer.assign([self._partition])
        self._end = self._end_offset()

    def newest(self) -> DriftEvent | None:
        """Give the event that was told last; None for none."""
        return next(self._newest_first(), None)

    def newest_of(self, reference: str, count: int = 1) -> list[DriftEvent]:
        """Give the last events of a reference that no other reference's is among, the newest first.

        Where its last event is followed by those of others, it is looked for as far back as the topic goes.

        Args:
            reference: its id.
            count: how many at most.
        """
        found: list[DriftEvent] = []
        for event in self._newest_first():
            if event.reference == reference:
                found.append(event)
            elif found:
                break
            if len(found) == count:
                break
        return found

    def tell(self, event: DriftEvent) -> None:
        """Add an event, and wait until Kafka has acknowledged it.

        Raises:
            DriftError: somebody else has added one meanwhile.
            DeliveryError: whether it is there is not known: make a new event log, and look.
            KafkaError: no broker answers; it is not there.
        """
        if self._end_offset() != self._end:
            raise DriftError(
                f"another drift process tells on {self._partition.topic}: stop one of the two, or give this one topics "
                "of its own with TOPICS_PREFIX"
            )
        try:
            sent = self._producer.send(
                self._partition.topic,
                partition=self._partition.partition,
                key=event.reference.encode(),
                value=encode(event),
                headers=drift_headers(event),
            ).get(
                timeout=DELIVERY_TIMEOUT_MS / 1000
            )  # an interrupt may cut this wait: the topic tells what was delivered
        except KafkaError as exc:
            raise DeliveryError(f"can't tell on {self._partition.topic}: {type(exc).__name__}: {exc}") from exc
        self._end = sent.offset + 1

    def _newest_first(self) -> Iterator[DriftEvent]:
        first = self._consumer.beginning_offsets([self._partition], timeout_ms=CALL_MS)[self._partition]
        end, block = self._end, FIRST_BLOCK
        while end > first:
            start = max(first, end - block)
            yield from reversed(list(self._events(start, end)))
            end, block = start, min(block * 4, LARGEST_BLOCK)

    def _events(self, start: int, end: int) -> Iterator[DriftEvent]:
        self._consumer.seek(self._partition, start)
        while self._consumer.position(self._partition, timeout_ms=CALL_MS) < end:
            for record in self._consumer.poll(timeout_ms=POLL_MS).get(self._partition, ()):
                if record.offset < end and (event := _decoded(record.value, record.offset)) is not None:
                    yield event

    def _end_offset(self) -> int:
        return int(self._consumer.end_offsets([self._partition], timeout_ms=CALL_MS)[self._partition])


def connect_producer(kafka: KafkaConnection) -> KafkaProducer:
    """Make the producer of an event log.

    Raises:
        BrokerError: no broker answers.
    """
    return open_client(
        KafkaProducer,
        kafka,
        acks="all",
        delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
        request_timeout_ms=DELIVERY_TIMEOUT_MS - 1000,
        max_block_ms=CALL_MS,
        metrics_enabled=False,
    )


def drift_headers(event: DriftEvent) -> list[Header]:
    """Give the headers of an event; `ce_id` is that of the window, so that a repeat would be recognised."""
    headers = event_headers(source=SOURCE, kind=EVENT_TYPE, event=event_id(event.reference, event.window.number))
    return [*headers, ("model-version", event.model.version.encode())]


def _decoded(value: bytes | None, offset: int) -> DriftEvent | None:
    try:
        return _decoder.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        logger.warning("drift_event_unreadable", extra={"offset": offset, "error": type(exc).__name__})
        return None
