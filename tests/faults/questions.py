"""What Kafka is asked while faults go on: again and again, until a broker answers."""

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 240.0  # only ends a test that hangs
ANSWER_MS = 10_000


class Questions:
    """Asks for offsets as who reads only what is committed sees them.

    Args:
        servers: of a broker that no fault comes between.
        group: the workers' consumer group; it is not joined.
        partitions: of each topic that is asked for.
    """

    def __init__(self, servers: str, *, group: str, partitions: int) -> None:
        self._servers, self._group = servers, group
        self._numbers = range(partitions)
        self._consumer: KafkaConsumer | None = None

    def ends(self, topic: str) -> dict[int, int]:
        """Give the offset after the last record of each partition."""
        found = self._ask(lambda consumer: consumer.end_offsets(self._partitions(topic)))
        return {partition.partition: end for partition, end in found.items()}

    def committed(self, topic: str) -> dict[int, int]:
        """Give the offset that the group would go on from, of each partition."""
        return {tp.partition: self.committed_of(tp) for tp in self._partitions(topic)}

    def committed_of(self, tp: TopicPartition) -> int:
        """Give the offset that the group would go on from; 0 before the first commit."""
        return self._ask(lambda consumer: consumer.committed(tp)) or 0

    def appended(self, topic: str) -> dict[int, list[float]]:
        """Give the times at which the broker took the records of each partition, in seconds since 1970; of a batch once."""
        times: defaultdict[int, list[float]] = defaultdict(list)
        partitions = self._partitions(topic)
        with contextlib.closing(self._open()) as consumer:
            ends = consumer.end_offsets(partitions)
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            while any(consumer.position(partition) < ends[partition] for partition in partitions):
                for partition, records in consumer.poll(timeout_ms=500).items():
                    its_times = times[partition.partition]
                    its_times.extend(sorted({record.timestamp / 1000 for record in records} - set(its_times[-1:])))
        return times

    def close(self) -> None:
        """Let go of the connection; the next question begins anew."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close(autocommit=False, timeout_ms=0)

    def _ask(self, question: Callable[[KafkaConsumer], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._consumer = self._consumer or self._open()
                return question(self._consumer)
            except KafkaError:
                self.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_SECONDS)

    def _open(self) -> KafkaConsumer:
        return KafkaConsumer(
            bootstrap_servers=self._servers,
            group_id=self._group,
            enable_auto_commit=False,
            isolation_level="read_committed",
            request_timeout_ms=ANSWER_MS,
        )

    def _partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in self._numbers]
