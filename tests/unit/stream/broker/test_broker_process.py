"""Child processes that never outlive us."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.errors import BrokerError
from stream.broker.process import GuardedProcess
from tests.processes import is_running

STARTED_AND_DEAF = "trap '' TERM; echo deaf; while true; do sleep 0.05; done"


def _wait_for(path: Path, words: str) -> None:
    while words not in path.read_text():
        time.sleep(0.01)


def test_exit_code_and_output_are_kept(tmp_path: Path) -> None:
    process = GuardedProcess(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], cwd=tmp_path, output=tmp_path / "log")

    while process.wait(1) is None:
        pass

    assert process.exit_code == 3
    assert (tmp_path / "log").read_text() == "out\nerr\n"


def test_stop_asks_first(tmp_path: Path) -> None:
    script = "trap 'echo asked; exit 0' TERM; echo up; while true; do sleep 0.02; done"
    process = GuardedProcess(["/bin/sh", "-c", script], cwd=tmp_path, output=tmp_path / "log")
    _wait_for(tmp_path / "log", "up")

    process.stop()

    assert process.exit_code == 0
    assert (tmp_path / "log").read_text() == "up\nasked\n"


def test_stop_kills_what_does_not_listen(tmp_path: Path) -> None:
    process = GuardedProcess(["/bin/sh", "-c", STARTED_AND_DEAF], cwd=tmp_path, output=tmp_path / "log")
    _wait_for(tmp_path / "log", "deaf")

    process.stop(timeout_seconds=0.2)

    assert process.exit_code == -signal.SIGKILL


def test_stop_that_is_interrupted_kills_at_once(tmp_path: Path) -> None:
    process = GuardedProcess(["/bin/sh", "-c", STARTED_AND_DEAF], cwd=tmp_path, output=tmp_path / "log")
    _wait_for(tmp_path / "log", "deaf")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.stop(check=interrupt)

    assert process.exit_code == -signal.SIGKILL


def test_kill_ends_what_the_child_has_started_too(tmp_path: Path) -> None:
    script = f"sleep 1000 & echo $! > {tmp_path}/grandchild; echo up; wait"
    process = GuardedProcess(["/bin/sh", "-c", script], cwd=tmp_path, output=tmp_path / "log")
    _wait_for(tmp_path / "log", "up")
    grandchild = int((tmp_path / "grandchild").read_text())

    process.kill()
    process.kill()

    while is_running(grandchild):
        time.sleep(0.01)
    assert process.exit_code == -signal.SIGKILL


def test_child_is_out_of_reach_of_the_terminals_ctrl_c(tmp_path: Path) -> None:
    process = GuardedProcess(["/bin/sleep", "1000"], cwd=tmp_path, output=tmp_path / "log")

    group = os.getpgid(process.pid)
    process.kill()

    assert group == process.pid != os.getpgid(0)


def test_program_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"can't run /no/java in"):
        GuardedProcess(["/no/java"], cwd=tmp_path, output=tmp_path / "log")


def test_child_ends_when_we_are_killed(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from stream.broker.process import GuardedProcess\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "child = GuardedProcess(['/bin/sleep', '1000'], cwd=folder, output=folder / 'log')\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(1000)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
        parent.wait()

    while is_running(child):
        time.sleep(0.01)
    assert parent.returncode == -signal.SIGKILL
