"""Judge delivery: whether each input offset ended exactly once, as classified or as a dead letter.

Reads the input topic, and of the three output topics the header `ce_id` of each record, which names its input. Without
--from and --to all is judged that the topic still holds and that the workers' group has committed. Ends with 1 if an
input is missing, answered twice, answered and refused, out of order or in another partition. Repeats are what
at-least-once allows after a crash: --allow-repeats counts them and lets them pass.

  tickertape verify
  tickertape verify --from 2026-01-05T14:30Z --allow-repeats
  tickertape verify --from 0:1200,1:1187 --to 0:1430,1:1457 --json
"""

import argparse
import signal
import sys

import msgspec
from rich.console import Console
from rich.table import Table

from config.commands import DONE, FAILED
from config.settings import StreamSettings, TopicSettings
from stream.commands.cluster import kafka_of_settings
from stream.commands.range_options import add_range_options, position
from stream.topics import declare_topics
from stream.verifying.account import Fault, Verdict
from stream.verifying.judge import Judge

_FAULTS = {
    "missing": "committed, but without all their outputs",
    "repeated": "outputs beyond the first",
    "out_of_order": "outputs after one of a later input",
    "contradicted": "both answered and refused",
    "misplaced": "outputs in another partition than their input",
    "without_input": "named by outputs, but not in the input topic",
    "pending": "neither committed nor answered yet",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to judge."""
    add_range_options(parser, default_end="what the workers' group has committed")
    parser.add_argument(
        "--outputs-from",
        type=position,
        metavar="POSITION",
        help="where to begin in the output topics, to read less; an output before it counts as missing",
    )
    parser.add_argument("--allow-repeats", action="store_true", help="let repeats pass, as after a crash")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(arguments: argparse.Namespace) -> int:
    """Judge and print; returns 0 only if all is right."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stream = StreamSettings()
    judge = Judge(
        kafka_of_settings(),
        declare_topics(TopicSettings()),
        group=stream.group,
        isolation_level=stream.isolation_level,
    )
    verdicts = judge.verdicts(arguments.start, arguments.end, outputs_from=arguments.outputs_from)
    right = all(verdict.is_right(repeats_allowed=arguments.allow_repeats) for verdict in verdicts)
    if arguments.json:
        sys.stdout.write(msgspec.json.encode({"right": right, "partitions": verdicts}).decode() + "\n")
    else:
        _print(verdicts, right=right)
    return DONE if right else FAILED


def _print(verdicts: list[Verdict], *, right: bool) -> None:
    console = Console(highlight=False)
    table = Table("partition", "offsets", "inputs", "classified", "dead letters", *map(_title, _FAULTS))
    for verdict in verdicts:
        table.add_row(
            str(verdict.partition),
            f"{verdict.start}-{verdict.end}",
            *(f"{count:,}" for count in (verdict.inputs, verdict.classified, verdict.dead_letters)),
            *(f"{_fault(verdict, name).count:,}" for name in _FAULTS),
        )
    console.print(table)
    for name, meaning in _FAULTS.items():
        positions = [f"{verdict.partition}:{offset}" for verdict in verdicts for offset in _fault(verdict, name).first]
        if positions:
            console.print(f"{_title(name)} ({meaning}): {', '.join(positions[:20])}", soft_wrap=True)
    inputs = sum(verdict.inputs for verdict in verdicts)
    console.print(f"{inputs:,} inputs: {'each ended as it should' if right else 'NOT all ended as they should'}")


def _fault(verdict: Verdict, name: str) -> Fault:
    fault: Fault = getattr(verdict, name)
    return fault


def _title(name: str) -> str:
    return name.replace("_", " ")
