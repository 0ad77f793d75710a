"""Reads the input topic and the three output topics, and judges each partition."""

from collections.abc import Iterable, Mapping

from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from models.errors import BrokerError
from stream.kafka.clients import CONNECT_TIMEOUT_MS, open_consumer
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import broker_error
from stream.kafka.offsets import Offsets
from stream.kafka.ranges import BEGINNING, Position, RangeReader
from stream.kafka.rights import check_rights
from stream.topics import Topics
from stream.verifying.account import Account, Output, Verdict

MAX_INPUTS = 100_000_000  # four bytes each


class Judge:
    """Says what became of each input of a range.

    Args:
        kafka: how to reach the cluster.
        topics: input and outputs.
        group: of the workers.
        isolation_level: in which the workers read the input; outputs are always read committed.
    """

    def __init__(self, kafka: KafkaConnection, topics: Topics, *, group: str, isolation_level: str) -> None:
        self._kafka, self._topics = kafka, topics
        self._group, self._isolation_level = group, isolation_level

    def verdicts(self, start: Position | None, end: Position | None, *, outputs_from: Position | None) -> list[Verdict]:
        """Judge each partition of a range of the input topic.

        Args:
            start: where it begins; None for what the topic still holds.
            end: where it ends; None for what the workers have committed.
            outputs_from: where to begin in each output topic; None for the beginning.

        Raises:
            BrokerError: no broker answers, a topic or a part of it is not there, the group has committed nothing, or
                the range has too many inputs.
        """
        raw = self._topics.raw.name
        committed = self._committed(raw)
        if end is None:
            end = self._committed_end(start, committed)
        reader = self._reader(raw, start or BEGINNING, end, isolation_level=self._isolation_level)
        accounts: dict[int, Account] = {}
        for records in reader.records():
            accounts = accounts or self._accounts(reader.bounds.start, reader.bounds.end)
            accounts[records[0].partition].exists([record.offset for record in records])
        accounts = accounts or self._accounts(reader.bounds.start, reader.bounds.end)
        for output, topic in zip(Output, self._outputs(), strict=True):
            for records in self._reader(topic, outputs_from or BEGINNING, None).records():
                for partition, offsets in inputs_of(records, raw).items():
                    if partition in accounts:
                        accounts[partition].ends(output, offsets, partition=records[0].partition)
        return [account.verdict(committed=committed.get(number, 0)) for number, account in sorted(accounts.items())]

    def _committed_end(self, start: Position | None, committed: dict[int, int]) -> dict[int, int]:
        """Give where to end where nothing says so: what the workers have committed of the partitions that are meant."""
        meant = sorted(start if isinstance(start, dict) else committed)
        lacking = next((f"partition {number} of " for number in meant if number not in committed), "")
        if not committed or lacking:
            raise BrokerError(
                f"group {self._group} has committed nothing of {lacking if committed else ''}{self._topics.raw.name}: "
                "start a worker, or say with --to what to judge"
            )
        return {number: committed[number] for number in meant}

    def _outputs(self) -> tuple[str, str, str]:
        return self._topics.classified.name, self._topics.sentiment.name, self._topics.dead_letter.name

    def _reader(
        self, topic: str, start: Position, end: Position | None, *, isolation_level: str = "read_committed"
    ) -> RangeReader:
        return RangeReader(self._kafka, topic, start=start, end=end, isolation_level=isolation_level)

    def _accounts(self, start: Offsets, end: Offsets) -> dict[int, Account]:
        inputs = sum(end[number] - start[number] for number in start)
        if inputs > MAX_INPUTS:
            raise BrokerError(f"the range has {inputs:,} offsets, at most {MAX_INPUTS:,} are judged at once: take less")
        return {number: Account(number, start=start[number], end=end[number]) for number in start}

    def _committed(self, topic: str) -> dict[int, int]:
        # What a transaction is about to commit does not count; read committed would wait until there is none.
        consumer = open_consumer(self._kafka, group=self._group, isolation_level="read_uncommitted")
        try:
            partitions = consumer.partitions_for_topic(topic) or set()
            if not partitions:
                check_rights(self._kafka, reads=[topic])
            found = {
                number: consumer.committed(TopicPartition(topic, number), timeout_ms=CONNECT_TIMEOUT_MS)
                for number in sorted(partitions)
            }
        except KafkaError as exc:
            raise broker_error(f"can't read what {self._group} has committed", self._kafka, exc) from exc
        finally:
            consumer.close(autocommit=False, timeout_ms=CONNECT_TIMEOUT_MS)
        return {number: at for number, at in found.items() if at is not None}


def inputs_of(records: Iterable[ConsumerRecord], topic: str) -> Mapping[int, list[int]]:
    """Give the offsets of the inputs that outputs name, by the inputs' partition; others' records are passed over.

    Args:
        records: of an output topic.
        topic: the input topic.
    """
    found: dict[int, list[int]] = {}
    start = f"{topic}-".encode()
    for record in records:
        for name, value in record.headers:
            if name == "ce_id":
                partition, _, offset = (value or b"").removeprefix(start).partition(b"-")
                if value and value.startswith(start) and partition.isdigit() and offset.isdigit():
                    found.setdefault(int(partition), []).append(int(offset))
                break
    return found
