"""Look at the topics once: how far they go, and a part of what came since the last look."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from api.live.latency import measured
from api.live.log import NEWEST, OLDEST, KafkaLog, Offsets
from api.live.picture import Picture
from api.live.sampling import Positions, Sampler, Span
from api.live.windows import BUCKET_SECONDS, BUCKETS

LOOK_AT_TOPICS_SECONDS = 10.0
"""Partitions that are added, and topics that are made, are seen after at most this time."""
SIDE_BYTES = 262_144
"""Of each of the other topics, in one look; they are small."""
RECORD_BYTES = 250
"""About what key, headers and framing add to a value."""
EARLIER_TWEETS = 50
EARLIER_METRICS = 500
"""Records of a partition that are read at the start: the last report is among them."""
EARLIER_DRIFT = 3


@dataclass(frozen=True)
class LiveTopics:
    """Full names of the topics that are read."""

    raw: str
    classified: str
    metrics: str
    drift: str
    dead_letter: str


class _Read(NamedTuple):
    """What was read of a partition, and how many offsets that covers."""

    records: list[Any]
    covered: int


class _Followed:
    """One topic: how far it was seen, and how much of it is read."""

    def __init__(self, name: str, most_bytes: int) -> None:
        self.name = name
        self.positions = Positions()
        self.sampler = Sampler(most_bytes)


class Reader:
    """Reads topics into a picture; where it failed, a new connection goes on at the same positions.

    Args:
        topics: what to read.
        picture: takes it.
        most_bytes: of classified tweets in one look, over all partitions.
        now: gives seconds since 1970.
        clock: gives seconds that only grow.
    """

    def __init__(
        self,
        topics: LiveTopics,
        picture: Picture,
        *,
        most_bytes: int,
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._topics, self._picture = topics, picture
        self._now, self._clock = now, clock
        self._classified = _Followed(topics.classified, most_bytes)
        self._metrics = _Followed(topics.metrics, SIDE_BYTES)
        self._drift = _Followed(topics.drift, SIDE_BYTES)
        self._dead_letters = _Followed(topics.dead_letter, SIDE_BYTES)
        self._followed = (self._classified, self._metrics, self._drift, self._dead_letters)
        self._topics_seen_at = -inf
        self._probe = 0

    def begin(self) -> None:
        """Begin with a new connection, which knows no topics yet."""
        self._topics_seen_at = -inf

    async def look(self, log: KafkaLog) -> None:
        """Look once.

        Args:
            log: open.

        Raises:
            KafkaError: a broker is away.
        """
        if log.is_moved or self._clock() - self._topics_seen_at > LOOK_AT_TOPICS_SECONDS:
            await log.look_at_topics()
            self._topics_seen_at = self._clock()
        partitions = {one.name: log.partitions(one.name) for one in self._followed}
        self._picture.broker = "connected"
        if not partitions[self._classified.name]:
            self._picture.broker, log.is_moved = "missing-topics", True
        ends = await log.offsets([tp for its in partitions.values() for tp in its], NEWEST)
        at = self._clock()
        came = [await self._came(log, one, partitions[one.name], ends, at) for one in self._followed]
        await self._read_tweets(log, came[0])
        self._picture.take_metrics(_flat(await self._read(log, self._metrics, came[1])))
        self._picture.take_drift(_flat(await self._read(log, self._drift, came[2])))
        letters = _flat(await self._read(log, self._dead_letters, came[3]))
        self._picture.take_dead_letters(letters, came=sum(span.came for span in came[3]))

    async def _came(
        self, log: KafkaLog, followed: _Followed, partitions: Sequence[TopicPartition], ends: Offsets, at: float
    ) -> list[Span]:
        """Give what came to a topic since the last look; its rate goes into the picture."""
        followed.positions.keep(partitions)
        spans: list[Span] = []
        new: list[TopicPartition] = []
        rate, count, longest = 0.0, 0, 0.0
        for partition in partitions:
            if partition not in ends:
                continue
            if (advanced := followed.positions.advance(partition, ends[partition], at=at)) is None:
                new.append(partition)
            else:
                span, seconds = advanced
                rate += span.came / seconds if seconds > 0 else 0.0
                count, longest = count + span.came, max(longest, seconds)
                spans += [span] if span.came else []
        is_whole = bool(partitions) and not new and len(ends.keys() & set(partitions)) == len(partitions)
        if followed is self._classified:
            self._picture.take_rate(count, rate if is_whole else None, longest)
        for partition in new:
            followed.positions.begin(partition, ends[partition], at=at)
        if new:
            spans += await self._earlier(log, followed, new, ends)
        return spans

    async def _earlier(
        self, log: KafkaLog, followed: _Followed, new: Sequence[TopicPartition], ends: Offsets
    ) -> list[Span]:
        """Give the part of new partitions that is read too, though it came before they were first seen."""
        starts = await log.offsets(new, OLDEST)
        if followed is self._classified:
            spans = [_last(tp, starts, ends, EARLIER_TWEETS) for tp in new]
            read = await self._read(log, followed, [span for span in spans if span.came])
            self._picture.take_earlier_tweets(_flat(read))
            return []
        if followed is self._dead_letters:
            begin_ms = int((self._now() - BUCKETS * BUCKET_SECONDS) * 1000)
            found = await log.offsets(new, begin_ms)
            spans = [Span(tp, found[tp], found[tp], ends[tp]) for tp in new if tp in found]
        else:
            most = EARLIER_METRICS if followed is self._metrics else EARLIER_DRIFT
            spans = [_last(tp, starts, ends, most) for tp in new]
        return [span for span in spans if span.came > 0]

    async def _read_tweets(self, log: KafkaLog, came: Sequence[Span]) -> None:
        read = await self._read(log, self._classified, came)
        self._picture.take_tweets(_flat(read), covered=sum(one.covered for one in read))
        of_partitions = [one.records for one in read if one.records]
        if of_partitions:
            self._probe += 1
            answers = of_partitions[self._probe % len(of_partitions)]
            self._picture.take_latencies(await measured(log, answers, self._topics.raw))

    async def _read(self, log: KafkaLog, followed: _Followed, came: Sequence[Span]) -> list[_Read]:
        """Read what the sampler chooses of what came."""
        if not came:
            return []
        chosen = followed.sampler.choose(came)
        most = followed.sampler.part_bytes(len(chosen))
        found = await asyncio.gather(*(log.records(span.partition, span.start, most_bytes=most) for span in chosen))
        read = [
            _Read(
                [record for record in fetched.records if record.offset < span.end],
                covered=max(min(fetched.next_offset, span.end) - span.start, 0),
            )
            for span, fetched in zip(chosen, found, strict=True)
        ]
        for records, _ in read:
            followed.sampler.note(len(records), sum(RECORD_BYTES + len(record.value or b"") for record in records))
        return read


def _last(partition: TopicPartition, starts: Offsets, ends: Offsets, most: int) -> Span:
    end = ends[partition]
    first = max(starts.get(partition, end), end - most)
    return Span(partition, first, first, end)


def _flat(read: Sequence[_Read]) -> list[Any]:
    return [record for records, _ in read for record in records]
