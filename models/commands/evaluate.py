"""Measure what `tickertape train` makes of the labelled tweets, on tweets that it did not learn from.

Trains as `tickertape train` does on the training tweets of the data folder, measures on the held-out ones and prints
accuracy and F1 with 95 % intervals, each class, slices, what abstaining would give, and what is confused. Nothing is
registered. With --protocol predecessor it measures by the protocol of this project's predecessor instead, and prints
its figures beside ours. With --card it measures everything and writes it, with pictures, into a model card.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console

from config import settings
from models.arguments import TrainingArguments
from models.commands.train import progress_bar, seed_number, training_arguments
from models.dataset import read_split, read_topics
from models.errors import ModelError

if TYPE_CHECKING:
    from models.findings import Findings
    from models.predecessor import ProtocolScores

Show = Callable[[str, int, int], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `evaluate`."""
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="folder with the tweets (default: TICKERTAPE_DATA_DIR, or data)"
    )
    parser.add_argument("--seed", type=seed_number, metavar="N", help="of split, folds and solver (default: args.json's)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--learning-curve", action="store_true", help="also train on 25, 50 and 75 %% of the tweets; takes a minute"
    )
    what.add_argument("--protocol", choices=["predecessor"], help="measure by another protocol instead")
    what.add_argument(
        "--card", type=Path, metavar="FILE", help="measure everything and write it between the marks of a model card"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def run(arguments: argparse.Namespace) -> int:
    """Train on a part, measure on the rest, print; returns 0."""
    chosen = training_arguments(seed=arguments.seed)
    folder = (arguments.data_dir or settings.ProjectSettings().data_dir).expanduser()
    try:
        import models.learning_curve  # noqa: F401, PLC0415  # costs seconds, may be absent
        import models.pictures  # noqa: F401, PLC0415  # as above
    except ModuleNotFoundError as exc:
        raise ModelError(f"evaluation needs {exc.name}, which is not installed here; run `make venv`") from exc
    with progress_bar() as show:
        if arguments.protocol:
            _print_protocol(_protocol(folder, chosen, show), as_json=arguments.json)
            return 0
        findings = _findings(folder, chosen, arguments, show)
    if arguments.card:
        from models.figures import write_figures  # noqa: PLC0415  # as above

        write_figures(findings, arguments.card.expanduser())
    _print_findings(findings, as_json=arguments.json)
    return 0


def _findings(folder: Path, chosen: TrainingArguments, arguments: argparse.Namespace, show: Show) -> "Findings":
    from models.evaluation import evaluate  # noqa: PLC0415  # as above
    from models.findings import Findings  # noqa: PLC0415  # as above
    from models.learning_curve import learning_curve  # noqa: PLC0415  # as above
    from models.training import fit_unseen  # noqa: PLC0415  # as above

    split = read_split(folder, held_out_share=chosen.held_out_share, seed=chosen.seed)
    weights = fit_unseen(split, chosen, progress=show)
    return Findings(
        arguments=chosen,
        data_sha256=split.data_sha256,
        held_out="published" if split.is_published else "split off",
        evaluation=evaluate(weights, split),
        learning_curve=learning_curve(split, chosen, progress=show)
        if arguments.learning_curve or arguments.card
        else None,
        predecessor=_protocol(folder, chosen, show) if arguments.card else None,
    )


def _protocol(folder: Path, chosen: TrainingArguments, show: Show) -> "ProtocolScores":
    from models.predecessor import predecessor_protocol  # noqa: PLC0415  # as above

    return predecessor_protocol(read_topics(folder), chosen, progress=show)


def _print_protocol(scores: "ProtocolScores", *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(scores).decode() + "\n")
        return
    from models.evaluation_tables import protocol_table  # noqa: PLC0415  # as above

    Console().print(protocol_table(scores))


def _print_findings(findings: "Findings", *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(findings).decode() + "\n")
        return
    from models.evaluation_tables import findings_tables  # noqa: PLC0415  # as above

    Console().print(findings_tables(findings))
