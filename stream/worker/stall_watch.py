"""Finds a worker that stands still while there is work; looks from a thread of its own, as the event loop may hang.

Not every worker that stands still has a fault: decision 0031 says what excuses it.
"""

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from monitoring.serving import Readiness
from stream.transport.chunked_app import ChunkedApp
from stream.worker.awaiting import awaited_topics
from stream.worker.progress import HeldPartition

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
GRACE_SECONDS = 3.0  # after the watch has found that Kafka answers; the worker's own fetch may have its answer as late
ASLEEP_SECONDS = 5.0  # so long without a look, the process was stopped or the machine slept, and all of it stood still


class Standing(NamedTuple):
    """How far a worker is.

    Attributes:
        lag_tweets: in Kafka whose answers are not committed, as far as fetches have told.
        still_seconds: since a chunk was answered or committed while there is lag; without lag, since Kafka answered a fetch.
        silent_seconds: since Kafka answered a fetch.
    """

    lag_tweets: int
    still_seconds: float
    silent_seconds: float


class StallWatch:
    """Looks at the partitions that a worker holds.

    Args:
        held: gives them, the same object as long as they are the same; None before the first assignment.
        answered: counts the chunks whose answers are ready; a slow model gets on by these long before a commit.
        limit_seconds: longest time to stand still.
        kafka_answers: asks Kafka for these partitions, by a connection of its own.
        clock: gives seconds that only grow.
    """

    def __init__(
        self,
        held: Callable[[], tuple[HeldPartition, ...] | None],
        *,
        answered: Callable[[], int],
        limit_seconds: float,
        kafka_answers: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask_held = held
        self._ask_answered = answered
        self._limit_seconds = limit_seconds
        self._kafka_answers = kafka_answers
        self._clock = clock
        self._held: tuple[HeldPartition, ...] | None = None
        self._done = (0, -math.inf)  # chunks answered, and when one was committed
        self._fetched_at = -math.inf
        self._looked_at = self._moved_at = self._heard_at = self._busy_at = self._excused_at = clock()
        self._reached_at: float | None = None  # since when Kafka answers the watch, while it does not answer the worker
        self._standing: Standing | None = None
        self._awaited_topics: Sequence[str] = ()
        self._waits = False

    def excuse(self, topics: Sequence[str]) -> None:
        """Count anew from now for what `stalled` gives, as Kafka has not taken the answers for these topics yet."""
        self._awaited_topics = topics
        self._excused_at = self._clock()

    def stalled(self) -> Standing | None:
        """Look once; gives how far the worker is if it has stood still for too long, and nothing excuses it."""
        now = self._clock()
        held = self._ask_held()
        if held is not self._held or now - self._looked_at > ASLEEP_SECONDS:
            self._held = held
            self._moved_at = self._heard_at = now
        self._looked_at = now
        if not held:
            self._standing = None if held is None else Standing(0, 0.0, 0.0)
            return None
        lag = self._note(held, now)
        began = self._moved_at if lag else max(self._heard_at, self._busy_at)
        standing = self._standing = Standing(lag, now - began, now - self._heard_at)
        if standing.still_seconds < self._limit_seconds:
            self._waits, self._reached_at = False, None
            return None
        if now - self._excused_at < self._limit_seconds:
            self._wait(standing, self._awaited_topics)
        elif standing.silent_seconds >= self._limit_seconds and not self._has_reached_kafka():
            self._wait(standing, ())
        else:
            self._waits = False
            return standing
        return None

    def _has_reached_kafka(self) -> bool:
        answers = self._kafka_answers()
        now = self._looked_at = self._clock()  # it took a while to ask
        if not answers:
            self._excused_at, self._awaited_topics, self._reached_at = now, (), None
            return False
        self._reached_at = now if self._reached_at is None else self._reached_at
        return now - self._reached_at >= GRACE_SECONDS

    def readiness(self) -> Readiness:
        """Tell how far the worker was at the last look; any thread may ask."""
        standing = self._standing
        if standing is None:
            return Readiness(is_ready=False, told={"status": "starting"})
        is_ready = standing.still_seconds < self._limit_seconds
        status = "ready" if is_ready else "waiting_for_kafka" if self._waits else "stalled"
        return Readiness(is_ready=is_ready, told={"status": status, **standing._asdict()})

    def _wait(self, standing: Standing, topics: Sequence[str]) -> None:
        if not self._waits:
            logger.warning("worker_waits_for_kafka", extra={"topics": list(topics), **standing._asdict()})
        self._waits = True

    def _note(self, held: tuple[HeldPartition, ...], now: float) -> int:
        progress = [partition.progress() for partition in held]
        lag = sum(one.waiting + one.in_hand for one in progress)
        done = (self._ask_answered(), max(one.committed_at for one in progress))
        fetched_at = max(one.fetched_at for one in progress)
        if not lag or done != self._done:
            self._moved_at = now
        if lag:
            self._busy_at = now
        if fetched_at != self._fetched_at:  # of a clock that people and services set: only that it differs counts
            self._heard_at = now
        self._done, self._fetched_at = done, fetched_at
        return lag


def watch_worker(
    app: ChunkedApp, *, limit_seconds: float, kafka_answers: Callable[[], bool], stalled: Callable[[Standing], object]
) -> StallWatch:
    """Watch a worker from the time when it has its first partitions.

    Args:
        app: the worker's.
        limit_seconds: longest time to stand still.
        kafka_answers: see `StallWatch`.
        stalled: what to do when it has stood still for so long; called in the watch's thread.
    """
    watch = StallWatch(
        lambda: app.held, answered=lambda: app.answered, limit_seconds=limit_seconds, kafka_answers=kafka_answers
    )

    def excuse() -> None:
        if topics := awaited_topics(app):
            watch.excuse(topics)

    def look_without_end(loop: asyncio.AbstractEventLoop) -> None:
        while not app.should_stop and not loop.is_closed():
            loop.call_soon_threadsafe(
                excuse
            )  # by the loop itself: one that hangs is not excused by what it left undone
            if (standing := watch.stalled()) is not None:
                stalled(standing)
            time.sleep(LOOK_SECONDS)

    threads: list[threading.Thread] = []

    async def begin(*_: Any, **_kwargs: Any) -> None:  # noqa: ANN401  # faust's signature
        if not threads:
            loop = asyncio.get_running_loop()
            threads.append(threading.Thread(target=look_without_end, args=(loop,), name="stall-watch", daemon=True))
            threads[0].start()

    app.on_partitions_assigned.connect(begin, weak=False)
    return watch
