"""Save a trained model as a version; load its files, the sha256 of each checked first."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlflow import artifacts
from mlflow.entities import Metric, Param
from mlflow.entities.model_registry import ModelVersion as FoundVersion

from models.errors import ModelCorruptError
from models.records import ModelVersion
from models.registry.aliases import aliases_of, point_alias
from models.registry.signature import described
from models.registry.store import Store, experiment_id, reaching
from models.weights import WEIGHTS_FILE, Weights, read_weights, sha256_of

MODEL_FOLDER = "model"  # of a run's files
MODEL_WEIGHTS = f"{MODEL_FOLDER}/{WEIGHTS_FILE}"
EVALUATION_FOLDER = "evaluation"
EVALUATION_WEIGHTS = f"{EVALUATION_FOLDER}/{WEIGHTS_FILE}"
REPORT_FILE = "report.json"
TEACHER_FILE = "teacher.onnx"  # among the model's files, where it has a teacher
_WEIGHTS_TAG = "weights_sha256"


@dataclass(frozen=True)
class TrainingRun:
    """What is kept of a training.

    Attributes:
        parameters: arguments, data hash, versions of code and environment.
        metrics: numbers by name.
        files: name -> content of the model's files; `WEIGHTS_FILE` is one of them.
        fits: numbers by name of each fit, in the order of the fits.
        measured_weights: file of the weights that the metrics were measured on; None for none.
        evaluation: name -> content of files that tell how they fared.
    """

    parameters: Mapping[str, str | int | float]
    metrics: Mapping[str, float]
    files: Mapping[str, bytes]
    fits: Sequence[Mapping[str, float]] = field(default=())
    measured_weights: bytes | None = None
    evaluation: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class SavedVersion:
    """Where a training was kept: MLflow's run, and the version of the registered model."""

    run_id: str
    version: str


@dataclass(frozen=True)
class RegisteredWeights:
    """Weights that the registry gave, and their version."""

    weights: Weights
    model: ModelVersion


def save_version(store: Store, run: TrainingRun, *, model_alias: str) -> SavedVersion:
    """Log a training, register its files as the next version and point the alias at it.

    The alias moves last: whoever loads by it gets a whole version, the old or the new one.

    Raises:
        ModelNotFoundError: the store can't be reached any more.
    """
    with reaching(store.tracking_uri):
        run_id = str(store.client.create_run(experiment_id(store), run_name="train").info.run_id)
        files = {f"{MODEL_FOLDER}/{name}": content for name, content in described(run.files, run_id=run_id).items()}
        files |= {f"{EVALUATION_FOLDER}/{name}": content for name, content in run.evaluation.items()}
        if run.measured_weights is not None:
            files[EVALUATION_WEIGHTS] = run.measured_weights
        _log(store, run_id, run)
        for path, content in files.items():
            log_file(store, run_id, path, content)
        store.client.set_terminated(run_id)
        if aliases_of(store.client, store.model_name) is None:
            store.client.create_registered_model(store.model_name)
        folder = f"{store.client.get_run(run_id).info.artifact_uri}/{MODEL_FOLDER}"
        tags = {_sha256_tag(path): sha256_of(content) for path, content in files.items()}
        version = store.client.create_model_version(store.model_name, source=folder, run_id=run_id, tags=tags).version
    saved = SavedVersion(run_id, str(version))
    point_alias(store, model_alias, version=saved.version)
    return saved


def add_file(store: Store, saved: SavedVersion, *, path: str, content: bytes) -> None:
    """Keep one more file with a version, and its sha256 as a tag.

    Raises:
        ModelNotFoundError: the store can't be reached any more.
    """
    with reaching(store.tracking_uri):
        log_file(store, saved.run_id, path, content)
        store.client.set_model_version_tag(store.model_name, saved.version, _sha256_tag(path), sha256_of(content))


