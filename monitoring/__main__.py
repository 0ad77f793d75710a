"""The door of `monitoring`: `python -m monitoring VERB`."""

import sys

from config.commands import Command, run_command
from models.errors import TickertapeError

COMMANDS = {
    "validate": Command("monitoring.commands.validate", "test labelled tweets against what training expects"),
    "data": Command("monitoring.commands.data", "test data with Great Expectations: suites, checkpoints, pages"),
    "watch": Command("stream.commands.drift_watch", "watch the feed for drift", runs_until_stopped=True),
    "drift-ui": Command(
        "monitoring.commands.drift_ui", "open Evidently's own UI over the drift reports", runs_until_stopped=True
    ),
    "drift": Command(
        "stream.commands.drift", "watch the feed for drift; report on any past tweets", runs_until_stopped=True
    ),
}

if __name__ == "__main__":
    sys.exit(run_command(COMMANDS, None, prog="python -m monitoring", failure=TickertapeError))
