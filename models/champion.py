"""Make a champion: train on labelled tweets, register the model, write its files and its report."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from models import registry
from models.arguments import TrainingArguments
from models.card import model_card
from models.dataset import Split
from models.errors import ModelError
from models.lessons import Teach
from models.report import Report, held_out, metrics, parameters
from models.training import Progress, TrainingResult, train
from models.weights import SHA256_FILE, WEIGHTS_FILE, encode_weights, sha256_of

CARD_FILE = "README.md"


@dataclass(frozen=True)
class Destination:
    """Where a trained model goes.

    Attributes:
        tracking_uri: the MLflow store.
        model_name: name of the registered model.
        model_alias: alias that the new version gets.
        export_folder: gets the weights, their sha256 and a model card; None for no export.
        report_file: gets the report as JSON, such as `config/run.json`; None for no file.
    """

    tracking_uri: str
    model_name: str
    model_alias: str
    export_folder: Path | None
    report_file: Path | None


def train_champion(
    split: Split, arguments: TrainingArguments, destination: Destination, *, teach: Teach | None, progress: Progress
) -> Report:
    """Train, measure, register, export; nothing is registered or written when an earlier step fails.

    Args:
        split: the labelled tweets, see `models.dataset.read_split`.
        arguments: of the training.
        destination: where the model goes.
        teach: see `models.training.train`.
        progress: told of each step.

    Raises:
        ModelNotFoundError: the registry can't be reached.
        ModelError: a file can't be written.
    """
    store = registry.open_store(tracking_uri=destination.tracking_uri, model_name=destination.model_name)
    result = train(split, arguments, teach=teach, progress=progress)
    files = _files(result, data_sha256=split.data_sha256)
    saved = registry.save_version(
        store,
        registry.TrainingRun(parameters(arguments, result, data_sha256=split.data_sha256), metrics(result), files),
        model_alias=destination.model_alias,
    )
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
    )
    _write(destination, files, report)
    return report


def _files(result: TrainingResult, *, data_sha256: str) -> dict[str, bytes]:
    weights = encode_weights(result.weights)
    sha256 = sha256_of(weights)
    card = model_card(result, weights_sha256=sha256, weights_bytes=len(weights), data_sha256=data_sha256)
    return {
        WEIGHTS_FILE: weights,
        SHA256_FILE: f"{sha256}  {WEIGHTS_FILE}\n".encode(),
        CARD_FILE: card.encode(),
    }


def _write(destination: Destination, files: dict[str, bytes], report: Report) -> None:
    try:
        if destination.export_folder is not None:
            destination.export_folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                _write_whole(destination.export_folder / name, content)
        if destination.report_file is not None:
            _write_whole(destination.report_file, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    except OSError as exc:
        raise ModelError(
            f"version {report.model_version} of {report.model_name} is registered, but {exc.filename} can't be "
            f"written ({exc.strerror}); make room or choose another folder, then train again"
        ) from exc


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside, then rename: a reader sees the old file or the new one, never half of it."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
