"""Compare two files of classified tweets and say what moved between them.

Both files hold one JSON object a line, as `tickertape tail --json` writes them, classified by the same model, in the order
of their time. Each needs at least 200 tweets. Prints the score of each column and what moved, and puts a report, which
holds no tweet text, into the folder of reports (DRIFT_REPORTS_DIR), whose index.html lists them. Ends with 0 whether there
is drift or not; with --json a program reads "drift".

  tickertape tail --from-beginning --count 2000 --json > reference.jsonl
  tickertape tail --count 500 --json > current.jsonl
  tickertape drift report --reference reference.jsonl --current current.jsonl
"""

import argparse
from pathlib import Path

from monitoring.commands.drift_report import report_on_files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `drift`."""
    parser.add_argument("action", choices=["report"], metavar="report", help="compare two files once")
    parser.add_argument("--reference", type=Path, required=True, metavar="FILE", help="tweets of a time that was good")
    parser.add_argument("--current", type=Path, required=True, metavar="FILE", help="tweets to compare with them")
    parser.add_argument("--output", type=Path, metavar="DIR", help="folder of the reports (DRIFT_REPORTS_DIR)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def run(arguments: argparse.Namespace) -> int:
    """Compare the files, put the report into the folder, print what moved."""
    return report_on_files(arguments.reference, arguments.current, reports=arguments.output, with_json=arguments.json)
