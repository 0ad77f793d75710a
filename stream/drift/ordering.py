"""Records of several partitions, put in the order of their time."""

from collections import deque
from collections.abc import Collection, Sequence
from typing import Protocol


class TimedRecord(Protocol):
    """What is read of a Kafka record.

    Attributes:
        timestamp: in ms since 1970.
    """

    partition: int
    offset: int
    timestamp: int
    value: bytes | None


class TimeOrder:
    """Holds records that were fetched, and gives the oldest first; those of one partition stay in their order."""

    def __init__(self) -> None:
        self._waiting: dict[int, deque[TimedRecord]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, partition: int, records: Sequence[TimedRecord]) -> None:
        """Take in records that follow those that were taken in before."""
        self._waiting.setdefault(partition, deque()).extend(records)

    def count(self, partition: int) -> int:
        """Give how many records of a partition wait."""
        return len(self._waiting.get(partition, ()))

    def next_offset(self, partition: int) -> int | None:
        """Give the offset of the oldest record of a partition that waits; None for none."""
        waiting = self._waiting.get(partition)
        return waiting[0].offset if waiting else None

    def take(self, most: int, *, unfinished: Collection[int]) -> list[TimedRecord]:
        """Give the oldest records.

        Args:
            most: how many at most.
            unfinished: partitions of which more is to come: once one has nothing that waits, what it brings may be older
                than all else, so no more is given.
        """
        taken: list[TimedRecord] = []
        while len(taken) < most and not any(not self._waiting.get(partition) for partition in unfinished):
            oldest = min(
                (waiting for waiting in self._waiting.values() if waiting),
                key=lambda waiting: waiting[0].timestamp,
                default=None,
            )
            if oldest is None:
                break
            taken.append(oldest.popleft())
        return taken

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()
