"""The door of `models`: `python -m models VERB`."""

import sys

from config.commands import Command, run_command
from models.errors import TickertapeError

COMMANDS = {
    "fetch-data": Command("models.commands.fetch_data", "download the public labelled tweets"),
    "train": Command("models.commands.train", "train both models, log and register them"),
    "evaluate": Command("models.commands.evaluate", "measure on held-out tweets what training makes"),
}

if __name__ == "__main__":
    sys.exit(run_command(COMMANDS, None, prog="python -m models", failure=TickertapeError))
