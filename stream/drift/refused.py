"""How many tweets the workers refused in a time, from the topic of dead letters."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from models.tweets import Reason
from stream.drift.client import CALL_MS, HeldClient
from stream.kafka.clients import POLL_MS

LONGEST_COUNT_SECONDS = 10.0  # one count must not hold up the reading for long; it goes on at the next window

logger = logging.getLogger(__name__)


class Refused(Protocol):
    """Counts tweets that were refused."""

    def count(self, since: float, until: float) -> int:
        """Count those refused after one time and up to another, in seconds since 1970; each call must be later."""


class RefusedTweets:
    """Implements `Refused` with the topic of dead letters, each record of which is read once.

    Args:
        consumer: without a group; nobody else uses it.
        topic: full name of the topic of dead letters; need not be there.
        source: full name of the topic of tweets: dead letters of others, as of feedback, do not count.
        begin: seconds since 1970: what was refused before is not even read; None for what is still to come.
        clock: gives seconds that only grow.
    """

    def __init__(
        self,
        consumer: HeldClient,
        topic: str,
        *,
        source: str,
        begin: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._consumer, self._topic, self._source = consumer, topic, source.encode()
        self._clock = clock
        self._next = self._first_offsets(begin)

    def count(self, since: float, until: float) -> int:
        """Count those refused after one time and up to another; each call must be later.

        Raises:
            KafkaError: no broker answers.
        """
        for tp in self._partitions():
            self._next.setdefault(tp, 0)  # one that came to be since
        if not self._next:
            return 0
        ends = self._consumer.end_offsets(list(self._next), timeout_ms=CALL_MS)
        unread = {tp for tp, offset in self._next.items() if offset < ends[tp]}
        self._assign(unread)
        for tp in unread:
            self._consumer.seek(tp, self._next[tp])
        count, deadline = 0, self._clock() + LONGEST_COUNT_SECONDS
        while unread and self._clock() < deadline:
            finished = set()
            for tp, records in self._consumer.poll(timeout_ms=POLL_MS).items():
                found, is_past = self._counted(tp, records, since, until)
                count += found
                if is_past:
                    finished.add(tp)
            finished |= {tp for tp in unread if self._position(tp) >= ends[tp]}
            if finished:
                unread -= finished
                self._assign(unread)
        if unread:
            logger.warning("dead_letters_behind", extra={"topic": self._topic, "partitions": len(unread)})
        return count

    def _counted(
        self, tp: TopicPartition, records: Sequence[ConsumerRecord], since: float, until: float
    ) -> tuple[int, bool]:
        """Count among records of a partition; what is later than `until` is left, and told, for the next window."""
        count = 0
        for record in records:
            headers = dict(record.headers)
            refused_at = _time(headers.get("time"), record.timestamp)
            if refused_at > until:
                return count, True
            self._next[tp] = record.offset + 1
            count += refused_at > since and self._is_tweet(headers)
        return count, False

    def _assign(self, partitions: set[TopicPartition]) -> None:
        # Not paused: what is fetched of a partition that is paused the client may keep for ever.
        self._consumer.assign(list(partitions))

    def _is_tweet(self, headers: dict[str, bytes]) -> bool:
        return (
            headers.get("topic") == self._source
            and (headers.get("reason") or b"").decode("ascii", "replace") in _REASONS
        )

    def _first_offsets(self, begin: float | None) -> dict[TopicPartition, int]:
        partitions = self._partitions()
        if not partitions:
            return {}
        ends = self._consumer.end_offsets(partitions, timeout_ms=CALL_MS)
        found = {}
        if begin is not None:
            times = dict.fromkeys(partitions, max(int(begin * 1000), 0))
            found = self._consumer.offsets_for_times(times, timeout_ms=CALL_MS)
        return {tp: int(ends[tp] if (at := found.get(tp)) is None else at.offset) for tp in partitions}

    def _position(self, tp: TopicPartition) -> int:
        return int(self._consumer.position(tp, timeout_ms=CALL_MS) or 0)

    def _partitions(self) -> list[TopicPartition]:
        return [TopicPartition(self._topic, number) for number in self._consumer.partitions_for_topic(self._topic)]


_REASONS = frozenset(Reason)


def _time(header: bytes | None, timestamp_ms: int) -> float:
    """Give when a record was refused, in seconds since 1970: as its header says, or else its own time."""
    try:
        moment = datetime.fromisoformat((header or b"").decode())
        if moment.tzinfo is not None:
            return moment.timestamp()
    except (ValueError, OverflowError):
        pass
    return timestamp_ms / 1000
