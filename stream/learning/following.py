"""Answer with the last snapshot of the online model: in every process, whoever learns."""

import logging
import threading

from models.errors import BrokerError
from models.following import FollowedPredictor
from monitoring.metrics import show_online_version
from stream.learning.topics import TopicReader, latest_snapshots

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0


class SnapshotFollower:
    """Reads the topic of snapshots as it grows, and hands each on; in a thread of its own.

    Args:
        bootstrap_servers: comma-separated host:port list.
        topic: full name of the topic of snapshots.
        predictor: answers with each snapshot that fits it.
        poll_seconds: time between two looks.
    """

    def __init__(
        self, bootstrap_servers: str, topic: str, *, predictor: FollowedPredictor, poll_seconds: float
    ) -> None:
        self._reader = TopicReader(bootstrap_servers, topic)
        self._predictor = predictor
        self._poll_seconds = poll_seconds
        self._is_lost = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look; does nothing the second time. The thread is a daemon: Kafka must not keep a process from ending."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="follow-online", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def look(self) -> None:
        """Read what is there now, and hand on the last snapshot of each batch model.

        Raises:
            BrokerError: the topic can't be read.
        """
        for snapshot in latest_snapshots(self._reader.read_to_end()):
            self._predictor.correct(snapshot)
        show_online_version(self._predictor.model.online_version)

    def try_look(self) -> bool:
        """Look; where the topic can't be read, say so once and give False."""
        try:
            self.look()
        except BrokerError as exc:
            if not self._is_lost:
                self._is_lost = True
                logger.info("snapshots_unreachable", extra={"error": str(exc)})
            return False
        self._is_lost = False
        return True

    def _run(self) -> None:
        pause = self._poll_seconds
        while not self._stop.wait(pause):
            pause = self._poll_seconds if self.try_look() else RETRY_SECONDS
        self._reader.close()
