"""One child process that never outlives this one, and that the terminal's Ctrl-C does not reach."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from models.errors import BrokerError

STOP_SECONDS = 15.0  # Kafka takes 0.3 to 0.5 s; after this it hangs and is killed

_POLL_SECONDS = 0.05

# Waits for a line from us. The end of the pipe instead of a line means that we died, however it happened: then the
# child is asked to stop, and killed if it does not. Unlike Linux's parent-death signal this also holds on macOS, and
# does not fire when merely the thread ends that started the child.
_GUARD = """
read -r line && exit
kill -TERM "$1" || exit
for second in 1 2 3 4 5 6 7 8 9 10; do sleep 1; kill -0 "$1" || exit; done
kill -KILL "$1"
"""


class GuardedProcess:
    """A child in a session of its own, with a guard that ends it when this process is gone.

    Args:
        command: program and arguments.
        cwd: folder to run it in.
        output: file that takes its standard output and error; emptied first.
        inherited: descriptors that the child keeps open as long as it lives.
        environment: its environment variables; None gives it ours.

    Raises:
        BrokerError: the program can't be run.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        output: Path,
        inherited: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        try:
            with output.open("wb") as out:
                self._child = subprocess.Popen(  # noqa: S603  # our own command line
                    command,
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    pass_fds=inherited,
                    start_new_session=True,
                )
        except OSError as exc:
            raise BrokerError(f"can't run {command[0]} in {cwd}: {exc}") from exc
        self.pid = self._child.pid
        try:
            self._guard = subprocess.Popen(  # noqa: S603  # our own script
                ["/bin/sh", "-c", _GUARD, "tickertape-guard", str(self.pid)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except BaseException:
            self._kill()
            raise

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        code = self._child.poll()
        if code is not None:
            self._dismiss_guard()
        return code

    def wait(self, timeout_seconds: float) -> int | None:
        """Wait for its end; returns as `exit_code` does."""
        try:
            self._child.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None
        return self.exit_code

    def stop(self, *, timeout_seconds: float = STOP_SECONDS, check: Callable[[], None] | None = None) -> None:
        """Ask it to stop and wait; kill it when it takes too long, or when the wait is interrupted (Ctrl-C).

        Args:
            timeout_seconds: how long it may take.
            check: called while waiting; what it raises ends the wait.
        """
        try:
            if self.exit_code is None:
                self._child.terminate()
                deadline = time.monotonic() + timeout_seconds
                while self.wait(_POLL_SECONDS) is None and time.monotonic() < deadline:
                    if check is not None:
                        check()
        finally:
            self.kill()

    def kill(self) -> None:
        """End it at once, with all that it started; may be called again."""
        try:
            if self._child.poll() is None:
                self._kill()
        finally:
            self._dismiss_guard()

    def _kill(self) -> None:
        # Not yet waited for, so that the pid, which is also the group's id, can't be anybody else's.
        os.killpg(self.pid, signal.SIGKILL)
        interrupted: KeyboardInterrupt | None = None
        while self._child.returncode is None:
            try:
                self._child.wait()
            except KeyboardInterrupt as exc:  # the third Ctrl-C; the child is gone in a moment
                interrupted = exc
        if interrupted is not None:
            raise interrupted

    def _dismiss_guard(self) -> None:
        pipe = self._guard.stdin
        if pipe is not None and not pipe.closed:
            try:
                pipe.write(b"\n")
                pipe.close()
            except BrokenPipeError:  # somebody killed the guard
                pass
            self._guard.wait()
