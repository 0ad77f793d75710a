"""Who listens: events are encoded once, kept a moment, and each client takes them from there as fast as it can."""

import asyncio
from collections import deque
from collections.abc import Callable

from api.request_errors import OverloadedError

RING_FRAMES = 8
"""Events that are kept; who is further behind goes on with the newest, and has missed some."""


class Viewer:
    """One client.

    Attributes:
        wake: set when there is something to do.
        seen: number of the last event that it was given.
        is_ended: whether its stream is to end.
    """

    def __init__(self, seen: int) -> None:
        self.wake = asyncio.Event()
        self.seen = seen
        self.is_ended = False

    def end(self) -> None:
        """Let its stream end now."""
        self.is_ended = True
        self.wake.set()


class Viewers:
    """The clients of one process; belongs to one event loop.

    Args:
        most: clients at once.
        show: told of their number when it changes.
    """

    def __init__(self, most: int, *, show: Callable[[int], None]) -> None:
        self._most, self._show = most, show
        self._viewers: set[Viewer] = set()
        self._ring: deque[tuple[int, bytes]] = deque(maxlen=RING_FRAMES)

    def __len__(self) -> int:
        return len(self._viewers)

    def join(self, seen: int) -> Viewer:
        """Add a client.

        Args:
            seen: number of the last event that it knows.

        Raises:
            OverloadedError: there are as many as are allowed.
        """
        if len(self._viewers) >= self._most:
            raise OverloadedError(f"{self._most} streams are open (API_LIVE_STREAMS): try again later")
        viewer = Viewer(seen)
        self._viewers.add(viewer)
        self._show(len(self._viewers))
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Take a client away."""
        self._viewers.discard(viewer)
        self._show(len(self._viewers))

    def publish(self, number: int, content: bytes) -> None:
        """Give an event to all.

        Args:
            number: larger than those before.
            content: its bytes.
        """
        self._ring.append((number, content))
        for viewer in self._viewers:
            viewer.wake.set()

    def take(self, viewer: Viewer) -> bytes:
        """Give a client what it has not seen, or the newest event alone where it missed some; empty where it has seen all."""
        unseen = [(number, content) for number, content in self._ring if number > viewer.seen]
        if not unseen:
            return b""
        if len(unseen) == RING_FRAMES and unseen[0][0] > viewer.seen + 1:
            unseen = unseen[-1:]
        viewer.seen = unseen[-1][0]
        return b"".join(content for _, content in unseen)

    def end(self) -> None:
        """Let all streams end now."""
        for viewer in self._viewers:
            viewer.end()
