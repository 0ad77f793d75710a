"""Search for better training arguments with Optuna, by cross-validation on the training tweets.

Searched is what the linear model is fitted with: C and balance power of both heads, and the tweets that a feature needs.
Each trial fits five models, each on four fifths of the training tweets, and measures them on the last fifth; held-out
tweets are never looked at. What counts is the mean of four figures: accuracy and macro-F1 of both heads. The present
arguments (config/args.json) are the first trial. No teacher takes part, and its arguments are not searched.
Trials are kept in tune.db in TICKERTAPE_HOME and logged to MLflow (MLFLOW_TRACKING_URI), below one run: the next call
with the same data and split goes on. Ctrl-C ends it with what was found so far.
At the end the best arguments and the present ones are compared on folds dealt anew, as on those of the search the best is
flattered. They are written to config/args.json of a checkout when the mean is better there by 0.001 or more and the 95 %
interval of the gain lies above 0; `tickertape train` then uses them, and `tickertape evaluate` measures them.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table

from config import settings
from config.commands import positive_integer
from models.commands.training_options import (
    ARGUMENTS_FILE,
    Show,
    add_data_options,
    data_folder,
    progress_bar,
    read_arguments,
    training_arguments,
)
from models.data.dataset import Split, read_split
from models.errors import ModelError
from models.files import write_whole
from models.training.arguments import TrainingArguments
from monitoring.data_tests.gate import require_good_tweets

if TYPE_CHECKING:
    from models.tuning.search import Findings

_TRIALS = 50  # where neither trials nor minutes are given; some four minutes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tune`."""
    parser.add_argument(
        "--trials",
        type=positive_integer,
        metavar="N",
        help=f"trials to add (default: {_TRIALS}, or no limit with --minutes)",
    )
    parser.add_argument("--minutes", type=positive_integer, metavar="M", help="begin no further trial after this time")
    add_data_options(parser)
    parser.add_argument("--no-write", action="store_true", help="leave config/args.json as it is")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(arguments: argparse.Namespace) -> int:
    """Search, print, write what is better; returns 0."""
    present, folder = training_arguments(seed=arguments.seed), data_folder(arguments)
    require_good_tweets(folder)
    split = read_split(folder, held_out_share=present.held_out_share, seed=present.seed)
    with progress_bar() as show:
        found = _found(split, present, arguments, show)
    reason = "--no-write was given" if arguments.no_write else reason_to_leave(found, ARGUMENTS_FILE)
    if reason is None:
        write_best(found, ARGUMENTS_FILE)
    if arguments.json:
        sys.stdout.write(msgspec.json.encode({"findings": found, "is_written": reason is None}).decode() + "\n")
        return 0
    console = Console()
    console.print(_table(found))
    console.print(_outcome(found, reason), soft_wrap=True, highlight=False, markup=False)
    return 0


def reason_to_leave(found: "Findings", path: Path) -> str | None:
    """Say why the best arguments are not worth writing, or can't be; None where nothing speaks against it."""
    if found.best == found.present:
        return "the present arguments are the best so far"
    if not found.is_gain:
        return "the gain is too small, or may be chance"
    if not path.exists():
        return "there is no such file here"
    return None


def write_best(found: "Findings", path: Path) -> None:
    """Put the best arguments into the arguments file; those that were not searched keep their values.

    Raises:
        ModelError: the file can't be read or written.
    """
    best = msgspec.structs.replace(read_arguments(path), **found.best.arguments)
    try:
        write_whole(path, msgspec.json.format(msgspec.json.encode(best), indent=2) + b"\n")
    except OSError as exc:
        raise ModelError(f"{path} can't be written ({exc.strerror}); put the best arguments there by hand") from exc


def _found(split: Split, present: TrainingArguments, arguments: argparse.Namespace, show: Show) -> "Findings":
    project, settled = settings.ProjectSettings(), settings.RegistrySettings()
    show("loading Optuna, scikit-learn and MLflow", 0, 0)
    try:
        from models.registry import open_store  # noqa: PLC0415  # costs seconds, may be absent
        from models.tuning.tune import tune  # noqa: PLC0415  # as above
    except ModuleNotFoundError as exc:
        raise ModelError(f"the search needs {exc.name}, which is not installed here; run `make venv`") from exc
    show("opening the model registry", 0, 0)
    return tune(
        split,
        present,
        home=project.home,
        store=open_store(tracking_uri=settled.uri(project.home), model_name=settled.model_name),
        trial_count=arguments.trials or (None if arguments.minutes else _TRIALS),
        seconds=arguments.minutes * 60 if arguments.minutes else None,
        progress=show,
    )


def _table(found: "Findings") -> Table:
    trials = ", ".join(f"{count:,} {state}" for state, count in found.trials.items())
    table = Table(title=f"{found.study}: {trials}, by cross-validation on the training tweets", title_justify="left")
    table.add_column("")
    for column, one in (("present", found.present), ("best", found.best)):
        table.add_column(f"{column} (trial {one.trial})", justify="right")
    for name, value in found.present.arguments.items():
        table.add_row(name, f"{value:g}", f"{found.best.arguments[name]:g}")
    table.add_section()
    for name, value in msgspec.structs.asdict(found.present.figures).items():
        table.add_row(name, f"{value:.4f}", f"{getattr(found.best.figures, name):.4f}")
    table.add_row("mean", f"{found.present.mean:.4f}", f"{found.best.mean:.4f}")
    return table


def _outcome(found: "Findings", reason: str | None) -> str:
    interval = f"95 % interval {found.gain.low:+.4f} to {found.gain.high:+.4f}"
    gain = f"gain of the mean on other folds: {found.gain.value:+.4f} ({interval}); "
    if reason is None:
        return f"{gain}written to {ARGUMENTS_FILE}, measure it with `tickertape evaluate`"
    return f"{gain}config/args.json stays as it is: {reason}"
