"""The options that name a range of a topic, for all commands that read one."""

import argparse

from stream.kafka.ranges import Position, parse_position


def add_range_options(parser: argparse.ArgumentParser, *, default_end: str = "what the topic holds now") -> None:
    """Declare `--from` and `--to`; they are read as `start` and `end`."""
    parser.add_argument(
        "--from",
        dest="start",
        type=position,
        metavar="POSITION",
        help="where to begin: first offset of each partition, as 0:1200,1:1187, or a time, as 2026-01-05T14:30Z",
    )
    parser.add_argument(
        "--to", dest="end", type=position, metavar="POSITION", help=f"where to end; default: {default_end}"
    )


def position(text: str) -> Position:
    """Read a position; for `type=` of an argument.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return parse_position(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc
