"""Measure what `tickertape train` makes of the labelled tweets, on tweets that it did not learn from.

Trains as `tickertape train` does on the training tweets of the data folder, measures on the held-out ones and prints
accuracy and F1 with 95 % intervals, each class, slices, what abstaining would give, and what is confused. Nothing is
registered. With --protocol predecessor it measures by the protocol of this project's predecessor instead, and prints
its figures beside ours. With --quality careful it also measures what `--quality careful` of a worker gives and costs.
With --card it measures everything and writes it, with pictures, into a model card.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table

from models.commands.training_options import (
    Show,
    add_data_options,
    add_teacher_options,
    check_teacher_options,
    chosen_distiller,
    data_folder,
    progress_bar,
    training_arguments,
)
from models.data.dataset import read_split, read_topics
from models.errors import ModelError
from models.training.arguments import TrainingArguments

if TYPE_CHECKING:
    from models.evaluation.findings import Findings
    from models.evaluation.predecessor import ProtocolScores
    from models.evaluation.sheets import Sheet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `evaluate`."""
    add_data_options(parser)
    add_teacher_options(parser)
    parser.add_argument(
        "--quality",
        choices=["fast", "careful"],
        default="fast",
        help="careful, with --teacher: also measure both together, by the share of tweets that the teacher sees",
    )
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
    chosen, folder = training_arguments(seed=arguments.seed), data_folder(arguments)
    check_teacher_options(arguments)
    if arguments.quality == "careful" and not arguments.teacher:
        raise ModelError("--quality careful needs a teacher: add --teacher")
    try:
        from models.evaluation import model_card, sheets  # noqa: PLC0415  # costs seconds, may be absent
    except ModuleNotFoundError as exc:
        raise ModelError(f"evaluation needs {exc.name}, which is not installed here; run `make venv`") from exc
    if arguments.card:
        model_card.read_around(arguments.card)  # before the minutes, not after them
    with progress_bar() as show:
        if arguments.protocol:
            scores = _protocol(folder, chosen, show)
        else:
            findings = _findings(folder, chosen, arguments, show)
    if arguments.protocol:
        _show(scores, [sheets.protocol_sheet(scores)], as_json=arguments.json)
        return 0
    if arguments.card:
        model_card.write_figures(findings, arguments.card)
    _show(findings, sheets.findings_sheets(findings), as_json=arguments.json)
    return 0


def _findings(folder: Path, chosen: TrainingArguments, arguments: argparse.Namespace, show: Show) -> "Findings":
    from models.careful.measuring import served_teacher  # noqa: PLC0415  # as above
    from models.evaluation.findings import Findings  # noqa: PLC0415  # as above
    from models.evaluation.learning_curve import learning_curve  # noqa: PLC0415  # as above
    from models.evaluation.metrics import evaluate  # noqa: PLC0415  # as above
    from models.training.fitting import fit  # noqa: PLC0415  # as above
    from models.training.trainer import scalings_to_measure  # noqa: PLC0415  # as above

    split = read_split(folder, held_out_share=chosen.held_out_share, seed=chosen.seed)
    labelled, with_sentiment = split.labels.train, split.sentiments.train
    distiller = chosen_distiller(arguments, split, chosen, show=show)
    soft_labels = distiller.teach(labelled, with_sentiment) if distiller else None
    scalings = scalings_to_measure(split)
    weights = fit(labelled, with_sentiment, soft_labels, chosen, begin=lambda step: show(step, 0, 0), scalings=scalings)
    is_all = arguments.card is not None
    care = None
    if distiller and (is_all or arguments.quality == "careful"):
        show("measuring the teacher", 0, 0)
        _, care = served_teacher(distiller, weights, split)
    return Findings(
        arguments=chosen,
        data_sha256=split.data_sha256,
        held_out="published" if split.is_published else "split off",
        has_teacher=arguments.teacher,
        evaluation=evaluate(weights, split),
        learning_curve=learning_curve(split, chosen, progress=show) if is_all or arguments.learning_curve else None,
        predecessor=_protocol(folder, chosen, show) if is_all else None,
        care=care,
    )


def _protocol(folder: Path, chosen: TrainingArguments, show: Show) -> "ProtocolScores":
    from models.evaluation.predecessor import predecessor_protocol  # noqa: PLC0415  # as above

    return predecessor_protocol(read_topics(folder), chosen, progress=show)


def _show(found: "Findings | ProtocolScores", sheets: "Iterable[Sheet]", *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    console = Console()
    for sheet in sheets:
        table = Table(title=sheet.heading, caption=sheet.note or None, title_justify="left", caption_justify="left")
        for place, column in enumerate(sheet.columns):
            table.add_column(column, justify="right" if place else "left")
        for row in sheet.rows:
            table.add_row(*row)
        console.print(table)
