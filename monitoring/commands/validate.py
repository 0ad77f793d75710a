"""Test a file of labelled tweets against what training expects.

CSV, or another format that `tickertape data` reads. The columns text,label; no missing text or label; texts of at most
25,000 characters; label ids of the taxonomy; few texts that repeat another once links are gone; enough
rows of each class. Prints one line for each expectation, with the numbers of rows that break it (1 is the first row
after the header), never a text. Ends with 1 when one fails.
"""

import argparse
import sys
from pathlib import Path

from models.errors import DataError
from monitoring.data_tests.limits import Kind
from monitoring.data_tests.outcomes import all_hold, as_json, as_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `validate`."""
    parser.add_argument("path", type=Path, metavar="PATH", help="file to test")
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], required=True, help="what its labels are")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(arguments: argparse.Namespace) -> int:
    """Test the file; returns 0 when all expectations hold, else 1."""
    try:
        from monitoring.expectations.labelled import validate  # noqa: PLC0415  # imports take seconds, `--help` none
    except ModuleNotFoundError as exc:
        raise DataError(f"validate needs {exc.name}, which is not installed: run `make venv`") from exc

    outcomes = validate(arguments.path, Kind(arguments.kind))
    sys.stdout.write(as_json(outcomes) if arguments.json else as_table(outcomes))
    return 0 if all_hold(outcomes) else 1
