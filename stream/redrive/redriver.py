"""Sends inputs that were refused through the stream again: each once, whatever happens in between.

An input and the mark that it was sent go out in one transaction. The marks are read before anything is sent, and a second
run that begins takes over from the first, which then can't send any more.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, cast

from kafka import KafkaProducer
from kafka.errors import KafkaError, ProducerFencedError

from models.errors import DeliveryError
from models.records import utc_timestamp
from stream.codecs import encode
from stream.kafka.clients import CONNECT_TIMEOUT_MS, open_client
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import broker_error, reason
from stream.kafka.interrupts import Interrupts
from stream.kafka.ranges import BEGINNING, RangeReader
from stream.redrive.marks import Mark, mark_headers
from stream.redrive.stored import Origin, StoredLetter
from stream.topics import DEAD_LETTER_MAX_BYTES, Topics

_TRANSACTION_LETTERS = 500
_DELIVERY_TIMEOUT_MS = 30_000
_REQUEST_BYTES = 2 * DEAD_LETTER_MAX_BYTES


def marked(kafka: KafkaConnection, topics: Topics) -> frozenset[str]:
    """Give the inputs that were sent again, as `ce_id` names them.

    Raises:
        BrokerError: no broker answers, or it has no such topic.
    """
    reader = RangeReader(kafka, topics.redriven.name, start=BEGINNING, end=None, isolation_level="read_committed")
    return frozenset(
        record.key.decode("utf-8", "replace") for part in reader.records() for record in part if record.key
    )


class Redriver:
    """Sends letters again, or says what it would send.

    Args:
        kafka: how to reach the cluster.
        topics: the input topics and that of the marks, which must exist.
        max_attempts: a letter that was tried as often is left.
        again: also send what has a mark.
    """

    def __init__(self, kafka: KafkaConnection, topics: Topics, *, max_attempts: int, again: bool = False) -> None:
        self._kafka, self._topics = kafka, topics
        self._inputs = frozenset({topics.raw.name, topics.feedback.name})
        self._max_attempts, self._again = max_attempts, again

    def redrive(self, letters: Iterable[StoredLetter]) -> Counter[str]:
        """Send what is to be sent again; another run that is on can't send any more from here on.

        Returns:
            How many were `redriven`, and how many were not: `already_redriven`, `too_many_attempts`, `unknown_origin`.

        Raises:
            BrokerError: no broker answers, or the marks can't be read.
            DeliveryError: Kafka did not take all, or another run took over; says how many it took.
        """
        outcomes: Counter[str] = Counter()
        transactional_id = f"{self._topics.redriven.name}.redrive"
        with _connected(self._kafka, transactional_id=transactional_id) as producer:
            chosen = self._chosen(letters, self._marked(), outcomes)
            with Interrupts() as interrupts:
                while some := list(islice(chosen, _TRANSACTION_LETTERS)):
                    with interrupts.held():
                        self._send(producer, some, sent_before=outcomes["redriven"])
                    outcomes["redriven"] += len(some)
        return outcomes

    def plan(self, letters: Iterable[StoredLetter]) -> Counter[str]:
        """Give the counts of `redrive` without sending anything; leaves a run that is on alone.

        Raises:
            BrokerError: the marks can't be read.
        """
        outcomes: Counter[str] = Counter()
        outcomes["redriven"] = sum(1 for _ in self._chosen(letters, self._marked(), outcomes))
        return outcomes

    def _marked(self) -> set[str]:
        return set() if self._again else set(marked(self._kafka, self._topics))

    def _chosen(
        self, letters: Iterable[StoredLetter], done: set[str], outcomes: Counter[str]
    ) -> Iterator[StoredLetter]:
        for letter in letters:
            if letter.origin is None or letter.origin.topic not in self._inputs:
                outcomes["unknown_origin"] += 1
            elif str(letter.origin) in done:  # a crash of a worker makes two letters of one input
                outcomes["already_redriven"] += 1
            elif letter.attempt >= self._max_attempts:
                outcomes["too_many_attempts"] += 1
            else:
                done.add(str(letter.origin))
                yield letter

    def _send(self, producer: KafkaProducer, letters: Sequence[StoredLetter], *, sent_before: int) -> None:
        try:
            producer.begin_transaction()
            sent = [future for letter in letters for future in self._records(producer, letter)]
            for future in sent:
                future.get(timeout=_DELIVERY_TIMEOUT_MS / 1000)
            producer.commit_transaction()
        except KafkaError as exc:
            if ProducerFencedError.__name__ in repr(exc):  # the client may wrap it into another error
                why = "another redrive began, and goes on"
            else:
                why = f"Kafka did not take all letters: {reason(exc)}"
            raise DeliveryError(f"{why}; {sent_before} were sent again: run it again, nothing is sent twice") from exc

    def _records(
        self, producer: KafkaProducer, letter: StoredLetter
    ) -> list[Any]:  # kafka-python's futures have no types
        origin, attempt = cast("Origin", letter.origin), letter.attempt + 1
        mark = Mark(letter.position, letter.reason, attempt, utc_timestamp(time.time()))
        partitions = producer.partitions_for(origin.topic)
        return [
            producer.send(
                origin.topic,
                key=letter.key,
                value=letter.value,
                headers=letter.headers(attempt=attempt),
                partition=origin.partition if origin.partition in partitions else None,
            ),
            producer.send(
                self._topics.redriven.name,
                key=str(origin).encode(),
                value=encode(mark),
                headers=mark_headers(str(origin), attempt=attempt),
            ),
        ]


@contextmanager
def _connected(kafka: KafkaConnection, *, transactional_id: str) -> Iterator[KafkaProducer]:
    producer = open_client(
        KafkaProducer,
        kafka,
        transactional_id=transactional_id,
        acks="all",
        max_request_size=_REQUEST_BYTES,
        delivery_timeout_ms=_DELIVERY_TIMEOUT_MS,
        request_timeout_ms=_DELIVERY_TIMEOUT_MS // 3,
        metrics_enabled=False,
    )
    try:
        producer.init_transactions()
    except KafkaError as exc:
        producer.close(timeout=0)
        raise broker_error("no transaction can be made", kafka, exc) from exc
    try:
        yield producer
    finally:
        producer.close(timeout=CONNECT_TIMEOUT_MS / 1000)
