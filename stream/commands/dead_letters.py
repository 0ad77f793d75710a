"""Work with dead letters: see what was refused and why, repair it, and drive it through the stream again.

Letters are chosen by --reason, --topic, --from and --to (positions of the dead-letter topic); without any, all are meant.
`redrive` sends the original bytes, or those of a file that `export` wrote and `fix` or a person changed, to the topic that
they came from. Each input is sent again once, however often the command runs, is stopped, or runs twice at a time; and
not more often than --max-attempts, unless --again says so.

  tickertape dead-letters list
  tickertape dead-letters show 0:12
  tickertape dead-letters export --reason wrong_type > letters.jsonl
  tickertape dead-letters fix letters.jsonl > fixed.jsonl
  tickertape dead-letters redrive --file fixed.jsonl
  tickertape dead-letters redrive --reason text_too_long --from 2026-01-05T14:30Z
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator

import msgspec
from rich.console import Console
from rich.table import Column, Table

from config.commands import DONE, FAILED, positive_integer
from config.settings import TopicSettings
from models.errors import DataError
from stream.commands.cluster import kafka_of_settings
from stream.commands.range_options import add_range_options
from stream.feed.files import STANDARD_INPUT, opened
from stream.kafka.connection import KafkaConnection
from stream.kafka.offsets import parse_offsets
from stream.kafka.ranges import BEGINNING, Position, RangeReader
from stream.kafka.rights import check_rights
from stream.redrive.redriver import Redriver, marked
from stream.redrive.repairs import Repaired, judge_of, repaired
from stream.redrive.stored import StoredLetter, read_lines, stored
from stream.rows import harmless
from stream.topics import Topics, declare_topics, ensure_topics

_INPUTS = ("raw", "feedback")
_MAX_ATTEMPTS = 3
_OUTCOMES = {
    "redriven": "sent again",
    "already_redriven": "were sent again before",
    "too_many_attempts": "were tried too often (--max-attempts)",
    "unknown_origin": "name no input topic of ours",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(metavar="action", title="actions", required=True)
    listing = actions.add_parser("list", help="count letters by reason and topic")
    _add_choice(listing)
    listing.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    listing.set_defaults(action=_list)
    showing = actions.add_parser("show", help="show one letter, bytes and all")
    showing.add_argument("position", type=_one_letter, metavar="PARTITION:OFFSET", help="as list and tail name it")
    showing.set_defaults(action=_show)
    exporting = actions.add_parser("export", help="write letters as JSON, one a line")
    _add_choice(exporting)
    exporting.set_defaults(action=_export)
    fixing = actions.add_parser("fix", help="repair exported letters; what is still refused is told and left out")
    fixing.add_argument("file", metavar="FILE", help="as export writes it, edited or not; - reads standard input")
    fixing.set_defaults(action=_fix)
    driving = actions.add_parser("redrive", help="send inputs to the topic that they came from, once more")
    _add_choice(driving)
    driving.add_argument("--all", action="store_true", help="all letters; needed where nothing else chooses")
    driving.add_argument("--file", metavar="FILE", help="the letters of a file, with the bytes that stand there")
    driving.add_argument("--again", action="store_true", help="also those that were sent again before")
    driving.add_argument(
        "--max-attempts",
        type=positive_integer,
        default=_MAX_ATTEMPTS,
        metavar="N",
        help=f"leave inputs that were tried as often (default: {_MAX_ATTEMPTS})",
    )
    driving.add_argument("--dry-run", action="store_true", help="only say what would be sent")
    driving.add_argument("--json", action="store_true", help="print one JSON object")
    driving.set_defaults(action=_redrive, fail=driving.error)


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    return int(arguments.action(arguments, kafka_of_settings(), declare_topics(TopicSettings())))


def _list(arguments: argparse.Namespace, kafka: KafkaConnection, topics: Topics) -> int:
    check_rights(kafka, reads=[topics.redriven.name])
    ensure_topics(kafka, (topics.redriven,))
    done = marked(kafka, topics)
    groups: dict[tuple[str, str], list[StoredLetter]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    driven: Counter[tuple[str, str]] = Counter()
    for letter in _letters(arguments, kafka, topics):
        group = (letter.reason or "no reason given", letter.origin.topic if letter.origin else "?")
        counts[group] += 1
        driven[group] += str(letter.origin) in done
        ends = groups.setdefault(group, [letter, letter])
        ends[0] = min(ends[0], letter, key=_time)
        ends[1] = max(ends[1], letter, key=_time)
    rows = [
        {
            "reason": reason,
            "topic": topic,
            "letters": count,
            "redriven": driven[reason, topic],
            "first": groups[reason, topic][0].time,
            "last": groups[reason, topic][1].time,
            "example": groups[reason, topic][1].position,
        }
        for (reason, topic), count in counts.most_common()
    ]
    if arguments.json:
        sys.stdout.write(msgspec.json.encode({"letters": counts.total(), "groups": rows}).decode() + "\n")
        return DONE
    reason, example = (Column(name, no_wrap=True) for name in ("reason", "example"))  # both are words of other commands
    table = Table(reason, "topic", "letters", "sent again", "first", "last", example)
    for row in rows:
        table.add_row(*(harmless(str(cell)) for cell in row.values()))
    console = Console(highlight=False, markup=False)
    console.print(table if rows else "no dead letters")
    return DONE


def _show(arguments: argparse.Namespace, kafka: KafkaConnection, topics: Topics) -> int:
    ((partition, offset),) = arguments.position.items()
    reader = _reader(kafka, topics, {partition: offset}, {partition: offset + 1})
    letter = next((stored(record) for part in reader.records() for record in part), None)
    if letter is None:
        raise DataError(f"there is no letter at {partition}:{offset}")
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for name in ("position", "origin", "attempt", "reason", "error", "time", "traceparent"):
        console.print(f"{name:<12} {harmless(str(getattr(letter, name) or ''))}")
    for name, content in (("key", letter.key), ("value", letter.value)):
        size = "none" if content is None else f"{len(content):,} bytes"
        console.print(f"{name:<12} {size}")
        if content is not None:
            console.print(harmless(content.decode("utf-8", "backslashreplace")))
    return DONE


def _export(arguments: argparse.Namespace, kafka: KafkaConnection, topics: Topics) -> int:
    for letter in _letters(arguments, kafka, topics):
        sys.stdout.buffer.write(letter.line() + b"\n")
    return DONE


def _fix(arguments: argparse.Namespace, _kafka: KafkaConnection, topics: Topics) -> int:
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for letter in _of_file(arguments.file):
        fixed = _repaired(letter, topics)
        if fixed.refusal:
            refused[fixed.refusal.partition(":")[0]] += 1
            sys.stderr.write(f"letter {letter.position}: still refused: {fixed.refusal}\n")
            continue
        done.update(fixed.repairs or ["taken as it is"])
        sys.stdout.buffer.write(msgspec.structs.replace(letter, value=fixed.value).line() + b"\n")
    for repair, count in done.most_common():
        sys.stderr.write(f"{count:,} {repair}\n")
    sys.stderr.write(f"{refused.total():,} still refused, and left out\n")
    return FAILED if refused else DONE


def _redrive(arguments: argparse.Namespace, kafka: KafkaConnection, topics: Topics) -> int:
    chooses = bool(arguments.reason or arguments.topic or arguments.start)
    if sum((chooses, arguments.all, arguments.file is not None)) != 1:
        arguments.fail("say which letters: by --reason, --topic or --from; or --file; or --all")
    letters = list(_checked(arguments.file, topics)) if arguments.file else _letters(arguments, kafka, topics)
    check_rights(kafka, writes=[topics.redriven.name])
    ensure_topics(kafka, (topics.redriven,))
    redriver = Redriver(kafka, topics, max_attempts=arguments.max_attempts, again=arguments.again)
    outcomes = redriver.plan(letters) if arguments.dry_run else redriver.redrive(letters)
    if arguments.json:
        told = {name: outcomes[name] for name in _OUTCOMES} | {"dry_run": arguments.dry_run}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return DONE
    for name, meaning in _OUTCOMES.items():
        if outcomes[name] or name == "redriven":
            would = "would be " if arguments.dry_run and name == "redriven" else ""
            sys.stdout.write(f"{outcomes[name]:,} {would}{meaning}\n")
    return DONE


def _checked(file: str, topics: Topics) -> Iterator[StoredLetter]:
    for letter in _of_file(file):
        fixed = _repaired(letter, topics)
        if fixed.refusal or fixed.repairs:
            raise DataError(
                f"letter {letter.position} of {file} would be refused again ({fixed.refusal or letter.reason}), so nothing "
                "was sent: correct it, or let `tickertape dead-letters fix` leave it out"
            )
        yield letter


def _repaired(letter: StoredLetter, topics: Topics) -> Repaired:
    return repaired(letter.value, judge=judge_of(_topic(letter), feedback=topics.feedback.name))


def _letters(arguments: argparse.Namespace, kafka: KafkaConnection, topics: Topics) -> Iterator[StoredLetter]:
    wanted = {getattr(topics, name).name for name in arguments.topic or _INPUTS}
    for records in _reader(kafka, topics, arguments.start or BEGINNING, arguments.end).records():
        for letter in map(stored, records):
            if arguments.reason and letter.reason not in arguments.reason:
                continue
            if not arguments.topic or _topic(letter) in wanted:
                yield letter


def _reader(kafka: KafkaConnection, topics: Topics, start: Position, end: Position | None) -> RangeReader:
    return RangeReader(kafka, topics.dead_letter.name, start=start, end=end, isolation_level="read_committed")


def _of_file(name: str) -> Iterator[StoredLetter]:
    with opened(name) as file:
        yield from read_lines(file, source="standard input" if name == STANDARD_INPUT else name)


def _topic(letter: StoredLetter) -> str:
    return letter.origin.topic if letter.origin else ""


def _time(letter: StoredLetter) -> str:
    return letter.time


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reason", action="append", metavar="REASON", help="only letters of this reason; may be repeated"
    )
    parser.add_argument("--topic", action="append", choices=_INPUTS, help="only letters of this input topic")
    add_range_options(parser)


def _one_letter(text: str) -> dict[int, int]:
    try:
        position = parse_offsets(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} names no letter like 0:12") from None
    if len(position) != 1:
        raise argparse.ArgumentTypeError(f"{text!r} names {len(position)} letters, one is shown")
    return position
