"""The door of `api`: `python -m api VERB`."""

import sys

from config.commands import Command, run_command
from models.errors import TickertapeError

COMMANDS = {
    "serve": Command(
        "api.commands.serve", "answer over HTTP: POST /predict and POST /feedback", runs_until_stopped=True
    ),
    "keys": Command("api.commands.keys", "make, list and revoke keys of the HTTP API"),
}

if __name__ == "__main__":
    sys.exit(run_command(COMMANDS, None, prog="python -m api", failure=TickertapeError))
