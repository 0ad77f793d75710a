"""Read back what learners before left in their topics."""

import logging
import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from kafka.consumer.fetcher import ConsumerRecord

from models.errors import MalformedRecordError
from models.feedback import LabelledTweet
from models.online.corrections import StoredSnapshot, later
from stream.codecs import decode_labelled
from stream.kafka.connection import KafkaConnection
from stream.kafka.topic_reader import TopicReader

logger = logging.getLogger(__name__)

OFFSET_HEADER = "feedback-offset"
OFFSET = re.compile(rb"[0-9]{1,18}")  # fits into the 64 bits that a snapshot has for it


class Archive(Protocol):
    """What learners before left."""

    def snapshots(self) -> list[StoredSnapshot]:
        """Give the last snapshot of each batch model."""

    def labelled(self) -> Iterator[LabelledTweet]:
        """Give all that was learned, in the order of its feedback; repeats may be among them."""


class TopicArchive:
    """Implements `Archive` with the topics `models.online` and `tweets.labelled`."""

    def __init__(self, kafka: KafkaConnection, *, online: str, labelled: str) -> None:
        self._kafka, self._online, self._labelled = kafka, online, labelled

    def snapshots(self) -> list[StoredSnapshot]:
        """Give the last snapshot of each batch model.

        Raises:
            BrokerError: the topic can't be read.
        """
        reader = TopicReader(self._kafka, self._online)
        try:
            return latest_snapshots(reader.read_to_end())
        finally:
            reader.close()

    def labelled(self) -> Iterator[LabelledTweet]:
        """Give all that was learned, in the order of its feedback; repeats may be among them.

        Raises:
            BrokerError: the topic can't be read.
        """
        reader = TopicReader(self._kafka, self._labelled)
        unreadable, last_offset = 0, 0
        try:
            for record in reader.read_to_end():
                try:
                    yield decode_labelled(record.value)
                except MalformedRecordError:
                    unreadable, last_offset = unreadable + 1, record.offset
        finally:
            reader.close()
            if unreadable:
                extra = {"records": unreadable, "last_offset": last_offset}
                logger.warning("labelled_tweets_unreadable", extra=extra)


def latest_snapshots(records: Iterable[ConsumerRecord]) -> list[StoredSnapshot]:
    """Read records of `models.online`; give of each batch model the snapshot of most feedback, wherever it stands.

    A learner that was frozen while another took over may add an older one when it wakes up.
    """
    latest: dict[str, StoredSnapshot] = {}
    for record in records:
        snapshot = _stored(record)
        if snapshot is not None:
            latest[snapshot.batch_sha256] = later(latest.get(snapshot.batch_sha256, snapshot), snapshot)
    return list(latest.values())


def _stored(record: ConsumerRecord) -> StoredSnapshot | None:
    """Read a record; None for what is none of ours."""
    offset = dict(record.headers).get(OFFSET_HEADER) or b""
    if record.key is None or record.value is None or not OFFSET.fullmatch(offset):
        logger.warning("snapshot_unreadable", extra={"topic": record.topic, "offset": record.offset})
        return None
    return StoredSnapshot(record.key.decode("ascii", "replace"), int(offset), record.value)
