"""Where in each partition to read, so that the cost of a look does not depend on how much came since the last."""

from collections.abc import Sequence
from typing import NamedTuple

from aiokafka import TopicPartition

LEAST_BYTES = 16_384
"""A partition gets no smaller part of what is read; with more partitions than that allows, they take turns."""
_FIRST_RECORD_BYTES = 1_000  # a guess that the first records correct
_NEWER_PART = 0.2  # of the mean size: it follows a feed that changes within some looks


class Span(NamedTuple):
    """Records of a partition that came since the last look.

    Attributes:
        partition: where.
        start: offset of the first that is to be read.
        first: offset of the first that came.
        end: offset after the last.
    """

    partition: TopicPartition
    start: int
    first: int
    end: int

    @property
    def came(self) -> int:
        """How many came, read or not."""
        return self.end - self.first


class Sampler:
    """Chooses what to read of one topic in each look: all, or as many of the newest as a number of bytes holds.

    Args:
        most_bytes: of a look, over all partitions.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._record_bytes = float(_FIRST_RECORD_BYTES)
        self._turn = 0

    def part_bytes(self, partitions: int) -> int:
        """Give how many bytes each of so many partitions may take."""
        return max(self._most_bytes // max(partitions, 1), min(LEAST_BYTES, self._most_bytes))

    def choose(self, came: Sequence[Span]) -> list[Span]:
        """Choose among what came since the last look; the spans' starts are set anew.

        Args:
            came: with at least one record each.

        Returns:
            What is to be read.

        >>> tp = TopicPartition("t", 0)
        >>> Sampler(100_000).choose([Span(tp, 7, 7, 9)])[0].start, Sampler(100_000).choose([Span(tp, 0, 0, 900)])[0].start
        (7, 800)
        """
        most = max(self._most_bytes // LEAST_BYTES, 1)
        if len(came) > most:
            begin = self._turn % len(came)
            self._turn += most
            came = [*came[begin:], *came[:begin]][:most]
        records = max(int(self.part_bytes(len(came)) / self._record_bytes), 1)
        return [span._replace(start=max(span.start, span.end - records)) for span in came]

    def note(self, records: int, read_bytes: int) -> None:
        """Take note of how large records are."""
        if records:
            self._record_bytes += _NEWER_PART * (read_bytes / records - self._record_bytes)
            self._record_bytes = max(self._record_bytes, 1.0)


class Positions:
    """How far each partition of a topic was seen, and since when."""

    def __init__(self) -> None:
        self._seen: dict[TopicPartition, tuple[int, float]] = {}

    def begin(self, partition: TopicPartition, offset: int, *, at: float) -> None:
        """Let a partition begin, or begin anew, at an offset."""
        self._seen[partition] = (offset, at)

    def keep(self, partitions: Sequence[TopicPartition]) -> None:
        """Forget all partitions but these."""
        self._seen = {partition: self._seen[partition] for partition in partitions if partition in self._seen}

    def advance(self, partition: TopicPartition, end: int, *, at: float) -> tuple[Span, float] | None:
        """Move a partition to its end.

        Args:
            partition: any.
            end: offset after its last record.
            at: when that was, in seconds that only grow.

        Returns:
            What came, and in how many seconds; None for a partition that has to begin: it was not seen before, or its end
            is before the last one, as the topic was made anew or has lost records.
        """
        offset, since = self._seen.get(partition, (end + 1, at))
        if end < offset:
            return None
        self._seen[partition] = (end, at)
        return Span(partition, offset, offset, end), at - since
