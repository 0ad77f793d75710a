"""What a fault cost, worked out from the topics; and the table of all faults of a run."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

LONG_SILENCE_SECONDS = 1.0  # of a partition to which hundreds of tweets come in that time


@dataclass(frozen=True)
class Figures:
    """What became of the tweets of one kind of fault.

    Attributes:
        fault: what was done.
        delivery: of the workers that it was done to.
        faults: how often.
        sent: tweets that Kafka acknowledged to the feed.
        lost: of these, how many ended neither classified nor as a dead letter.
        repeated: outputs beyond the first of an input, as who reads only what is committed sees them; each can be known
            by its `ce_id`.
        worst_recovery_seconds: from the end of a fault until all partitions had outputs steadily again; None without one.
        worker_failures: how often a worker ended by itself and was started again.
    """

    fault: str
    delivery: str
    faults: int
    sent: int
    lost: int
    repeated: int
    worst_recovery_seconds: float | None
    worker_failures: int

    def line(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(asdict(self))


def totals(verdict: dict[str, Any]) -> dict[str, int]:
    """Add up what `tickertape verify --json` says of each partition."""
    names = [name for name in verdict["partitions"][0] if name not in {"partition", "start", "end"}]

    def count(value: Any) -> int:
        return int(value["count"] if isinstance(value, dict) else value)

    return {name: sum(count(partition[name]) for partition in verdict["partitions"]) for name in names}


def worst_recovery(appended: dict[int, list[float]], faults: Sequence[tuple[float, float]]) -> float | None:
    """Work out how long it took until outputs came steadily again.

    Args:
        appended: of each partition, when its outputs were appended by the broker, ascending; seconds since 1970.
        faults: when each began and ended.

    Returns:
        Seconds from the end of a fault to the end of the last long silence of a partition before the next fault, or of
        the silence that the fault itself made where it left no long one; of the worst fault. A silence that lasts into
        the next fault counts with that one. None without faults.
    """
    begins = [*(begin for begin, _ in faults), float("inf")][1:]
    found = [
        after - end
        for (_, end), next_begin in zip(faults, begins, strict=True)
        for times in appended.values()
        for before, after in pairwise(times)
        if end <= after <= next_begin and (before <= end or after - before > LONG_SILENCE_SECONDS)
    ]
    return max(found, default=None)


def table(figures: Sequence[Figures]) -> list[str]:
    """Show the faults of a run, one a line."""
    width = max(len(one.fault) for one in figures)
    lines = [
        f"{'fault':<{width}} {'delivery':<13} {'times':>5} {'tweets':>8} {'lost':>5} {'repeated':>9} {'worst recovery':>15} restarts"
    ]
    for one in figures:
        recovery = "-" if one.worst_recovery_seconds is None else f"{one.worst_recovery_seconds:.1f} s"
        lines.append(
            f"{one.fault:<{width}} {one.delivery:<13} {one.faults:>5} {one.sent:>8,} {one.lost:>5,} {one.repeated:>9,} {recovery:>15} "
            f"{one.worker_failures:>8}"
        )
    return lines
