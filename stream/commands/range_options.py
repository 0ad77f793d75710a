"""The options that name a part of a topic, for all commands that read one."""

import argparse

from stream.kafka.ranges import Spot, parse_spot


def add_part_options(parser: argparse.ArgumentParser) -> None:
    """Declare `--from` and `--to`; they are read as `start` and `end`."""
    parser.add_argument(
        "--from",
        dest="start",
        type=spot,
        metavar="SPOT",
        help="where to begin: first offset of each partition, as 0:1200,1:1187, or a time, as 2026-01-05T14:30Z",
    )
    parser.add_argument(
        "--to", dest="end", type=spot, metavar="SPOT", help="where to end; default: what the topic holds now"
    )


def spot(text: str) -> Spot:
    """Read a spot; for `type=` of an argument.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return parse_spot(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc
