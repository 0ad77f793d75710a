"""Show classified tweets as they come.

Each line has the time, the tickers, the label with its probability, the sentiment with its score from -1 to 1, and the
text. With --json the records come as they are, one a line, for other programs. Ends on Ctrl-C.

  tickertape tail
  tickertape tail --json | head -3
  tickertape tail --topic dead-letter --from-beginning
"""

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable

from kafka.consumer.fetcher import ConsumerRecord
from rich.console import Console
from rich.text import Text

from config.commands import DONE, configure_logging, positive_integer
from config.settings import KafkaSettings, ProjectSettings, TopicSettings
from stream.following import follow
from stream.rows import answer_json, answer_row, dead_letter_json, dead_letter_row
from stream.topics import Topics, declare_topics

TOPICS: dict[str, Callable[[Topics], str]] = {
    "classified": lambda topics: topics.classified.name,
    "sentiment": lambda topics: topics.sentiment.name,
    "dead-letter": lambda topics: topics.dead_letter.name,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to read and how to show it."""
    parser.add_argument("--topic", choices=tuple(TOPICS), default="classified", help="default: classified")
    parser.add_argument("--from-beginning", action="store_true", help="begin with what the topic holds already")
    parser.add_argument("--count", type=positive_integer, metavar="N", help="stop after N records")
    parser.add_argument("--json", action="store_true", help="print the records as they are, one a line")


def run(arguments: argparse.Namespace) -> int:
    """Follow the topic until Ctrl-C, the count, or the reader of our output ends it."""
    project, kafka = ProjectSettings(), KafkaSettings()
    configure_logging(project.log_level, as_json=project.log_json)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    topic = TOPICS[arguments.topic](declare_topics(TopicSettings()))
    show = _writer(arguments.topic) if arguments.json else _printer(arguments.topic)
    try:
        _follow(kafka.bootstrap_servers, topic, arguments, show)
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _follow(
    bootstrap_servers: str, topic: str, arguments: argparse.Namespace, show: Callable[[ConsumerRecord], None]
) -> None:
    shown = 0
    for batch in follow(bootstrap_servers, topic, from_beginning=arguments.from_beginning):
        for record in batch:
            show(record)
            shown += 1
            if shown == arguments.count:
                break
        sys.stdout.flush()
        if shown == arguments.count:
            return


def _writer(topic: str) -> Callable[[ConsumerRecord], None]:
    as_json = dead_letter_json if topic == "dead-letter" else answer_json

    def write(record: ConsumerRecord) -> None:
        line = as_json(record)
        if line is not None:
            sys.stdout.buffer.write(line + b"\n")

    return write


def _printer(topic: str) -> Callable[[ConsumerRecord], None]:
    as_row: Callable[[ConsumerRecord], Text] = dead_letter_row if topic == "dead-letter" else answer_row
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 shows question marks for arrows and emoji
    console = _Console(highlight=False, markup=False, emoji=False)

    def show(record: ConsumerRecord) -> None:
        row = as_row(record)
        if console.is_terminal:
            row.truncate(console.width, overflow="ellipsis")
        console.print(row, soft_wrap=True)

    return show


class _Console(Console):
    """A console that leaves it to us what a closed pipe means; its own answer is exit code 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError
