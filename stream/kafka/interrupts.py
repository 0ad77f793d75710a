"""Ctrl-C and SIGTERM at a moment that suits: never in the middle of a call into Kafka's client.

Both raise `KeyboardInterrupt` wherever the program happens to be. Inside of Kafka's client that can lose the answer of a
call that was carried out, or break a lock of it. What must not be cut runs while interrupts are held back.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Holds interrupts back on demand; as a context manager, handles them until it is left.

    Outside of the main thread, which no signal reaches, it does nothing.
    """

    def __init__(self) -> None:
        self._is_held = False
        self._is_pending = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal gave

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let what is inside run to its end; an interrupt that came is raised then, a second one at once.

        Raises:
            KeyboardInterrupt: one came.
        """
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._is_pending:
            self._is_pending = False
            raise KeyboardInterrupt

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_held and not self._is_pending:
            self._is_pending = True
            return
        raise KeyboardInterrupt
