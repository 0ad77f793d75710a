"""Make a challenger: train on labelled tweets, register the model with its evidence, export its files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from models import registry
from models.careful.measuring import CarefulPoint, served_teacher
from models.data.dataset import Split
from models.errors import ModelError
from models.evaluation.metrics import Evaluation
from models.evaluation.pictures import care_picture, evaluation_pictures
from models.files import write_whole
from models.predictor import pretrained_version
from models.records import ModelVersion
from models.retraining.findings import FeedbackFindings, FeedbackUsed
from models.training.arguments import TrainingArguments
from models.training.card import model_card
from models.training.provenance import provenance
from models.training.report import Report, careful_metrics, encode_report, fits, held_out, metrics, parameters
from models.training.soft_labels import Distillation
from models.training.trainer import Progress, TrainingResult, train
from models.weights import SHA256_FILE, WEIGHTS_FILE, Weights, encode_weights, sha256_of

Judge = Callable[[Weights], FeedbackFindings]
"""Tells what people's labels gave, from weights that were fitted on the training tweets alone."""

Beside = Callable[[Split, Weights, ModelVersion], dict[str, bytes]]
"""Gives files to keep beside the weights, from the measured weights and the version's name."""

CARD_FILE = "README.md"
EVALUATION_FILE = "evaluation.json"
CARE_FILE = "care.json"


@dataclass(frozen=True)
class Destination:
    """Where a trained model goes.

    Attributes:
        tracking_uri: the MLflow store.
        model_name: name of the registered model.
        export_folder: gets the weights, their sha256 and a model card; None for no export.
    """

    tracking_uri: str
    model_name: str
    export_folder: Path | None

    def open(self) -> registry.Store:
        """Reach the store; a missing `sqlite:///` file is made.

        Raises:
            ModelNotFoundError: it can't be reached.
        """
        return registry.open_store(tracking_uri=self.tracking_uri, model_name=self.model_name)


def train_challenger(
    split: Split,
    arguments: TrainingArguments,
    destination: Destination,
    *,
    distiller: Distillation | None,
    progress: Progress,
    judge: Judge | None = None,
    beside: Beside = lambda *_: {},
) -> Report:
    """Train, measure, register, export; nothing is registered or written when an earlier step fails.

    Args:
        split: the labelled tweets, see `models.data.dataset.read_split`.
        arguments: of the training.
        destination: where the model goes.
        distiller: has the teacher to learn from, which is then kept with the version; None to learn from labels alone.
        progress: told of each step.
        judge: where labels of people are among the tweets; None where there are none.
        beside: gives more files to keep with the version.

    Raises:
        ModelNotFoundError: the registry can't be reached.
        ModelError: a file can't be written.
    """
    store = destination.open()
    result = train(split, arguments, teach=distiller.teach if distiller else None, progress=progress)
    feedback = judge(result.measured_weights) if judge else None
    if feedback:
        result = _signed(result, feedback.used)
    files = _files(result, feedback, data_sha256=split.data_sha256)
    its_teacher: dict[str, bytes] = {}
    care: tuple[CarefulPoint, ...] = ()
    if distiller:
        progress("measuring the teacher", 0, 0)
        its_teacher[registry.TEACHER_FILE], care = served_teacher(distiller, result.measured_weights, split)
    run = registry.TrainingRun(
        parameters={
            **parameters(arguments, result, data_sha256=split.data_sha256),
            **(feedback.parameters() if feedback else {}),
            **provenance(),
        },
        metrics={**metrics(result), **careful_metrics(care), **(feedback.metrics() if feedback else {})},
        fits=fits(result),
        files={**files, **its_teacher},
        measured_weights=encode_weights(result.measured_weights),
        evaluation=_evaluation_files(result.evaluation, care),
    )
    saved = registry.save_version(store, run, model_alias=registry.CHALLENGER)
    report = Report(
        run_id=saved.run_id,
        model_name=destination.model_name,
        model_version=saved.version,
        weights_sha256=sha256_of(files[WEIGHTS_FILE]),
        weights_bytes=len(files[WEIGHTS_FILE]),
        features=len(result.weights.ids),
        data_sha256=split.data_sha256,
        arguments=arguments,
        held_out=held_out(result),
        label_tweets=result.label_tweets,
        sentiment_tweets=result.sentiment_tweets,
        labels=result.labels,
        sentiments=result.sentiments,
        feedback=feedback,
    )
    registry.add_file(store, saved, path=registry.REPORT_FILE, content=encode_report(report))
    version = ModelVersion(destination.model_name, saved.version)
    for name, content in beside(split, result.measured_weights, version).items():
        registry.add_file(store, saved, path=f"{registry.MODEL_FOLDER}/{name}", content=content)
    if destination.export_folder is not None:
        others = beside(split, result.measured_weights, pretrained_version(report.weights_sha256))
        _export(destination.export_folder, {**files, **others}, report)
    return report


def _signed(result: TrainingResult, used: FeedbackUsed) -> TrainingResult:
    """Let both sets of weights say which labels of people they were fitted on."""
    return replace(
        result,
        weights=replace(result.weights, learned_offset=used.last_offset),
        measured_weights=replace(result.measured_weights, learned_offset=used.first_newest_offset - 1),
    )


def _files(result: TrainingResult, feedback: FeedbackFindings | None, *, data_sha256: str) -> dict[str, bytes]:
    weights = encode_weights(result.weights)
    sha256 = sha256_of(weights)
    card = model_card(
        result,
        feedback.used if feedback else None,
        weights_sha256=sha256,
        weights_bytes=len(weights),
        data_sha256=data_sha256,
    )
    return {
        WEIGHTS_FILE: weights,
        SHA256_FILE: f"{sha256}  {WEIGHTS_FILE}\n".encode(),
        CARD_FILE: card.encode(),
    }


def _evaluation_files(evaluation: Evaluation, care: Sequence[CarefulPoint]) -> dict[str, bytes]:
    of_care = {}
    if care:
        of_care = {CARE_FILE: msgspec.json.format(msgspec.json.encode(care), indent=2), **care_picture(care)}
    return {
        EVALUATION_FILE: msgspec.json.format(msgspec.json.encode(evaluation), indent=2),
        **evaluation_pictures(evaluation),
        **of_care,
    }


def _export(folder: Path, files: dict[str, bytes], report: Report) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(folder / name, content)
    except OSError as exc:
        raise ModelError(
            f"version {report.model_version} of {report.model_name} is registered, but {exc.filename} can't be "
            f"written ({exc.strerror}); make room or choose another folder, then train again"
        ) from exc
