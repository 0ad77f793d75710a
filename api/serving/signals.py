"""Signals as something that a process can wait for, beside pipes and other processes."""

import os
import signal
from collections.abc import Iterable


class Inbox:
    """Takes signals from now on; there is one of them, in a process's main thread.

    Args:
        signums: the signals that are taken; they do nothing else any more.

    Attributes:
        end: of a pipe; readable when a signal has come.
    """

    def __init__(self, signums: Iterable[signal.Signals]) -> None:
        self._signums = tuple(signums)
        self.end, self._write = os.pipe()
        for end in (self.end, self._write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)  # a full one wakes us just as well
        for signum in self._signums:
            signal.signal(signum, _noted)

    def taken(self) -> set[int]:
        """Give the signals that came since the last call."""
        try:
            return set(os.read(self.end, 4096))
        except BlockingIOError:
            return set()

    def close(self) -> None:
        """Let signals do what they do by default, in this process and not in one that it was forked from."""
        signal.set_wakeup_fd(-1)
        for signum in self._signums:
            signal.signal(signum, signal.SIG_DFL)
        os.close(self.end)
        os.close(self._write)


def _noted(_signum: int, _frame: object) -> None:
    """Do nothing: the number is in the pipe by now."""
