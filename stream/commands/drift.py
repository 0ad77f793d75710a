"""Watch the feed for drift; report on any past tweets; make a reference of them.

Without an action, `watch` is meant.

  tickertape drift
  tickertape drift watch --from-beginning
  tickertape drift report --from 2026-01-05T14:30Z --to 2026-01-05T16:00Z
  tickertape drift report --from 0:1200,1:1187 --to 0:1430,1:1457 --json
  tickertape drift report --reference reference.jsonl --current current.jsonl
  tickertape drift reference --from 2026-01-01T00:00Z --to 2026-02-01T00:00Z --output january.npz
  tickertape drift reference --file tweets.jsonl --output january.npz
  tickertape drift reference --labelled data --output drift_reference.npz
"""

import argparse
from pathlib import Path

from config.commands import DONE
from monitoring.commands.drift_reference import make_labelled_reference
from monitoring.commands.drift_report import report_on_files
from stream.commands import drift_watch
from stream.commands.drift_past import make_reference, report_on_range
from stream.commands.range_options import add_range_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.set_defaults(action=drift_watch.run, from_beginning=False)
    actions = parser.add_subparsers(metavar="action", title="actions")
    watching = actions.add_parser(
        "watch", help="compare window after window as they come", description=drift_watch.__doc__
    )
    drift_watch.add_arguments(watching)
    watching.set_defaults(action=drift_watch.run)
    report = actions.add_parser("report", help="compare tweets of the past, or two files, once")
    add_range_options(report)
    report.add_argument("--reference", type=Path, metavar="FILE", help="with --current: tweets of a time that was good")
    report.add_argument("--current", type=Path, metavar="FILE", help="tweets to compare with them, one a line")
    report.add_argument("--output", type=Path, metavar="DIR", help="folder of the reports (DRIFT_REPORTS_DIR)")
    report.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    report.set_defaults(action=_report, fail=report.error)
    reference = actions.add_parser("reference", help="make a reference of tweets of a time that was good")
    add_range_options(reference)
    reference.add_argument("--file", type=Path, metavar="FILE", help="of a file of tweets instead, one a line")
    reference.add_argument(
        "--labelled", type=Path, metavar="DIR", help="of the labelled tweets in a folder instead, for the shipped model"
    )
    reference.add_argument("--output", type=Path, required=True, metavar="FILE", help="where the reference goes")
    reference.set_defaults(action=_reference, fail=reference.error)


def run(arguments: argparse.Namespace) -> int:
    """Do what the action says."""
    return int(arguments.action(arguments))


def _report(arguments: argparse.Namespace) -> int:
    files = (arguments.reference, arguments.current)
    if arguments.start is None and all(files):
        return report_on_files(
            arguments.reference, arguments.current, reports=arguments.output, with_json=arguments.json
        )
    if arguments.start is None or any(files):
        arguments.fail("give either --from, and --to if it is to end, or both --reference and --current")
    report_on_range(arguments.start, arguments.end, reports=arguments.output, with_json=arguments.json)
    return DONE


def _reference(arguments: argparse.Namespace) -> int:
    sources = [arguments.start, arguments.file, arguments.labelled]
    if sum(source is not None for source in sources) != 1:
        arguments.fail("give either --from, and --to if it is to end, or --file, or --labelled")
    if arguments.labelled is not None:
        make_labelled_reference(arguments.labelled, output=arguments.output)
        return DONE
    make_reference(arguments.start, arguments.end, file=arguments.file, output=arguments.output)
    return DONE
