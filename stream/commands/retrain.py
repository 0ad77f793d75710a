"""Train a new model from the labelled tweets and from what people labelled, and register it as the challenger.

Reads topic_train.csv and sent_train.csv in the data folder, tested first as `tickertape train` does, and the topic
tweets.labelled to its end: the labels that workers have learned. A label is left out where its text, links aside, stands
in the files, held out or not, or was labelled before. The latest labels are held back: the new model, fitted without
them, and the model that answers are measured on them, each label weighed by one over the probability with which its tweet
was chosen. In the end the model is fitted on all, each tweet counting the same. No teacher takes part: `tickertape train`
has `--teacher`.
The model is registered in MLflow (MLFLOW_TRACKING_URI) with the alias challenger. It does not answer: workers score it on
each label that comes, and tell on tweets.metrics when it leads. Then `tickertape promote challenger` puts it through the
gate. With --promote that is done at once; when the gate refuses it, the command ends with 1.
"""

import argparse
import sys
from functools import partial

from config.commands import DONE, FAILED, configure_logging
from config.settings import ProjectSettings, RegistrySettings, TopicSettings
from models.commands.promote import promote_version
from models.commands.training_options import add_data_options, data_folder, progress_bar, training_arguments
from models.commands.training_results import add_result_options, chosen_destination, show_training
from models.data.dataset import read_split
from models.retraining.material import add_feedback
from monitoring.data_tests.gate import require_good_tweets
from stream.commands.cluster import kafka_of_settings
from stream.learning.archive import TopicArchive
from stream.topics import declare_topics

_NEXT = """version {version} is the challenger now: workers tell on tweets.metrics when it leads on the labels that come
  tickertape diff {champion} challenger --file tweets.jsonl    # what it says otherwise
  tickertape promote challenger    # let it answer, if it passes the gate
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `retrain`."""
    add_data_options(parser)
    add_result_options(parser)
    parser.add_argument("--promote", action="store_true", help="let it answer at once, if it passes the gate")


def run(arguments: argparse.Namespace) -> int:
    """Read, train, measure, register; returns 0, or 1 when the gate was asked and refuses the model."""
    project, registry = ProjectSettings(), RegistrySettings()
    configure_logging(project.log_level, as_json=project.log_json)
    chosen, folder = training_arguments(seed=arguments.seed), data_folder(arguments)
    require_good_tweets(folder)
    files = read_split(folder, held_out_share=chosen.held_out_share, seed=chosen.seed)
    topics = declare_topics(TopicSettings())
    archive = TopicArchive(kafka_of_settings(), online=topics.online.name, labelled=topics.labelled.name)
    with progress_bar() as show:
        show(f"reading {topics.labelled.name}", 0, 0)
        material = add_feedback(files, archive.labelled(), newest_share=chosen.held_out_share)
        destination = chosen_destination(arguments, show=show)
        from models.promotion.promote import find_champion  # noqa: PLC0415  # costs seconds
        from models.retraining.comparison import findings  # noqa: PLC0415  # as above
        from models.training.challenger import train_challenger  # noqa: PLC0415  # as above
        from monitoring.drift.references.training import files_beside  # noqa: PLC0415  # as above

        champion = find_champion(destination.open(), registry.model_alias, split=files, arguments=chosen)
        report = train_challenger(
            material.split,
            chosen,
            destination,
            distiller=None,
            progress=show,
            judge=partial(findings, material, champion),
            beside=files_beside,
        )
    promotion = promote_version(report.model_version, data_dir=folder) if arguments.promote else None
    show_training(report, promotion, arguments)
    if promotion is None and not arguments.json:
        name = champion.version.partition("-")[0]  # of pretrained weights their hash follows
        sys.stdout.write(_NEXT.format(version=report.model_version, champion=name))
    return DONE if promotion is None or promotion.promoted else FAILED
