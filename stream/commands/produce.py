"""Publish tweets from a file, standard input or the generator.

FILE is JSONL (X API v2 tweets, flat or wrapped in `data`, one a line) or CSV (a column `text`; `id` and `created_at` if
there are such columns); `.gz` is read too, and `-` is standard input. Every line is published as it is: the worker
sends what is no tweet to the dead-letter topic. It ends when all tweets are acknowledged by Kafka, or on Ctrl-C.

  tickertape produce tweets.jsonl.gz --rate 200
  tickertape produce --generate --count 1000 --seed 1 --labels truth.jsonl
"""

import argparse
import json
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count as counting
from itertools import islice
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from config.commands import DONE, configure_logging, positive_integer
from config.settings import ProjectSettings, TopicSettings
from models.errors import DataError
from stream.commands.cluster import kafka_of_settings
from stream.feed.files import STANDARD_INPUT, Record, format_of, read_records
from stream.feed.generator import DEFAULT_START, MALFORMED_SHARE, TWEETS_PER_SECOND, GeneratedTweet, generate
from stream.feed.publishing import Published, pace, publish
from stream.kafka.rights import check_rights
from stream.topics import declare_topics, ensure_topics

FOR_EVER = 0

Item = TypeVar("Item")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the source, the pace and the generator's options."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="JSONL or CSV, .gz too; - reads standard input")
    parser.add_argument("--format", choices=("jsonl", "csv"), help="of FILE; default: by its name, JSONL for -")
    parser.add_argument("--rate", type=_positive_number, metavar="N", help="tweets a second; default: no limit")
    parser.add_argument("--count", type=positive_integer, metavar="N", help="stop after N tweets")
    parser.add_argument(
        "--loop",
        type=positive_integer,
        nargs="?",
        const=FOR_EVER,
        metavar="N",
        help="read FILE N times; without N for ever",
    )
    parser.add_argument("--generate", action="store_true", help="make up finance tweets instead of reading FILE")
    parser.add_argument("--seed", type=int, metavar="N", help="generate the same tweets each time; default: new ones")
    parser.add_argument("--malformed-share", type=_share, metavar="X", help=f"0 to 1; default: {MALFORMED_SHARE}")
    parser.add_argument("--labels", type=Path, metavar="FILE", help="write the generated tweets' true labels as JSONL")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    parser.set_defaults(fail=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Publish until the source or the count ends."""
    _check_use(arguments)
    project, kafka = ProjectSettings(), kafka_of_settings()
    configure_logging(project.log_level, as_json=project.log_json)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stopped container delivers what it sent, too
    topic = declare_topics(TopicSettings()).raw
    check_rights(kafka, writes=[topic.name])
    ensure_topics(kafka, (topic,))
    with _records(arguments) as records, _progress(arguments.count) as progress:
        published = publish(records, kafka=kafka, topic=topic.name, progress=progress)
    sys.stdout.write(_summary(published, topic.name, as_json=arguments.json) + "\n")
    return DONE


def _check_use(arguments: argparse.Namespace) -> None:
    if arguments.generate == (arguments.file is not None):
        arguments.fail("give either FILE or --generate")
    if arguments.generate and (arguments.loop is not None or arguments.format):
        arguments.fail("--loop and --format go with FILE; --generate never ends without --count")
    if not arguments.generate and any(
        value is not None for value in (arguments.labels, arguments.seed, arguments.malformed_share)
    ):
        arguments.fail("--seed, --malformed-share and --labels go with --generate")
    if arguments.file == STANDARD_INPUT and arguments.loop is not None:
        arguments.fail("standard input can be read only once: give a file to --loop over")


@contextmanager
def _records(arguments: argparse.Namespace) -> Iterator[Iterator[Record]]:
    if not arguments.generate:
        source = _read(arguments.file, arguments.format or format_of(arguments.file), passes=arguments.loop)
        yield _limited(source, rate=arguments.rate, count=arguments.count)
        return
    tweets = _limited(_generated(arguments), rate=arguments.rate, count=arguments.count)
    if arguments.labels is None:
        yield (_record(tweet) for tweet in tweets)
        return
    try:
        with arguments.labels.open("w", encoding="utf-8") as file:
            yield _recorded(tweets, write=file.write)
    except OSError as exc:
        raise DataError(f"can't write the labels to {arguments.labels}: {exc.strerror or exc}") from exc


def _limited(items: Iterator[Item], *, rate: float | None, count: int | None) -> Iterator[Item]:
    limited = islice(items, count)
    return limited if rate is None else pace(limited, per_second=rate)


def _read(source: str, file_format: str, *, passes: int | None) -> Iterator[Record]:
    for number in counting(1):
        is_empty = True
        for record in read_records(source, file_format="csv" if file_format == "csv" else "jsonl"):
            is_empty = False
            yield record
        if is_empty and source != STANDARD_INPUT:
            raise DataError(f"{source} holds no tweets; one JSON object or CSV row for each is expected")
        if passes != FOR_EVER and number >= (passes or 1):
            return


def _generated(arguments: argparse.Namespace) -> Iterator[GeneratedTweet]:
    share = MALFORMED_SHARE if arguments.malformed_share is None else arguments.malformed_share
    rate = arguments.rate or TWEETS_PER_SECOND
    if arguments.seed is not None:
        return generate(arguments.seed, malformed_share=share, start=DEFAULT_START, tweets_per_second=rate)
    seed = random.SystemRandom().getrandbits(32)
    return generate(seed, malformed_share=share, start=datetime.now(tz=UTC), tweets_per_second=rate)


def _record(tweet: GeneratedTweet) -> Record:
    return tweet.id.encode(), tweet.value


def _recorded(tweets: Iterator[GeneratedTweet], *, write: Callable[[str], object]) -> Iterator[Record]:
    for tweet in tweets:
        truth = {"id": tweet.id, "label": tweet.label, "sentiment": tweet.sentiment, "malformed": tweet.malformed}
        write(json.dumps(truth, ensure_ascii=False) + "\n")
        yield _record(tweet)


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[], object]]:
    if not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("tweets"), _RateColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("publishing", total=total)
        yield lambda: bar.advance(task)


class _RateColumn(ProgressColumn):
    """Tweets a second over the last moments."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f}/s")


def _summary(published: Published, topic: str, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            {
                "topic": topic,
                "published": published.records,
                "seconds": round(published.seconds, 3),
                "tweets_per_second": round(published.records_per_second, 1),
                "interrupted": published.interrupted,
            }
        )
    start = "stopped early: published" if published.interrupted else "published"
    return (
        f"{start} {published.records:,} tweets to {topic} in {published.seconds:.1f} s "
        f"({published.records_per_second:,.0f}/s), all acknowledged"
    )


def _positive_number(text: str) -> float:
    number = _number(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _share(text: str) -> float:
    number = _number(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
