"""Ask Kafka where topics end and for records near there: one request each, nothing in the background.

aiokafka's consumer fetches ahead of who reads it, whether the records are wanted or not. This asks its client directly, so
that a look at a topic costs what the look asks for. It is in no consumer group and commits nothing.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import (
    CorruptRecordException,
    KafkaConnectionError,
    KafkaError,
    NoError,
    UnsupportedCodecError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.memory_records import MemoryRecords

from stream.kafka.authentication import refusal
from stream.kafka.connection import KafkaConnection

REQUEST_TIMEOUT_MS = 3_000  # a broker answers in milliseconds
_WITH_LOG_START = 5  # version of the answer in which one field more stands before the aborted transactions
NEWEST, OLDEST = -1, -2
"""In place of a time: the offset after the last record, and that of the first."""

Offsets = dict[TopicPartition, int]


class Fetched(NamedTuple):
    """What was read of a partition.

    Attributes:
        records: aiokafka's, in their order; offsets may be missing between them.
        next_offset: of the record after those that were read, whether they were given or passed over.
    """

    records: list[Any]
    next_offset: int


class KafkaLog:
    """Offsets and records of a cluster; belongs to one event loop, and is opened once.

    Args:
        kafka: how to reach the cluster.
    """

    def __init__(self, kafka: KafkaConnection) -> None:
        self._kafka = kafka
        self._client: Any = None
        self.is_moved = False
        """True when a partition was not where it should be: look at the topics again."""

    async def open(self) -> None:
        """Connect.

        Raises:
            KafkaError: no broker answers, or it does not let us in.
        """
        if why := await refusal(self._kafka):
            raise KafkaConnectionError(why)
        try:
            self._client = AIOKafkaClient(**self._kafka.arguments, request_timeout_ms=REQUEST_TIMEOUT_MS)
            await self._client.bootstrap()
        except ValueError as exc:
            raise KafkaConnectionError(f"{self._kafka.bootstrap_servers} is no list of host:port") from exc

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            with contextlib.suppress(KafkaError, OSError):
                await self._client.close()

    async def look_at_topics(self) -> None:
        """Learn which topics and partitions there are, and who leads them.

        Raises:
            KafkaError: no broker tells.
        """
        if not await self._client.force_metadata_update():
            raise KafkaConnectionError("no broker tells its topics")
        self.is_moved = False

    def partitions(self, topic: str) -> list[TopicPartition]:
        """Give the partitions of a topic in their order; none where it is not there."""
        numbers = self._client.cluster.partitions_for_topic(topic) or ()
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    async def offsets(self, partitions: Iterable[TopicPartition], at: int) -> Offsets:
        """Give of each partition the offset of the first record at a time or later.

        Args:
            partitions: of any topics.
            at: milliseconds since 1970, `NEWEST` or `OLDEST`.

        Returns:
            What was told: a partition without a leader, or without a record so late, is left out.

        Raises:
            KafkaError: a broker is away.
        """
        by_leader: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for partition in partitions:
            if (leader := self._leader(partition)) is not None:
                by_leader[leader][partition.topic].append((partition.partition, at))
        answers = await asyncio.gather(
            *(
                self._client.send(leader, OffsetRequest(-1, READ_COMMITTED, list(topics.items())))
                for leader, topics in by_leader.items()
            )
        )
        return {
            TopicPartition(topic, number): rest[-1]
            for answer in answers
            for topic, told in answer.topics
            for number, code, *rest in told
            if self._is_good(code) and rest[-1] >= 0
        }

    async def records(self, partition: TopicPartition, offset: int, *, most_bytes: int) -> Fetched:
        """Give records from an offset on, those of committed transactions; none where there are none or they can't be read.

        Args:
            partition: where.
            offset: of the first.
            most_bytes: about so many are read, but at least the batch that the offset is in.

        Raises:
            KafkaError: a broker is away.
        """
        leader = self._leader(partition)
        if leader is None:
            return Fetched([], offset)
        asked = [(partition.topic, [(partition.partition, offset, most_bytes)])]
        answer = await self._client.send(leader, FetchRequest(0, 0, most_bytes, READ_COMMITTED, asked, rack_id=""))
        [(_, [(_, code, *told)])] = answer.topics
        if not self._is_good(code):
            return Fetched([], offset)
        content = MemoryRecords(told[-1] or b"")
        aborted = told[3 if answer.API_VERSION >= _WITH_LOG_START else 2]
        records = PartitionRecords(partition, content, aborted, offset, None, None, True, READ_COMMITTED)  # noqa: FBT003  # its own
        try:
            return Fetched(list(records), records.next_fetch_offset)
        except (CorruptRecordException, UnsupportedCodecError):
            return Fetched([], offset)

    def _leader(self, partition: TopicPartition) -> int | None:
        leader: int | None = self._client.cluster.leader_for_partition(partition)
        if leader is None or leader < 0:
            self.is_moved = True
            return None
        return leader

    def _is_good(self, code: int) -> bool:
        if for_code(code) is NoError:
            return True
        self.is_moved = True
        return False
