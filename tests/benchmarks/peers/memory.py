"""A worker's resident memory over a long run: its peak, and how it grows."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from peers.broker import PARTITIONS, Broker
from peers.contestants import Contestant
from peers.feed import Feed
from peers.worker_process import WorkerProcess

# Outputs are counted by their offsets, so the broker may drop old ones: a long run needs no more disk than a short one.
DROPPED_EARLY = {"segment.bytes": "67108864", "retention.bytes": "134217728"}


@dataclass(frozen=True)
class Memory:
    """What the run gave.

    Attributes:
        tweets: how many were answered.
        peak_mib: the operating system's own peak.
        early_mib: median while the second tenth of the tweets was answered.
        late_mib: median while the last tenth was.
    """

    tweets: int
    peak_mib: float
    early_mib: float
    late_mib: float

    @property
    def growth_percent(self) -> float:
        """From early to late."""
        return (self.late_mib / self.early_mib - 1) * 100


def measure(contestant: Contestant, feed: Feed, *, broker: Broker, folder: Path, count: int) -> Memory:
    """Let a worker answer that many tweets, and watch its memory."""
    topics = {kind: f"memory.{kind}" for kind in ("raw", "classified", "sentiment", "dead_letter")}
    broker.create(topics["raw"])
    broker.create(topics["classified"], topics["sentiment"], topics["dead_letter"], configs=DROPPED_EARLY)
    feed.fill(broker.servers, topics["raw"], count=count, partitions=PARTITIONS)
    samples: list[tuple[int, float]] = []
    worker = WorkerProcess(contestant, servers=broker.servers, topics=topics, folder=folder)
    with worker:
        is_done = worker.wait_until(
            lambda: broker.count(topics["sentiment"]),
            count,
            each=lambda done: samples.append((done, worker.memory_mib())),
        )
    broker.delete(*topics.values())
    if not is_done:
        raise SystemExit("the worker did not answer all tweets: no memory to tell")
    early, late = _between(samples, 0.1 * count, 0.2 * count), _between(samples, 0.9 * count, count)
    if not early or not late:
        raise SystemExit(f"{count:,} tweets were answered too quickly to watch: give more to --memory-tweets")
    return Memory(count, worker.peak_mib, statistics.median(early), statistics.median(late))


def _between(samples: list[tuple[int, float]], first: float, last: float) -> list[float]:
    return [mib for done, mib in samples if first <= done <= last]
