"""Compare what two models say of the same tweets.

A and B are version numbers or aliases of the registry, or `pretrained`. The tweets come from a file, as `tickertape
produce` reads them, or from the input topic between --from and --to. Shows labels and sentiments that flip, examples, and
the tickers whose mean sentiment moves most. Nothing is written but to standard output.

  tickertape diff champion challenger --file tweets.jsonl.gz
  tickertape diff 3 4 --from 0:1200,1:1187 --to 0:2200,1:2187 --json
"""

import argparse
import itertools
import sys
from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Console
from rich.table import Table

from config.commands import DONE, positive_integer
from config.settings import StreamSettings, TopicSettings
from models.commands.stores import registry_store
from models.errors import DataError, MalformedRecordError
from models.evaluation.diff import Comparison, Difference
from models.predictor import pretrained_predictor
from models.records import Tweet
from stream.codecs import decode_tweet
from stream.commands.cluster import kafka_of_settings
from stream.commands.range_options import add_range_options
from stream.feed.files import format_of, read_records
from stream.kafka.ranges import RangeReader
from stream.topics import declare_topics

_CHUNK_TWEETS = 500
_ROWS = 15  # of a table; --json has all
_TOP_K = 1  # only the answer itself is compared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the two models and where the tweets come from."""
    parser.add_argument("a", metavar="A", help="version, alias or pretrained")
    parser.add_argument("b", metavar="B", help="the one that is compared with it")
    parser.add_argument("--file", metavar="FILE", help="JSONL or CSV, .gz too; - reads standard input as JSONL")
    add_range_options(parser)
    parser.add_argument("--examples", type=positive_integer, default=10, metavar="N", help="tweets shown (default: 10)")
    parser.add_argument("--show-text", action="store_true", help="show the texts of the examples, not only their ids")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.set_defaults(fail=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Compare and print; returns 0 whether anything differs or not."""
    _check_use(arguments)
    a, b = (
        pretrained_predictor(_TOP_K) if name == "pretrained" else registry_store(top_k=_TOP_K).named(name)
        for name in (arguments.a, arguments.b)
    )
    comparison = Comparison(a, b, example_count=arguments.examples, with_texts=arguments.show_text)
    values, unreadable = _values(arguments), 0
    while chunk := list(itertools.islice(values, _CHUNK_TWEETS)):
        tweets = [tweet for tweet in map(_tweet, chunk) if tweet is not None]
        unreadable += len(chunk) - len(tweets)
        comparison.add(tweets)
    difference = comparison.difference()
    if not difference.tweets:
        raise DataError(f"no tweet to compare: {unreadable} records were read, none of which is a tweet")
    if arguments.json:
        found = {**msgspec.to_builtins(difference), "unreadable": unreadable}
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        _print(difference, unreadable=unreadable, show_text=arguments.show_text)
    return DONE


def _check_use(arguments: argparse.Namespace) -> None:
    if (arguments.file is None) == (arguments.start is None):
        arguments.fail("give either --file, or --from, and --to if it is to end")
    if arguments.file is not None and arguments.end is not None:
        arguments.fail("--to goes with --from")


def _values(arguments: argparse.Namespace) -> Iterator[bytes | None]:
    if arguments.file is not None:
        return (value for _, value in read_records(arguments.file, file_format=format_of(arguments.file)))
    reader = RangeReader(
        kafka_of_settings(),
        declare_topics(TopicSettings()).raw.name,
        start=arguments.start,
        end=arguments.end,
        isolation_level=StreamSettings().isolation_level,
    )
    return (record.value for records in reader.records() for record in records)


def _tweet(value: bytes | None) -> Tweet | None:
    try:
        return decode_tweet(value)
    except MalformedRecordError:
        return None


def _print(difference: Difference, *, unreadable: int, show_text: bool) -> None:
    console = Console()
    labels, sentiments = (sum(flip.tweets for flip in flips) for flips in (difference.labels, difference.sentiments))
    share = 100 / difference.tweets
    console.print(
        f"{difference.tweets:,} tweets, A = {difference.model_a.version}, B = {difference.model_b.version}: "
        f"{labels:,} labels flip ({labels * share:.1f} %), {sentiments:,} sentiments ({sentiments * share:.1f} %); "
        f"{unreadable:,} records are no tweets",
        soft_wrap=True,
        highlight=False,
    )
    for title, flips in (("label", difference.labels), ("sentiment", difference.sentiments)):
        rows = [(str(flip.a), str(flip.b), f"{flip.tweets:,}") for flip in flips[:_ROWS]]
        _print_table(console, _table((f"{title} by A", "by B", "tweets"), rows), hidden=len(flips) - len(rows))
    moves = [
        (move.ticker, f"{move.tweets:,}", f"{move.a:+.3f}", f"{move.b:+.3f}", f"{move.b - move.a:+.3f}")
        for move in difference.tickers[:_ROWS]
    ]
    moved = _table(("ticker", "tweets", "mean sentiment by A", "by B", "change"), moves)
    _print_table(console, moved, hidden=len(difference.tickers) - len(moves))
    examples = [
        (example.id or "", f"{example.label_a} -> {example.label_b}", f"{example.sentiment_a} -> {example.sentiment_b}")
        + ((example.text or "",) if show_text else ())
        for example in difference.examples
    ]
    _print_table(console, _table(("id", "label", "sentiment", *(("text",) if show_text else ())), examples), hidden=0)


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(*columns)
    for row in rows:
        table.add_row(*row)
    return table


def _print_table(console: Console, table: Table, *, hidden: int) -> None:
    if table.row_count:
        console.print(table, markup=False)
    if hidden:
        console.print(f"and {hidden:,} more, see --json")
