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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config import settings
from models.arguments import TrainingArguments
from models.commands.promote import print_promotion, promote_version
from models.dataset import Split, read_split
from models.errors import ModelError
from models.lessons import Teach
from models.unlabelled import read_unlabelled
from monitoring.labelled import require_good_tweets

if TYPE_CHECKING:
    from models.report import Report
    from models.succession import Promotion

_CONFIG = Path(settings.__file__).parent
_LARGEST_SEED = 2**32 - 1  # what scikit-learn takes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `train`."""
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="folder with the tweets (default: TICKERTAPE_DATA_DIR, or data)"
    )
    parser.add_argument(
        "--export", type=Path, metavar="DIR", help="also write the weights, their sha256 and a model card there"
    )
    parser.add_argument(
        "--teacher",
        action="store_true",
        help="also learn from a transformer that is fine-tuned first (half an hour on two cores, kept in "
        "TICKERTAPE_HOME; needs `make venv-teacher`)",
    )
    parser.add_argument(
        "--unlabelled",
        type=Path,
        metavar="FILE",
        help="with --teacher: JSONL of tweets for the teacher to label, .gz too",
    )
    parser.add_argument("--no-promote", action="store_true", help="register it as the challenger, and leave it at that")
    parser.add_argument(
        "--seed", type=seed_number, metavar="N", help="of split, folds and solver (default: args.json's)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def run(arguments: argparse.Namespace) -> int:
    """Train, measure, register, promote; returns 0, or 1 when the gate refuses the model."""
    project, registry = settings.ProjectSettings(), settings.RegistrySettings()
    chosen = training_arguments(seed=arguments.seed)
    folder = (arguments.data_dir or project.data_dir).expanduser()
    if arguments.unlabelled and not arguments.teacher:
        raise ModelError("--unlabelled is for a teacher to label: add --teacher")
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
        teach = None
        if arguments.teacher:
            teach = fine_tuned_teacher(
                split, chosen, project.home / "teacher", unlabelled=arguments.unlabelled, show=show
            )
        report = train_challenger(split, chosen, destination, teach=teach, progress=show)
    promotion = None if arguments.no_promote else promote_version(report.model_version, data_dir=folder)
    _show(report, promotion, arguments)
    return 0 if promotion is None or promotion.promoted else 1


def fine_tuned_teacher(
    split: Split,
    chosen: TrainingArguments,
    folder: Path,
    *,
    unlabelled: Path | None,
    show: Callable[[str, int, int], None],
) -> Teach:
    """Give the lessons of a teacher that is fine-tuned when it is first asked, and kept in the folder.

    Raises:
        ModelError: its libraries are not installed.
    """
    show("loading PyTorch", 0, 0)
    try:
        from models.teacher.school import School  # noqa: PLC0415  # costs seconds, may be absent
    except ModuleNotFoundError as exc:
        raise ModelError(f"a teacher needs {exc.name}, which is not installed here; run `make venv-teacher`") from exc
    texts = read_unlabelled(unlabelled, split) if unlabelled else []
    return School(split, chosen, folder=folder, unlabelled=texts, told=lambda step: show(step, 0, 0)).teach


def training_arguments(*, seed: int | None) -> TrainingArguments:
    """Read config/args.json, or take the defaults where there is none; a given seed replaces its own."""
    path = _CONFIG / "args.json"
    try:
        arguments = msgspec.json.decode(path.read_bytes(), type=TrainingArguments)
    except FileNotFoundError:  # an installed package carries none
        arguments = TrainingArguments()
    except msgspec.DecodeError as exc:
        raise ModelError(f"{path}: {exc}; correct it, see models/arguments.py for what is allowed") from exc
    return arguments if seed is None else msgspec.structs.replace(arguments, seed=seed)


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


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar on standard error; gives what moves it: a step, steps done, steps in all."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total or None)


def seed_number(text: str) -> int:
    """Read a seed; for `type=` of an argument."""
    if not (text.isascii() and text.isdigit() and int(text) <= _LARGEST_SEED):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {_LARGEST_SEED}")
    return int(text)