def load_weights(store: Store, version: str) -> RegisteredWeights:
    """Load the weights of a version that is there, their sha256 checked before anything in them is read.

    Raises:
        ModelNotFoundError: the store can't be reached, or lacks the version's files.
        ModelCorruptError: the file is not what the version's sha256 says, or of another format.
    """
    with reaching(store.tracking_uri), tempfile.TemporaryDirectory() as folder:
        found = store.client.get_model_version(store.model_name, version)
        if _WEIGHTS_TAG not in found.tags:
            raise ModelCorruptError(
                f"version {version} of {store} was not saved by `tickertape train` "
                f"(no tag {_WEIGHTS_TAG}); choose another version, or point the alias at another one"
            )
        path = _downloaded(store, f"{found.source}/{WEIGHTS_FILE}", Path(folder))
        weights = read_weights(path, sha256=found.tags[_WEIGHTS_TAG])
        return RegisteredWeights(weights, ModelVersion(store.model_name, version))


def load_measured_weights(store: Store, version: str) -> Weights | None:
    """Load the weights that a version's metrics were measured on; None where none were kept.

    Raises:
        ModelNotFoundError: the store can't be reached, or lacks the file.
        ModelCorruptError: the file is not what its sha256 says, or of another format.
    """
    with reaching(store.tracking_uri), tempfile.TemporaryDirectory() as folder:
        found = store.client.get_model_version(store.model_name, version)
        sha256 = found.tags.get(_sha256_tag(EVALUATION_WEIGHTS))
        if sha256 is None:
            return None
        return read_weights(_downloaded(store, _uri(found, EVALUATION_WEIGHTS), Path(folder)), sha256=sha256)


def load_file(store: Store, version: str, *, path: str) -> bytes | None:
    """Load one file of a version, such as `REPORT_FILE`; None where none was kept.

    Raises:
        ModelNotFoundError: the store can't be reached, or lacks the file.
        ModelCorruptError: the file is not what its sha256 says.
    """
    with reaching(store.tracking_uri), tempfile.TemporaryDirectory() as folder:
        found = store.client.get_model_version(store.model_name, version)
        expected = found.tags.get(_sha256_tag(path))
        if expected is None:
            return None
        content = _downloaded(store, _uri(found, path), Path(folder)).read_bytes()
        if sha256_of(content) != expected:
            raise ModelCorruptError(
                f"{path} of version {version} of {store.model_name} has sha256 {sha256_of(content)}, expected "
                f"{expected}; restore the file, or train again"
            )
        return content


def load_teacher(store: Store, version: str) -> bytes | None:
    """Load the teacher of a version as the file that is served; None where it has none; for errors see `load_file`."""
    return load_file(store, version, path=f"{MODEL_FOLDER}/{TEACHER_FILE}")


def _log(store: Store, run_id: str, run: TrainingRun) -> None:
    metrics = [Metric(name, value, timestamp=0, step=0) for name, value in run.metrics.items()]
    for step, fit in enumerate(run.fits):
        metrics += [Metric(f"fit_{name}", value, timestamp=0, step=step) for name, value in fit.items()]
    params = [Param(name, str(value)) for name, value in run.parameters.items()]
    store.client.log_batch(run_id, metrics=metrics, params=params)


def log_file(store: Store, run_id: str, path: str, content: bytes) -> None:
    """Keep a file with a run; `path` is relative to the run's files."""
    folder, _, name = path.rpartition("/")
    with tempfile.TemporaryDirectory() as temporary:
        written = Path(temporary, name)
        written.write_bytes(content)
        store.client.log_artifact(run_id, str(written), folder or None)


def _downloaded(store: Store, uri: str, folder: Path) -> Path:
    return Path(artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder), tracking_uri=store.tracking_uri))


def _uri(found: FoundVersion, path: str) -> str:
    return f"{str(found.source).removesuffix(f'/{MODEL_FOLDER}')}/{path}"


def _sha256_tag(path: str) -> str:
    return _WEIGHTS_TAG if path == MODEL_WEIGHTS else f"sha256 {path}"
