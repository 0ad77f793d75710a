"""What the commands that register a model share: where it goes, and what is printed of it."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console

from config import settings
from models.commands.promote import print_promotion
from models.commands.training_options import Show
from models.errors import ModelError

if TYPE_CHECKING:
    from models.promotion.promote import Promotion
    from models.training.challenger import Destination
    from models.training.report import Report


def add_result_options(parser: argparse.ArgumentParser) -> None:
    """Declare what becomes of the model beside its registration."""
    parser.add_argument(
        "--export", type=Path, metavar="DIR", help="also write the weights, their sha256 and a model card there"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def chosen_destination(arguments: argparse.Namespace, *, show: Show) -> "Destination":
    """Say where the model goes; imports the training libraries, which takes seconds.

    Raises:
        ModelError: one of them is not installed.
    """
    show("loading scikit-learn and MLflow", 0, 0)
    try:
        from models.training.challenger import Destination  # noqa: PLC0415  # costs seconds, may be absent
    except ModuleNotFoundError as exc:
        raise ModelError(f"training needs {exc.name}, which is not installed here; run `make venv`") from exc
    show("opening the model registry", 0, 0)
    project, registry = settings.ProjectSettings(), settings.RegistrySettings()
    return Destination(
        tracking_uri=registry.uri(project.home),
        model_name=registry.model_name,
        export_folder=arguments.export.expanduser() if arguments.export else None,
    )


def show_training(report: "Report", promotion: "Promotion | None", arguments: argparse.Namespace) -> None:
    """Print what was trained, and what the gate said of it."""
    if arguments.json:
        sys.stdout.write(msgspec.json.encode({"report": report, "promotion": promotion}).decode() + "\n")
        return
    from models.training.report import tables  # noqa: PLC0415  # imports scikit-learn

    console = Console()
    console.print(tables(report))
    if arguments.export:
        console.print(f"exported: {arguments.export}, {report.weights_bytes:,} bytes of weights", soft_wrap=True)
    if promotion is not None:
        print_promotion(promotion)
