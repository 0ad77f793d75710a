"""A reader who follows a page: one shell for its commands, one interpreter for its Python."""

import contextlib
import io
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.docs.blocks import Block, commands_of, has_shape

PATIENCE_SECONDS = 120.0  # of a machine on which much else runs
SHELL = """\
set -euo pipefail
if [ -e {state}/variables ]; then . {state}/variables; cd "$(cat {state}/folder)"; fi
{commands}"""
KEEP = "trap 'declare -px >{state}/variables; pwd >{state}/folder' EXIT\n"  # for the next block


class Session:
    """Runs the blocks of one page in their order; variables, folder and Python's names go from one to the next.

    Args:
        folder: where the reader stands.
        environment: the variables that the reader has.
        addresses: what the page calls its servers, and where they are here.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], addresses: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._addresses = addresses
        self._state = folder / ".state"
        self._state.mkdir()
        self._names: dict[str, Any] = {}
        self._running: list[tuple[Block, subprocess.Popen[bytes]]] = []
        self._printed = ""

    def run(self, block: Block) -> None:
        """Run a block, or compare one that is output with what was printed before it."""
        if block.is_output:
            assert has_shape(self._printed, self._translated(block.code)), (
                f"{block.place} shows something else than\n{self._printed}"
            )
        elif block.language == "python":
            self._prepare(block)
            self._printed = self._python(block)
        else:
            self._prepare(block)
            self._shell(block)

    def end(self) -> None:
        """End what goes on as a reader does, with Ctrl-C, the last one first."""
        ended: list[tuple[str, int]] = []
        for block, process in reversed(self._running):
            os.killpg(process.pid, signal.SIGINT)
            ended.append((block.place, process.wait(PATIENCE_SECONDS)))
        self._running.clear()
        badly = [(place, code) for place, code in ended if code != 0]
        assert badly == [], f"ended badly: {badly}"

    def kill(self) -> None:
        """End what is left of a page that failed."""
        for _, process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _prepare(self, block: Block) -> None:
        if given := block.notes.get("given"):
            self._foreground(block, given, code=0)

    def _python(self, block: Block) -> str:
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.chdir(self._folder):
            exec(compile(self._translated(block.code), block.place, "exec"), self._names)  # noqa: S102  # our own page
        return output.getvalue()

    def _shell(self, block: Block) -> None:
        *before, (last, shown) = commands_of(block)
        for commands, expected in before:
            self._compare(block, self._foreground(block, commands, code=0), expected)
        if "goes on" in block.notes:
            first, _, last = last.rstrip("\n").rpartition("\n")
            self._foreground(block, first, code=0)
            printed = self._background(block, last)
        else:
            printed = self._foreground(block, last, code=int(block.notes.get("fails", 0)))
        self._compare(block, printed, shown)

    def _compare(self, block: Block, printed: str, shown: str) -> None:
        self._printed = printed
        assert has_shape(printed, self._translated(shown)), f"{block.place} shows\n{shown}but was\n{printed}"

    def _foreground(self, block: Block, commands: str, *, code: int) -> str:
        ended = subprocess.run(
            self._words(KEEP + commands),
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert ended.returncode == code, f"{block.place} ended with {ended.returncode}:\n{commands}\n{ended.stdout}"
        return ended.stdout

    def _background(self, block: Block, commands: str) -> str:
        log = self._state / f"{len(self._running)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._words(commands),
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._running.append((block, process))
        sign, deadline = block.notes["goes on"], time.monotonic() + PATIENCE_SECONDS
        while sign not in log.read_text():
            assert process.poll() is None, f"{block.place} ended with {process.returncode}:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"{block.place} did not say {sign!r}:\n{log.read_text()}"
            time.sleep(0.05)
        return log.read_text()

    def _words(self, commands: str) -> list[str]:
        script = SHELL.replace("{commands}", self._translated(commands))
        return ["bash", "-c", script.replace("{state}", shlex.quote(str(self._state)))]

    def _translated(self, text: str) -> str:
        for shown, real in self._addresses.items():
            text = text.replace(shown, real)
        return text
