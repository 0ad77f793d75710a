"""Test a model against the table of cases that say how it must behave, and show the pass rates.

The cases stand in models/behaviour/cases.csv: plain tweets whose class is obvious, changes that must change nothing,
and changes that must change the answer. The shipped model is tested, or with --registered the one that answers now.
Ends with 1 when a case fails that is not listed in models/behaviour/known-failures.txt. When the shipped model is
another, --accept writes that list and the table of the model card anew; read the difference before you commit it.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from config import settings
from models.behaviour import BehaviourReport, behaviour_report
from models.behaviour.card import card_with
from models.behaviour.cases import FOLDER, KNOWN_FAILURES_FILE
from models.commands.stores import registry_store
from models.errors import ModelError
from models.loading import load_predictor
from models.predictor import pretrained_predictor

_CARD = Path(settings.__file__).parents[1] / "docs" / "model-card.md"  # an installed package has none
_TOP_K = 1  # the cases ask for the first label alone


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `behaviour`."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--registered", action="store_true", help="test the model that answers now (MLFLOW_MODEL_ALIAS in the registry)"
    )
    which.add_argument(
        "--accept",
        action="store_true",
        help="write the shipped model's failures to known-failures.txt and docs/model-card.md",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def run(arguments: argparse.Namespace) -> int:
    """Test the model; returns 0 when nothing but known failures fails, else 1."""
    predictor = load_predictor(registry_store(top_k=_TOP_K)) if arguments.registered else pretrained_predictor(_TOP_K)
    report = behaviour_report(predictor)
    if arguments.accept:
        _accept(report)
        report = behaviour_report(predictor)
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        from rich import print as show  # noqa: PLC0415  # costs 0.1 s, which `--help` need not pay

        from models.behaviour.tables import tables  # noqa: PLC0415  # as above

        show(tables(report))
    return 0 if all(outcome.passed or outcome.is_known_failure for outcome in report.outcomes) else 1


def _accept(report: BehaviourReport) -> None:
    if not _CARD.exists():
        raise ModelError(f"there is no {_CARD}: --accept works in a checkout only")
    card = card_with(report, _CARD.read_text(encoding="utf-8"))
    failed = [outcome.case.id for outcome in report.outcomes if not outcome.passed]
    (FOLDER / KNOWN_FAILURES_FILE).write_text("".join(f"{name}\n" for name in failed), encoding="utf-8")
    _CARD.write_text(card, encoding="utf-8")
