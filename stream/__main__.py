"""The door of `stream`: `python -m stream VERB`."""

import sys

from config.commands import Command, run_command
from models.errors import TickertapeError

COMMANDS = {
    "demo": Command(
        "stream.commands.demo",
        "everything at once: Kafka, worker, API, a feed and a live table",
        runs_until_stopped=True,
    ),
    "broker": Command(
        "stream.commands.broker", "start a real Apache Kafka; no Docker, no installed Java", runs_until_stopped=True
    ),
    "worker": Command("stream.commands.worker", "classify tweets from Kafka to Kafka", runs_until_stopped=True),
    "produce": Command("stream.commands.produce", "publish tweets from a file, standard input or the generator"),
    "label": Command("stream.commands.label", "give labels to tweets, from a file or standard input"),
    "tail": Command("stream.commands.tail", "show classified tweets as they come", runs_until_stopped=True),
    "verify": Command("stream.commands.verify", "judge delivery: whether each tweet ended exactly once"),
    "dead-letters": Command("stream.commands.dead_letters", "see what was refused, repair it, and send it again"),
    "retrain": Command("stream.commands.retrain", "train a challenger that has learned from people's labels too"),
    "diff": Command("stream.commands.diff", "compare what two models say of the same tweets"),
    "asyncapi": Command("stream.commands.asyncapi", "write what stands on the topics as an AsyncAPI document"),
}

if __name__ == "__main__":
    sys.exit(run_command(COMMANDS, None, prog="python -m stream", failure=TickertapeError))
