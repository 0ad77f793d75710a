"""What the learner tells on the topic of metrics, on its way to `monitoring.drift.concepts`."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

import msgspec
from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from models.online.report import LearningEvent, LearningReport
from stream.drift.client import CALL_MS, HeldClient
from stream.learning.writing import EVENT_TYPE, REPORT_TYPE

TAIL_RECORDS = 500  # of each partition that are read at the start: the last figures are among them
MOST_ROUNDS = 50  # of 500 records, between two windows

_ALARM_TYPE = EVENT_TYPE.format(event="drift_alarm").encode()
_decoders: dict[bytes, msgspec.json.Decoder[LearningReport] | msgspec.json.Decoder[LearningEvent]] = {
    REPORT_TYPE: msgspec.json.Decoder(LearningReport),
    _ALARM_TYPE: msgspec.json.Decoder(LearningEvent),
}


class Learned(Protocol):
    """What the learner tells."""

    def new(self) -> Iterable[LearningReport | LearningEvent]:
        """Give reports and alarms that were not given yet."""


class LearnedTopic:
    """Implements `Learned` with the topic of metrics, as it grows.

    Args:
        consumer: without a group; nobody else uses it.
        topic: its full name; need not be there.
        alarms_after: seconds since 1970: an alarm that was given before was told with a window that has ended.
    """

    def __init__(self, consumer: HeldClient, topic: str, *, alarms_after: float) -> None:
        self._consumer, self._topic = consumer, topic
        self._alarms_after = alarms_after
        self._is_taken = False

    def new(self) -> Iterator[LearningReport | LearningEvent]:
        """Give reports and alarms that were not given yet; records of other kinds are passed over.

        Raises:
            KafkaError: no broker answers.
        """
        if not self._is_taken and not self._take():
            return
        for _ in range(MOST_ROUNDS):
            polled = self._consumer.poll(timeout_ms=0 if self._is_read() else CALL_MS)
            for records in polled.values():
                yield from filter(None, map(self._told, records))
            if self._is_read():
                return

    def _take(self) -> bool:
        partitions = [
            TopicPartition(self._topic, number) for number in self._consumer.partitions_for_topic(self._topic)
        ]
        if not partitions:
            return False
        first = self._consumer.beginning_offsets(partitions, timeout_ms=CALL_MS)
        self._consumer.assign(partitions)
        for tp, end in self._consumer.end_offsets(partitions, timeout_ms=CALL_MS).items():
            self._consumer.seek(tp, max(first[tp], end - TAIL_RECORDS))
        self._is_taken = True
        return True

    def _is_read(self) -> bool:
        partitions = list(self._consumer.assignment())
        ends = self._consumer.end_offsets(partitions, timeout_ms=CALL_MS)
        return all(self._consumer.position(tp, timeout_ms=CALL_MS) >= ends[tp] for tp in partitions)

    def _told(self, record: ConsumerRecord) -> LearningReport | LearningEvent | None:
        decoder = _decoders.get(dict(record.headers).get("ce_type", b""))
        if decoder is None or record.value is None:
            return None
        try:
            told = decoder.decode(record.value)
            return told if isinstance(told, LearningReport) or _seconds(told.time) > self._alarms_after else None
        except (ValueError, RecursionError, OverflowError):  # msgspec's errors are ValueErrors
            return None


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
