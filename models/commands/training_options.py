"""What the commands that train share: options, the arguments file, the teacher, and the bar that shows progress."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config import settings
from models.data.dataset import Split
from models.data.unlabelled import read_unlabelled
from models.errors import ModelError
from models.training.arguments import TrainingArguments
from models.training.soft_labels import Distillation

ARGUMENTS_FILE = Path(settings.__file__).parent / "args.json"
Show = Callable[[str, int, int], None]
"""Moves the bar: what begins now, steps done, steps in all (0 where that is not known)."""

_LARGEST_SEED = 2**32 - 1  # what scikit-learn takes


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Declare which tweets are read, and how they are split."""
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="folder with the tweets (default: TICKERTAPE_DATA_DIR, or data)"
    )
    parser.add_argument(
        "--seed", type=_seed_number, metavar="N", help="of split, folds and solver (default: args.json's)"
    )


def add_teacher_options(parser: argparse.ArgumentParser) -> None:
    """Declare whether a teacher takes part, and what else it labels."""
    parser.add_argument(
        "--teacher",
        action="store_true",
        help="also learn from a transformer that is fine-tuned first (minutes on a GPU, over an hour on two cores, kept in "
        "TICKERTAPE_HOME; needs `make venv-teacher`)",
    )
    parser.add_argument(
        "--unlabelled",
        type=Path,
        metavar="FILE",
        help="with --teacher: JSONL of tweets for the teacher to label, .gz too",
    )


def check_teacher_options(arguments: argparse.Namespace) -> None:
    """See that the options go together.

    Raises:
        ModelError: they don't.
    """
    if arguments.unlabelled and not arguments.teacher:
        raise ModelError("--unlabelled is for a teacher to label: add --teacher")


def data_folder(arguments: argparse.Namespace) -> Path:
    """Give the folder with the labelled tweets."""
    return Path(arguments.data_dir or settings.ProjectSettings().data_dir).expanduser()


def training_arguments(*, seed: int | None) -> TrainingArguments:
    """Read config/args.json, or take the defaults where there is none; a given seed replaces its own.

    Raises:
        ModelError: the file holds something else.
    """
    arguments = read_arguments(ARGUMENTS_FILE)
    return arguments if seed is None else msgspec.structs.replace(arguments, seed=seed)


def read_arguments(path: Path) -> TrainingArguments:
    """Read a file of arguments, or take the defaults where there is none.

    Raises:
        ModelError: the file holds something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=TrainingArguments)
    except FileNotFoundError:  # an installed package carries none
        return TrainingArguments()
    except msgspec.DecodeError as exc:
        raise ModelError(f"{path}: {exc}; correct it, see models/training/arguments.py for what is allowed") from exc


def chosen_distiller(
    arguments: argparse.Namespace, split: Split, chosen: TrainingArguments, *, show: Show
) -> Distillation | None:
    """Give a distiller whose teacher is fine-tuned when it is first asked, and kept; None where none is wanted.

    Raises:
        ModelError: its libraries are not installed.
    """
    if not arguments.teacher:
        return None
    show("loading PyTorch", 0, 0)
    try:
        from models.teacher.distiller import Distiller  # noqa: PLC0415  # costs seconds, may be absent
    except ModuleNotFoundError as exc:
        raise ModelError(f"a teacher needs {exc.name}, which is not installed here; run `make venv-teacher`") from exc
    texts = read_unlabelled(arguments.unlabelled, split) if arguments.unlabelled else []
    folder = settings.ProjectSettings().home / "teacher"
    return Distiller(split, chosen, folder=folder, unlabelled=texts, told=lambda step: show(step, 0, 0))


@contextmanager
def progress_bar() -> Iterator[Show]:
    """Show a bar on standard error; gives what moves it."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total or None)


def _seed_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _LARGEST_SEED):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {_LARGEST_SEED}")
    return int(text)
