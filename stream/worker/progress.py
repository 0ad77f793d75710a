"""How far the worker is with the partitions that it holds.

Other threads ask, also while the worker's event loop hangs, so nothing here waits for it.
"""

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from monitoring.recording import count_rebalance, show_partitions
from stream.transport.chunked_app import ChunkedApp


class Progress(NamedTuple):
    """How far a partition is.

    Attributes:
        waiting: records in Kafka, as far as fetches have told, that were not taken yet.
        in_hand: records that were taken and are not committed.
        committed_at: when a chunk was last committed, in seconds of `time.monotonic`.
        fetched_at: when Kafka last answered a fetch, in seconds of `time.time`.
    """

    waiting: int = 0
    in_hand: int = 0
    committed_at: float = -math.inf
    fetched_at: float = -math.inf


class HeldPartition:
    """Implements `monitoring.recording.Partition`.

    Args:
        number: of the partition.
        ask: tells how far it is.
        held_since: when it was assigned, in seconds of `time.time`.
        clock: gives seconds that only grow, as `time.monotonic`.
    """

    def __init__(
        self,
        number: int,
        ask: Callable[[], Progress],
        *,
        held_since: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.number = number
        self._ask = ask
        self._held_since = held_since
        self._clock = clock
        self._lag_since: float | None = None

    def progress(self) -> Progress:
        """Tell how far it is."""
        return self._ask()

    def lag_tweets(self) -> float:
        """Count the tweets in Kafka whose answers are not committed."""
        progress = self._ask()
        return progress.waiting + progress.in_hand

    def stalled_seconds(self) -> float:
        """Tell for how long nothing was committed while there is lag, seen since the first time this was asked."""
        progress, now = self._ask(), self._clock()
        if not progress.waiting + progress.in_hand:
            self._lag_since = None
            return 0.0
        self._lag_since = now if self._lag_since is None else self._lag_since
        return max(0.0, now - max(self._lag_since, progress.committed_at))

    def fetched_at(self) -> float:
        """Tell when Kafka last answered a fetch; without an answer so far, when the partition was assigned."""
        return max(self._held_since, self._ask().fetched_at)


def watch_partitions(app: ChunkedApp, topic: str) -> None:
    """Show lag and progress of the partitions of a topic as long as the worker holds them, and count rebalances."""

    async def show(_: Any, assigned: set[Any], **_kwargs: Any) -> None:  # noqa: ANN401  # faust's signature
        count_rebalance()
        mine = sorted(tp for tp in assigned if tp.topic == topic)
        now = time.time()
        app.held = tuple(HeldPartition(tp.partition, partial(app.consumer.progress, tp), held_since=now) for tp in mine)
        show_partitions(app.held)

    async def hide(*_: Any, **_kwargs: Any) -> None:  # noqa: ANN401  # as above
        app.held = ()
        show_partitions([])

    app.on_partitions_assigned.connect(show, weak=False)
    app.on_partitions_revoked.connect(hide, weak=False)
