"""The door of `models`: `python -m models VERB`."""

import sys

from config.commands import Command, run_command
from models.errors import TickertapeError

COMMANDS = {
    "fetch-data": Command("models.commands.fetch_data", "download the public labelled tweets"),
    "train": Command("models.commands.train", "train both models, log, register and promote them"),
    "evaluate": Command("models.commands.evaluate", "measure on held-out tweets what training makes"),
    "tune": Command("models.commands.tune", "search for better training arguments"),
    "promote": Command(
        "models.commands.promote", "let a registered version answer, if it passes the gate; or roll back"
    ),
    "behaviour": Command("models.commands.behaviour", "test a model against the table of cases"),
    "explain": Command("models.commands.explain", "show the terms that carried an answer"),
}

if __name__ == "__main__":
    sys.exit(run_command(COMMANDS, None, prog="python -m models", failure=TickertapeError))
