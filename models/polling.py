"""Look at something again and again, in a thread of its own."""

import logging
import threading
from abc import ABC, abstractmethod

logger = logging.getLogger(__name__)


class Poller(ABC):
    """A thread that polls.

    Args:
        name: of the thread.
        failure: the event that is logged when a poll fails; the next one follows all the same.
    """

    def __init__(self, name: str, *, failure: str) -> None:
        self._name = name
        self._failure = failure
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @abstractmethod
    def poll(self) -> None:
        """Look once."""

    def end(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of what polling needed; called in the thread, after the last poll."""

    def start(self, *, poll_seconds: float) -> None:
        """Begin to poll, now and each time after so many seconds; does nothing the second time.

        The thread is a daemon: a registry that doesn't answer must not keep the process from ending.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(poll_seconds,), name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Poll no more; a poll that is in progress is not waited for."""
        self._stop.set()

    def _run(self, poll_seconds: float) -> None:
        while not self._stop.is_set():
            try:
                self.poll()
            except Exception:  # the thread's edge: one failure must not end the following
                logger.exception(self._failure)
            self._stop.wait(poll_seconds)
        self.end()
