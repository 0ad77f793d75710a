"""The chunks of one partition that were delivered to the worker and are not committed yet."""

import math
import time
from collections import deque
from dataclasses import dataclass, field


@dataclass
class ChunkLedger:
    """The chunks of one partition that were delivered and are not committed yet, in order.

    Faust's own bookkeeping takes offsets that were never delivered (holes left by compaction and transactions) as
    done, and can so commit past work in flight (faust#606). Here only a whole chunk counts, and only in turn.

    >>> ledger = ChunkLedger()
    >>> ledger.deliver(0, 9, records=10); ledger.deliver(10, 25, records=16)
    >>> ledger.settle({25}) is None
    True
    >>> ledger.settle({9, 25})
    26

    Attributes:
        records: how many the chunks hold.
        settled_at: when a chunk was last settled, in seconds of `time.monotonic`.
    """

    records: int = 0
    settled_at: float = -math.inf
    _chunks: deque[tuple[int, int]] = field(default_factory=deque)

    def deliver(self, first_offset: int, last_offset: int, *, records: int) -> None:
        """Note a chunk; where it begins before the end of one that is noted, Faust has gone back, and that one is void."""
        while self._chunks and self._chunks[-1][0] >= first_offset:
            self.records -= self._chunks.pop()[1]
        self._chunks.append((last_offset, records))
        self.records += records

    def settle(self, acked: set[int]) -> int | None:
        """Forget the chunks acked in turn; returns the offset to commit, or None when nothing new is complete."""
        settled = None
        while self._chunks and self._chunks[0][0] in acked:
            settled, records = self._chunks.popleft()
            self.records -= records
        if settled is None:
            return None
        self.settled_at = time.monotonic()
        return settled + 1
