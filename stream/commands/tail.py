"""Show classified tweets as they come, or what is in another topic.

Each line has the time, the tickers, the label with its probability, the sentiment with its score from -1 to 1, and the
text. `--topic to-label` shows the tweets whose label is worth having, `--topic feedback` the labels that came. With --json
the records come as they are, one a line, for other programs. Ends on Ctrl-C; with --from or --to after the range of the
topic that they name, each by offsets (the offset of --to is not read) or by a time.

  tickertape tail
  tickertape tail --json | head -3
  tickertape tail --topic dead-letter --from-beginning
  tickertape tail --from 0:1200,1:1187 --to 0:1430,1:1457 --json
  tickertape tail --from 2026-01-05T14:30Z --to 2026-01-05T15:00Z
  tickertape tail --topic to-label --json > tweets.jsonl    # add labels, then: tickertape label tweets.jsonl
"""

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kafka.consumer.fetcher import ConsumerRecord
from rich.console import Console
from rich.text import Text

from config.commands import DONE, configure_logging, positive_integer
from config.settings import ProjectSettings, StreamSettings, TopicSettings
from stream.commands.cluster import kafka_of_settings
from stream.commands.range_options import add_range_options
from stream.kafka.connection import KafkaConnection
from stream.kafka.following import follow
from stream.kafka.ranges import RangeReader
from stream.redrive.stored import stored
from stream.rows import (
    answer_row,
    dead_letter_row,
    feedback_row,
    to_label_row,
    value_json,
)
from stream.topics import Topics, TopicSpec, declare_topics


class _View(NamedTuple):
    topic: Callable[[Topics], TopicSpec]
    row: Callable[[ConsumerRecord], Text]
    json: Callable[[ConsumerRecord], bytes | None] = value_json


VIEWS = {
    "classified": _View(lambda topics: topics.classified, answer_row),
    "sentiment": _View(lambda topics: topics.sentiment, answer_row),
    "dead-letter": _View(lambda topics: topics.dead_letter, dead_letter_row, lambda record: stored(record).line()),
    "to-label": _View(lambda topics: topics.to_label, to_label_row),
    "feedback": _View(lambda topics: topics.feedback, feedback_row),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to read and how to show it."""
    parser.add_argument("--topic", choices=tuple(VIEWS), default="classified", help="default: classified")
    parser.add_argument("--from-beginning", action="store_true", help="begin with what the topic holds already")
    add_range_options(parser)
    parser.add_argument("--count", type=positive_integer, metavar="N", help="stop after N records")
    parser.add_argument("--json", action="store_true", help="print the records as they are, one a line")
    parser.set_defaults(fail=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Follow the topic until Ctrl-C, the count, or the reader of our output ends it."""
    project, kafka = ProjectSettings(), kafka_of_settings()
    configure_logging(project.log_level, as_json=project.log_json)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    view = VIEWS[arguments.topic]
    topic = view.topic(declare_topics(TopicSettings())).name
    show = _writer(view) if arguments.json else _printer(view)
    try:
        _show(_batches(kafka, topic, arguments), arguments.count, show)
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _batches(kafka: KafkaConnection, topic: str, arguments: argparse.Namespace) -> Iterator[list[ConsumerRecord]]:
    if arguments.start is None:
        if arguments.end is not None:
            arguments.fail("--to needs --from: say where to begin too")
        return follow(kafka, topic, from_beginning=arguments.from_beginning)
    if arguments.from_beginning:
        arguments.fail("--from and --from-beginning say two things: give one of them")
    isolation_level = StreamSettings().isolation_level
    return RangeReader(
        kafka, topic, start=arguments.start, end=arguments.end, isolation_level=isolation_level
    ).records()


def _show(batches: Iterator[list[ConsumerRecord]], count: int | None, show: Callable[[ConsumerRecord], None]) -> None:
    shown = 0
    for batch in batches:
        for record in batch:
            show(record)
            shown += 1
            if shown == count:
                break
        sys.stdout.flush()
        if shown == count:
            return


def _writer(view: _View) -> Callable[[ConsumerRecord], None]:
    def write(record: ConsumerRecord) -> None:
        line = view.json(record)
        if line is not None:
            sys.stdout.buffer.write(line + b"\n")

    return write


def _printer(view: _View) -> Callable[[ConsumerRecord], None]:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 shows question marks for arrows and emoji
    console = _Console(highlight=False, markup=False, emoji=False)

    def show(record: ConsumerRecord) -> None:
        row = view.row(record)
        if console.is_terminal:
            row.truncate(console.width, overflow="ellipsis")
        console.print(row, soft_wrap=True)

    return show


class _Console(Console):
    """A console that leaves it to us what a closed pipe means; its own answer is exit code 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError
