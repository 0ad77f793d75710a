"""The feed of one process: looks at Kafka once a tick, and gives each tick to who listens."""

import asyncio
import logging
import time

from aiokafka.errors import KafkaError

from api.live.frames import encode, event
from api.live.log import KafkaLog
from api.live.picture import GetModel, Picture
from api.live.reader import LiveTopics, Reader
from api.live.viewers import Viewer, Viewers
from api.request_errors import LiveUnavailableError, TickerNotFoundError
from monitoring.recording import count_unreadable, show_live_streams
from stream.kafka.connection import KafkaConnection

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""Longest time of a look; then the connection is given up."""
RETRY_SECONDS = 2.0
CLOSE_SECONDS = 1.0


class LiveFeed:
    """Reads all the time, so that there is a history when somebody opens the page; belongs to one event loop.

    Args:
        kafka: how to reach the cluster.
        topics: full names.
        seconds: between two ticks.
        sample_bytes: of classified tweets that are read in a tick, over all partitions.
        most_streams: clients at once.
    """

    def __init__(
        self,
        kafka: KafkaConnection,
        topics: LiveTopics,
        *,
        seconds: float,
        sample_bytes: int,
        most_streams: int,
    ) -> None:
        self.viewers = Viewers(most_streams, show=show_live_streams)
        self._kafka, self._topics = kafka, topics
        self._seconds, self._sample_bytes = seconds, sample_bytes
        self._log: KafkaLog | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._retry_at = 0.0
        self._told = ""
        self._number = 0
        self._state: bytes | None = None

    def start(self, model: GetModel) -> None:
        """Begin, in the event loop that runs.

        Args:
            model: gives the versions that answer in this process.
        """
        self._picture = Picture(now=time.time, model=model)
        self._tick = self._picture.tick()
        self._reader = Reader(
            self._topics, self._picture, most_bytes=self._sample_bytes, now=time.time, clock=time.monotonic
        )
        self._task = asyncio.create_task(self._run(), name="live-feed")

    async def close(self) -> None:
        """End all streams, and let go of the connections; waits no longer than `CLOSE_SECONDS`."""
        self.viewers.end()
        self._task.cancel()
        await asyncio.wait({self._task})
        self._drop()
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE_SECONDS)

    def join(self) -> tuple[Viewer, bytes]:
        """Add a client; gives it with its first event.

        Raises:
            OverloadedError: there are as many as are allowed.
        """
        if self._state is None:  # all who come before the next tick share it
            self._state = event("state", self._number, self._picture.state(self._tick))
        return self.viewers.join(self._number), self._state

    def ticker(self, symbol: str) -> bytes:
        """Give what is known of a ticker, as JSON.

        Args:
            symbol: in any case, with or without a dollar sign.

        Raises:
            TickerNotFoundError: no tweet of it was read in the last 15 minutes.
            LiveUnavailableError: as Kafka is away, nobody knows.
        """
        name = symbol.removeprefix("$").upper()
        if (view := self._picture.ticker(name)) is not None:
            return encode(view)
        if self._picture.broker != "connected":
            raise LiveUnavailableError(
                f"the live feed has nothing to tell, as Kafka is {self._picture.broker} (KAFKA_BOOTSTRAP_SERVERS): "
                "try again later"
            )
        raise TickerNotFoundError(f"no tweet of {name[:20]!r} was read in the last 15 minutes")

    async def _run(self) -> None:
        looking: asyncio.Task[None] | None = None
        due = time.monotonic()
        try:
            while True:
                due += self._seconds
                looking = looking or asyncio.create_task(self._look())
                await asyncio.wait({looking}, timeout=max(due - time.monotonic(), 0))
                if looking.done():
                    looking = None
                self._publish()
                due = max(due, time.monotonic())  # what a slow moment left out is not made up for
                await asyncio.sleep(due - time.monotonic())
        finally:
            if looking is not None:
                looking.cancel()
                await asyncio.wait({looking})

    def _publish(self) -> None:
        self._number += 1
        self._state = None
        self._tick = self._picture.tick()
        if len(self.viewers):
            self.viewers.publish(self._number, event("tick", self._number, self._tick))

    async def _look(self) -> None:
        if self._log is None and time.monotonic() < self._retry_at:
            return
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                if self._log is None:
                    self._log = KafkaLog(self._kafka)
                    self._reader.begin()
                    await self._log.open()
                unreadable = self._picture.unreadable
                await self._reader.look(self._log)
        except (KafkaError, OSError) as exc:  # a TimeoutError is an OSError
            self._lose()
            self._tell("gone", "live_kafka_gone", level=logging.WARNING, error=f"{type(exc).__name__}: {exc}")
        except Exception as exc:  # noqa: BLE001  # whatever it is, the feed goes on
            self._lose()
            self._tell("failed", "live_feed_failed", level=logging.ERROR, exc_info=exc)
        else:
            count_unreadable(self._picture.unreadable - unreadable)
            is_there = self._picture.broker == "connected"
            self._tell(self._picture.broker, "live_connected" if is_there else "live_topics_missing")

    def _lose(self) -> None:
        self._drop()
        self._retry_at = time.monotonic() + RETRY_SECONDS
        self._picture.broker = "gone"
        self._picture.lose_rate()

    def _tell(
        self, how: str, event: str, *, level: int = logging.INFO, exc_info: Exception | None = None, **more: str
    ) -> None:
        """Log how Kafka is, once for each change."""
        if how != self._told:
            self._told = how
            extra = {"kafka": self._kafka.bootstrap_servers, "topic": self._topics.classified, **more}
            logger.log(level, event, exc_info=exc_info, extra=extra)

    def _drop(self) -> None:
        """Close the connection in a task of its own: what it waits for may take seconds to fail."""
        if self._log is not None:
            task = asyncio.create_task(self._log.close())
            self._log = None
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
