"""What counting costs a worker: microseconds a chunk when it is acknowledged, and milliseconds a scrape.

Run it as `python tests/benchmarks/counting.py`; it needs no Kafka.
"""

import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace

from monitoring.metrics import exposition
from monitoring.recording import show_partitions
from stream.worker.classify import Answer
from stream.worker.counting import CountedChunk
from stream.worker.progress import HeldPartition, Progress

CHUNKS, SCRAPES, ROUNDS, PARTITIONS = 10_000, 100, 9, 16


class AckedEvent:
    """The event of a chunk whose acknowledgement costs nothing."""

    def __init__(self) -> None:
        record = SimpleNamespace(timestamp=int(time.time() * 1000))
        self.message = SimpleNamespace(value=[record], fetched_at=time.time())

    def ack(self) -> None:
        """Do nothing."""


def answer(**refused: int) -> Answer:
    return Answer(outputs=[], classified=490, to_label={}, refused=refused, scorer_seconds=0.001, spans=[])


def microseconds(step: Callable[[], object], *, times: int) -> float:
    """Time one call, median of the rounds."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(times):
            step()
        rounds.append((time.perf_counter() - started) / times * 1e6)
    return statistics.median(rounds)


def main() -> None:
    event, good, bad = AckedEvent(), answer(), answer(invalid_json=6, missing_field=3, empty_text=1)
    show_partitions(HeldPartition(number, Progress, held_since=0.0) for number in range(PARTITIONS))
    print(
        f"a chunk of tweets:                     {microseconds(lambda: CountedChunk(event, good).ack(), times=CHUNKS):.1f} us"
    )
    print(
        f"a chunk with dead letters of 3 kinds:  {microseconds(lambda: CountedChunk(event, bad).ack(), times=CHUNKS):.1f} us"
    )
    print(f"a scrape with {PARTITIONS} partitions:           {microseconds(exposition, times=SCRAPES) / 1000:.1f} ms")


if __name__ == "__main__":
    main()
