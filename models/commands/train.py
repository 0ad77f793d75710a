"""Train the topic and the sentiment model, measure them, log and register them.

Reads topic_train.csv and sent_train.csv (columns text,label) in the data folder; `tickertape fetch-data` gets them.
Both are tested first, as `python -m monitoring validate` does: nothing is trained on a file that breaks an expectation.
Measures on topic_valid.csv and sent_valid.csv where both are there, else on a share of each class that is held out;
in that case the model is then fitted again on all tweets. The arguments come from config/args.json in a checkout.
With --teacher a transformer is fine-tuned on the training tweets first; the model then learns from its answers too, to
labelled tweets, to changed copies of them and to --unlabelled ones. What it did is kept: a stopped run goes on.
The model is registered in MLflow (MLFLOW_TRACKING_URI) with the alias challenger. Then it goes through the gate of
`tickertape promote`: when it passes, it gets the alias that answers (MLFLOW_MODEL_ALIAS), and a checkout gets
config/run.json. When it is refused, the reasons are printed and the command ends with 1; it stays registered.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console

from config import settings
from models.commands.promote import print_promotion, promote_version
from models.commands.training_options import (
    add_data_options,
    add_teacher_options,
    check_teacher_options,
    chosen_teacher,
    data_folder,
    progress_bar,
    training_arguments,
)
from models.dataset import read_split
from models.errors import ModelError
from monitoring.labelled import require_good_tweets

if TYPE_CHECKING:
    from models.report import Report
    from models.succession import Promotion


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `train`."""
    add_data_options(parser)
    add_teacher_options(parser)
    parser.add_argument(
        "--export", type=Path, metavar="DIR", help="also write the weights, their sha256 and a model card there"
    )
    parser.add_argument("--no-promote", action="store_true", help="register it as the challenger, and leave it at that")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def run(arguments: argparse.Namespace) -> int:
    """Train, measure, register, promote; returns 0, or 1 when the gate refuses the model."""
    project, registry = settings.ProjectSettings(), settings.RegistrySettings()
    chosen, folder = training_arguments(seed=arguments.seed), data_folder(arguments)
    check_teacher_options(arguments)
    require_good_tweets(folder)
    split = read_split(folder, held_out_share=chosen.held_out_share, seed=chosen.seed)
    with progress_bar() as show:
        show("loading scikit-learn and MLflow", 0, 0)
        try:
            from models.challenger import Destination, train_challenger  # noqa: PLC0415  # costs seconds, may be absent
        except ModuleNotFoundError as exc:
            raise ModelError(f"training needs {exc.name}, which is not installed here; run `make venv`") from exc
        show("opening the model registry", 0, 0)
        destination = Destination(
            tracking_uri=registry.uri(project.home),
            model_name=registry.model_name,
            export_folder=arguments.export.expanduser() if arguments.export else None,
        )
        teach = chosen_teacher(arguments, split, chosen, show=show)
        report = train_challenger(split, chosen, destination, teach=teach, progress=show)
    promotion = None if arguments.no_promote else promote_version(report.model_version, data_dir=folder)
    _show(report, promotion, arguments)
    return 0 if promotion is None or promotion.promoted else 1


def _show(report: "Report", promotion: "Promotion | None", arguments: argparse.Namespace) -> None:
    if arguments.json:
        sys.stdout.write(msgspec.json.encode({"report": report, "promotion": promotion}).decode() + "\n")
        return
    from models.report import tables  # noqa: PLC0415  # imports scikit-learn

    console = Console()
    console.print(tables(report))
    if arguments.export:
        console.print(f"exported: {arguments.export}, {report.weights_bytes:,} bytes of weights", soft_wrap=True)
    if promotion is not None:
        print_promotion(promotion)
