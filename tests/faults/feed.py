"""A steady feed of tweets that waits for Kafka instead of giving up."""

import itertools
import json
import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from kafka import KafkaProducer

from stream.feed.files import Record

PATIENCE_MS = 900_000  # longer than any fault lasts
WORDS = ("beats", "misses", "raises", "cuts", "guides", "buys", "sells", "splits")


def tweets() -> Iterator[Record]:
    """Make up tweets without end."""
    for number in itertools.count():
        text = f"$AAPL {WORDS[number % len(WORDS)]} Q{number % 4 + 1} estimates by {number % 97}%"
        yield str(number).encode(), json.dumps({"id": str(number), "text": text}).encode()


class Feed:
    """Publishes records at a steady rate from a thread, as long as the `with` block lasts; then all are acknowledged.

    It is idempotent: each of its records stands in the topic once, whatever happens to the broker.

    Args:
        servers: where to.
        topic: the input topic.
        records: what to publish; ends with the block, or before.
        per_second: its rate.

    Attributes:
        sent: how many records Kafka has acknowledged.
    """

    def __init__(self, servers: str, topic: str, *, records: Iterable[Record], per_second: float) -> None:
        self._topic, self._records, self._per_second = topic, records, per_second
        self._producer = KafkaProducer(
            bootstrap_servers=servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
            delivery_timeout_ms=PATIENCE_MS,
            max_block_ms=PATIENCE_MS,
            request_timeout_ms=5_000,
        )
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._publish)
        self._failures: list[BaseException] = []
        self._handed_over = 0
        self.sent = 0

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End, and wait until all is acknowledged; after an error in the block it waits for nothing."""
        self._is_over.set()
        if error is not None:
            self._producer._sender.force_close()
        self._thread.join()
        if error is None:
            self._producer.flush(timeout=PATIENCE_MS / 1000)
        self._producer.close(timeout=1)
        if error is None:
            assert (self.sent, self._failures) == (self._handed_over, [])

    def _publish(self) -> None:
        begin = time.monotonic()
        for number, (key, value) in enumerate(self._records):
            self._is_over.wait(max(0.0, begin + number / self._per_second - time.monotonic()))
            if self._is_over.is_set():
                return
            future = self._producer.send(self._topic, key=key, value=value)
            self._handed_over += 1
            future.add_callback(self._count).add_errback(self._failures.append)

    def _count(self, _: object) -> None:
        self.sent += 1  # by the producer's one thread
