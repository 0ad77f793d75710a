"""The front door: one command line over the packages' doors; imports each verb only when it is called."""

from collections.abc import Sequence

from api.__main__ import COMMANDS as API
from config.commands import Command, run_command
from models.__main__ import COMMANDS as MODELS
from models.errors import TickertapeError
from monitoring.__main__ import COMMANDS as MONITORING
from stream.__main__ import COMMANDS as STREAM

COMMANDS: dict[str, Command] = {**STREAM, **API, **MODELS, "data": MONITORING["data"], "drift": MONITORING["drift"]}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `tickertape VERB ...`; returns the exit code: 0 done, 1 failed, 2 wrong use."""
    return run_command(COMMANDS, argv, prog="tickertape", failure=TickertapeError)
