"""Reach an MLflow store: a sqlite file, a server or a database, with errors that say what to do."""

import logging
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow import environment_variables as mlflow_settings
from mlflow.exceptions import MlflowException
from mlflow.telemetry import set_telemetry_client
from sqlalchemy.exc import SQLAlchemyError

from models.errors import ModelNotFoundError

_SQLITE = "sqlite:///"
_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]*@")
_ANSWER_SECONDS = 10  # MLflow's own 120 s and 7 repeats keep a start waiting for minutes
_REPEATS = 2
_REASON_CHARACTERS = 180  # MLflow tells whole stories


@dataclass(frozen=True)
class Store:
    """One registered model in an MLflow store."""

    client: MlflowClient
    tracking_uri: str
    model_name: str

    def __str__(self) -> str:
        """Name the model and its store, for messages."""
        return f"{self.model_name} in {shown(self.tracking_uri)}"


def open_store(*, tracking_uri: str, model_name: str) -> Store:
    """Reach the store and find or make the experiment; a missing `sqlite:///` file is made.

    Raises:
        ModelNotFoundError: the store can't be reached.
    """
    with reaching(tracking_uri):
        store = Store(connect(tracking_uri), tracking_uri, model_name)
        experiment_id(store)
        return store


def existing_store(*, tracking_uri: str, model_name: str) -> Store:
    """Give a store that must be there already; nothing is made in it. A server is asked at the first use.

    Raises:
        ModelNotFoundError: the `sqlite:///` file is not there, or the URI is none that MLflow knows.
    """
    if tracking_uri.startswith(_SQLITE) and not Path(tracking_uri.removeprefix(_SQLITE)).exists():
        raise ModelNotFoundError(
            f"there is no model registry {shown(tracking_uri)} yet; `tickertape train` makes one, MLFLOW_TRACKING_URI and "
            "TICKERTAPE_HOME say where it is"
        )
    with reaching(tracking_uri):
        return Store(connect(tracking_uri), tracking_uri, model_name)


def experiment_id(store: Store) -> str:
    """Find or make the experiment of a model's trainings, which has its name."""
    artefacts = _artefact_location(store.tracking_uri)
    experiment = store.client.get_experiment_by_name(store.model_name)
    if experiment is None:
        return str(store.client.create_experiment(store.model_name, artifact_location=artefacts))
    return str(experiment.experiment_id)


def connect(tracking_uri: str) -> MlflowClient:
    """Make MLflow's client: quiet, without telemetry, and quick to say that a server does not answer."""
    for setting, value in (
        (mlflow_settings.MLFLOW_DISABLE_TELEMETRY, True),
        (mlflow_settings.MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR, False),
        (mlflow_settings.MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT, True),
        (mlflow_settings.MLFLOW_HTTP_REQUEST_TIMEOUT, _ANSWER_SECONDS),
        (mlflow_settings.MLFLOW_HTTP_REQUEST_MAX_RETRIES, _REPEATS),
    ):
        if not setting.is_set():  # type: ignore[no-untyped-call]  # MLflow's settings carry no types
            setting.set(value)  # type: ignore[no-untyped-call]  # as above
    set_telemetry_client()  # type: ignore[no-untyped-call]  # the one made at import had not read the setting
    for chatty in ("mlflow", "alembic", "urllib3"):  # migrations and repeats, told once more in the error
        logging.getLogger(chatty).setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


@contextmanager
def reaching(tracking_uri: str) -> Iterator[None]:
    """Turn what MLflow, its database or its files complain of into one error that says what to do."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as exc:
        reason = textwrap.shorten(str(exc) or type(exc).__name__, _REASON_CHARACTERS, placeholder=" ...")
        raise ModelNotFoundError(
            f"the model registry {shown(tracking_uri)} can't be used: {shown(reason)}; check MLFLOW_TRACKING_URI (`make mlflow` "
            "starts a server, an empty value means the local store)"
        ) from exc


def shown(text: str) -> str:
    """Hide the password of each URL in a text, so that an error can be shown to anybody.

    >>> shown("no answer from postgresql://flow:secret@db/mlflow")
    'no answer from postgresql://flow:***@db/mlflow'
    """
    return _PASSWORD.sub(r"\1***@", text)


def _artefact_location(tracking_uri: str) -> str | None:
    """Keep the files beside a local database, not in the folder the command happens to run in."""
    if not tracking_uri.startswith(_SQLITE):
        return None
    folder = Path(tracking_uri.removeprefix(_SQLITE)).resolve().parent
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "mlartifacts").as_uri()
