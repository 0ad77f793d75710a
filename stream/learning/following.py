"""Answer with the last snapshot of the online model: in every process, whoever learns."""

import logging
import time
from collections.abc import Callable

from models.errors import BrokerError
from models.following import FollowedPredictor
from models.polling import Poller
from monitoring.recording import show_online_version
from stream.kafka.connection import KafkaConnection
from stream.kafka.topic_reader import TopicReader
from stream.learning.archive import latest_snapshots

RETRY_SECONDS = 5.0  # who is not let in should not ask every second

logger = logging.getLogger(__name__)


class SnapshotFollower(Poller):
    """Reads the topic of snapshots as it grows, and hands each on; in a thread of its own.

    While the topic can't be read, what was there goes on answering; that is logged once.

    Args:
        kafka: how to reach the cluster.
        topic: full name of the topic of snapshots.
        predictor: answers with each snapshot that fits it.
        clock: gives seconds that only grow.
    """

    def __init__(
        self,
        kafka: KafkaConnection,
        topic: str,
        *,
        predictor: FollowedPredictor,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("follow-online", failure="snapshot_not_followed")
        self._reader = TopicReader(kafka, topic)
        self._predictor = predictor
        self._clock = clock
        self._is_lost = False
        self._retry_at = 0.0

    def poll(self) -> None:
        """Read what is there now, and hand on the last snapshot of each batch model."""
        if self._is_lost and self._clock() < self._retry_at:
            return
        try:
            for snapshot in latest_snapshots(self._reader.read_to_end()):
                self._predictor.correct(snapshot)
        except BrokerError as exc:
            if not self._is_lost:
                logger.info("snapshots_unreachable", extra={"error": str(exc)})
            self._is_lost = True
            self._retry_at = self._clock() + RETRY_SECONDS
        else:
            self._is_lost = False
        show_online_version(self._predictor.model.online_version)

    def end(self) -> None:
        """Let go of the connection."""
        self._reader.close()
