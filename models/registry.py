"""Save a trained model, give it an alias, load it by that alias; the only module that imports mlflow."""

import logging
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mlflow import MlflowClient, artifacts
from mlflow import environment_variables as mlflow_settings
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.telemetry import set_telemetry_client
from sqlalchemy.exc import SQLAlchemyError

from models.errors import ModelCorruptError, ModelNotFoundError
from models.records import ModelVersion
from models.weights import WEIGHTS_FILE, Weights, read_weights, sha256_of

_SQLITE = "sqlite:///"
_MODEL_FOLDER, _EVALUATION_FOLDER = "model", "evaluation"  # of a run's artefacts
_SHA256_TAG = "weights_sha256"
_NO_SUCH_MODEL = "RESOURCE_DOES_NOT_EXIST"
_ANSWER_SECONDS = 10  # MLflow's own 120 s and 7 repeats keep a start waiting for minutes
_REPEATS = 2
_REASON_CHARACTERS = 180  # MLflow tells whole stories


@dataclass(frozen=True)
class TrainingRun:
    """What is kept of a training.

    Attributes:
        parameters: arguments and data hash.
        metrics: numbers by name.
        files: name -> content of the model's files; `WEIGHTS_FILE` is one of them.
        evaluation: name -> content of what was measured on held-out tweets.
    """

    parameters: Mapping[str, str | int | float]
    metrics: Mapping[str, float]
    files: Mapping[str, bytes]
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


@dataclass(frozen=True)
class Store:
    """An MLflow store that has answered, with the experiment of one registered model."""

    client: MlflowClient
    tracking_uri: str
    model_name: str
    experiment_id: str


def open_store(*, tracking_uri: str, model_name: str) -> Store:
    """Reach the store and find or make the experiment; a missing `sqlite:///` file is made.

    Raises:
        ModelNotFoundError: the store can't be reached.
    """
    with _reaching(tracking_uri):
        artefacts = _artefact_location(tracking_uri)
        client = _client(tracking_uri)
        experiment = client.get_experiment_by_name(model_name)
        if experiment is None:
            experiment_id = client.create_experiment(model_name, artifact_location=artefacts)
        else:
            experiment_id = experiment.experiment_id
        return Store(client, tracking_uri, model_name, experiment_id)


def save_version(store: Store, run: TrainingRun, *, model_alias: str) -> SavedVersion:
    """Log a training, register its files as the next version and point the alias at it.

    The alias moves last: whoever loads by it gets a whole version, the old or the new one.

    Raises:
        ModelNotFoundError: the store can't be reached any more.
    """
    with _reaching(store.tracking_uri):
        run_id = _logged(store, run)
        folder = f"{store.client.get_run(run_id).info.artifact_uri}/{_MODEL_FOLDER}"
        if _aliases(store.client, store.model_name) is None:
            store.client.create_registered_model(store.model_name)
        tags = {_SHA256_TAG: sha256_of(run.files[WEIGHTS_FILE])}
        version = store.client.create_model_version(store.model_name, source=folder, run_id=run_id, tags=tags).version
        store.client.set_registered_model_alias(store.model_name, model_alias, version)
        return SavedVersion(run_id, str(version))


def load_version(*, tracking_uri: str, model_name: str, model_alias: str) -> RegisteredWeights | None:
    """Load the version an alias points at, its sha256 checked before anything in it is read.

    Returns:
        None when there is no such model or alias.

    Raises:
        ModelNotFoundError: the store can't be reached, or lacks the version's files.
        ModelCorruptError: the files are not what the version's sha256 says, or of another format.
    """
    with _reaching(tracking_uri), tempfile.TemporaryDirectory() as folder:
        client = _client(tracking_uri)
        version = (_aliases(client, model_name) or {}).get(model_alias)
        if version is None:
            return None
        found = client.get_model_version(model_name, version)
        sha256 = found.tags.get(_SHA256_TAG)
        if sha256 is None:
            raise ModelCorruptError(
                f"version {version} of {model_name} in {tracking_uri} was not saved by `tickertape train` (no tag "
                f"{_SHA256_TAG}); point the alias {model_alias} at another version"
            )
        path = artifacts.download_artifacts(
            artifact_uri=f"{found.source}/{WEIGHTS_FILE}", dst_path=folder, tracking_uri=tracking_uri
        )
        return RegisteredWeights(read_weights(Path(path), sha256=sha256), ModelVersion(model_name, str(version)))


def _logged(store: Store, run: TrainingRun) -> str:
    run_id = str(store.client.create_run(store.experiment_id, run_name="train").info.run_id)
    params = [Param(name, str(value)) for name, value in run.parameters.items()]
    metrics = [Metric(name, value, timestamp=0, step=0) for name, value in run.metrics.items()]
    store.client.log_batch(run_id, metrics=metrics, params=params)
    with tempfile.TemporaryDirectory() as folder:
        for artefacts, files in ((_MODEL_FOLDER, run.files), (_EVALUATION_FOLDER, run.evaluation)):
            for name, content in files.items():
                path = Path(folder, name)
                path.write_bytes(content)
                store.client.log_artifact(run_id, str(path), artefacts)
    store.client.set_terminated(run_id)
    return run_id


def _client(tracking_uri: str) -> MlflowClient:
    for setting, value in (
        (mlflow_settings.MLFLOW_DISABLE_TELEMETRY, True),
        (mlflow_settings.MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR, False),
        (mlflow_settings.MLFLOW_HTTP_REQUEST_TIMEOUT, _ANSWER_SECONDS),
        (mlflow_settings.MLFLOW_HTTP_REQUEST_MAX_RETRIES, _REPEATS),
    ):
        if not setting.is_set():  # type: ignore[no-untyped-call]  # MLflow's settings carry no types
            setting.set(value)  # type: ignore[no-untyped-call]  # as above
    set_telemetry_client()  # type: ignore[no-untyped-call]  # the one made at import had not read the setting
    for chatty in ("mlflow", "alembic", "urllib3"):  # migrations and repeats, told once more in the error
        logging.getLogger(chatty).setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def _aliases(client: MlflowClient, model_name: str) -> dict[str, str] | None:
    try:
        return dict(client.get_registered_model(model_name).aliases)
    except MlflowException as exc:
        if exc.error_code == _NO_SUCH_MODEL:
            return None
        raise


def _artefact_location(tracking_uri: str) -> str | None:
    """Keep the files beside a local database, not in the folder the command happens to run in."""
    if not tracking_uri.startswith(_SQLITE):
        return None
    folder = Path(tracking_uri.removeprefix(_SQLITE)).resolve().parent
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "mlartifacts").as_uri()


@contextmanager
def _reaching(tracking_uri: str) -> Iterator[None]:
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as exc:
        reason = textwrap.shorten(str(exc) or type(exc).__name__, _REASON_CHARACTERS, placeholder=" ...")
        raise ModelNotFoundError(
            f"the model registry {tracking_uri} can't be used: {reason}; check MLFLOW_TRACKING_URI (`make mlflow` "
            "starts a server, an empty value means the local store)"
        ) from exc
