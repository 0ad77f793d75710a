"""How many tweets the workers refused in a time, from the topic of dead letters."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from models.tweets import Reason
from stream.following import POLL_MS
from stream.watching.client import CALL_MS, HeldClient

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
        self._take(begin)

    def count(self, since: float, until: float) -> int:
        """Count those refused after one time and up to another; each call must be later.

        Raises:
            KafkaError: no broker answers.
        """
        self._take_new_partitions()
        partitions = list(self._consumer.assignment())
        if not partitions:
            return 0
        ends = self._consumer.end_offsets(partitions, timeout_ms=CALL_MS)
        unread = {tp for tp in partitions if self._position(tp) < ends[tp]}
        count, deadline = 0, self._clock() + LONGEST_COUNT_SECONDS
        while unread and self._clock() < deadline:
            self._consumer.resume(*unread)
            self._consumer.pause(*(set(partitions) - unread))
            for tp, records in self._consumer.poll(timeout_ms=POLL_MS).items():
                count += self._counted(tp, records, since, until, unread)
            unread -= {tp for tp in unread if self._position(tp) >= ends[tp]}
        if unread:
            logger.warning("dead_letters_behind", extra={"topic": self._topic, "partitions": len(unread)})
        return count

    def _counted(
        self,
        tp: TopicPartition,
        records: Sequence[ConsumerRecord],
        since: float,
        until: float,
        unread: set[TopicPartition],
    ) -> int:
        """Count among records of a partition; what is later than `until` is left for the next window."""
        count = 0
        for record in records:
            headers = dict(record.headers)
            refused_at = _time(headers.get("time"), record.timestamp)
            if refused_at > until:
                self._consumer.seek(tp, record.offset)
                unread.discard(tp)
                break
            count += refused_at > since and self._is_tweet(headers)
        return count

    def _is_tweet(self, headers: dict[str, bytes]) -> bool:
        return (
            headers.get("topic") == self._source
            and (headers.get("reason") or b"").decode("ascii", "replace") in _REASONS
        )

    def _take(self, begin: float | None) -> None:
        partitions = self._partitions()
        self._consumer.assign(partitions)
        if not partitions:
            return
        ends = self._consumer.end_offsets(partitions, timeout_ms=CALL_MS)
        found = {}
        if begin is not None:
            times = dict.fromkeys(partitions, max(int(begin * 1000), 0))
            found = self._consumer.offsets_for_times(times, timeout_ms=CALL_MS)
        for tp in partitions:
            at = found.get(tp)
            self._consumer.seek(tp, ends[tp] if at is None else at.offset)

    def _take_new_partitions(self) -> None:
        known = self._consumer.assignment()
        new = [tp for tp in self._partitions() if tp not in known]
        if not new:
            return
        positions = {tp: self._position(tp) for tp in known}
        self._consumer.assign([*known, *new])
        for tp in (*known, *new):
            self._consumer.seek(tp, positions.get(tp, 0))

    def _partitions(self) -> list[TopicPartition]:
        return [TopicPartition(self._topic, number) for number in self._consumer.partitions_for_topic(self._topic)]

    def _position(self, tp: TopicPartition) -> int:
        return int(self._consumer.position(tp, timeout_ms=CALL_MS) or 0)


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
