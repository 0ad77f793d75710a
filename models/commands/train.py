"""Train the topic and the sentiment model, measure them, log and register them.

Reads topic_train.csv and sent_train.csv (columns text,label) in the data folder; `tickertape fetch-data` gets them.
Both are tested first, as `python -m monitoring validate` does: nothing is trained on a file that breaks an expectation.
Measures on topic_valid.csv and sent_valid.csv where both are there, else on a share of each class that is held out;
in that case the model is then fitted again on all tweets. The arguments come from config/args.json in a checkout.
With --teacher a transformer is fine-tuned on the training tweets first; the model then learns from its answers too, to
labelled tweets, to changed copies of them and to --unlabelled ones. What it did is kept: a stopped run goes on.
The teacher is registered with the model, in 8 bits, for workers and the API to ask with `--quality careful`.
The model is registered in MLflow (MLFLOW_TRACKING_URI) with the alias challenger. Then it goes through the gate of
`tickertape promote`: when it passes, it gets the alias that answers (MLFLOW_MODEL_ALIAS), and a checkout gets
config/run.json. When it is refused, the reasons are printed and the command ends with 1; it stays registered.
"""

import argparse

from config.commands import DONE, FAILED
from models.commands.promote import promote_version
from models.commands.training_options import (
    add_data_options,
    add_teacher_options,
    check_teacher_options,
    chosen_distiller,
    data_folder,
    progress_bar,
    training_arguments,
)
from models.commands.training_results import add_result_options, chosen_destination, show_training
from models.data.dataset import read_split
from monitoring.data_tests.gate import require_good_tweets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `train`."""
    add_data_options(parser)
    add_teacher_options(parser)
    add_result_options(parser)
    parser.add_argument("--no-promote", action="store_true", help="register it as the challenger, and leave it at that")


def run(arguments: argparse.Namespace) -> int:
    """Train, measure, register, promote; returns 0, or 1 when the gate refuses the model."""
    chosen, folder = training_arguments(seed=arguments.seed), data_folder(arguments)
    check_teacher_options(arguments)
    require_good_tweets(folder)
    split = read_split(folder, held_out_share=chosen.held_out_share, seed=chosen.seed)
    with progress_bar() as show:
        destination = chosen_destination(arguments, show=show)
        from models.training.challenger import train_challenger  # noqa: PLC0415  # costs seconds

        distiller = chosen_distiller(arguments, split, chosen, show=show)
        from monitoring.drift.references.training import files_beside  # noqa: PLC0415  # as above

        report = train_challenger(split, chosen, destination, distiller=distiller, progress=show, beside=files_beside)
    promotion = None if arguments.no_promote else promote_version(report.model_version, data_dir=folder)
    show_training(report, promotion, arguments)
    return DONE if promotion is None or promotion.promoted else FAILED
