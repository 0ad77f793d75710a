"""Test a CSV file of labelled tweets against what training expects.

The columns text,label; no missing text or label; texts of at most 25,000 characters; label ids of the taxonomy; few
texts that repeat another once links are gone; enough rows of each class. Prints one line for each expectation, with
the numbers of rows that break it (1 is the first row after the header), never a text. Ends with 1 when one fails.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import DataError
from monitoring.limits import Kind

if TYPE_CHECKING:
    from monitoring.expectations import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `validate`."""
    parser.add_argument("path", type=Path, metavar="PATH", help="CSV file to test")
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], required=True, help="what its labels are")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(arguments: argparse.Namespace) -> int:
    """Test the file; returns 0 when all expectations hold, else 1."""
    try:
        from monitoring.expectations import validate  # noqa: PLC0415  # imports take seconds, `--help` none
    except ModuleNotFoundError as exc:
        raise DataError(f"validate needs {exc.name}, which is not installed: run `make venv`") from exc

    outcomes = validate(arguments.path, Kind(arguments.kind))
    sys.stdout.write(_as_json(outcomes) if arguments.json else _as_table(outcomes))
    return 0 if all(outcome.success for outcome in outcomes) else 1


def _as_json(outcomes: list["Outcome"]) -> str:
    success = all(outcome.success for outcome in outcomes)
    return json.dumps({"success": success, "outcomes": [dataclasses.asdict(outcome) for outcome in outcomes]}) + "\n"


def _as_table(outcomes: list["Outcome"]) -> str:
    width = max(len(outcome.expectation) for outcome in outcomes)
    return "".join(_line(outcome, width) for outcome in outcomes)


def _line(outcome: "Outcome", width: int) -> str:
    rows = f"; rows {', '.join(map(str, outcome.rows))}" if outcome.rows else ""
    return f"{'ok  ' if outcome.success else 'FAIL'}  {outcome.expectation:<{width}}  {outcome.seen}{rows}\n"
