"""The study: the trials of a search in a database of their own, where the next call finds them."""

import fcntl
import hashlib
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import optuna
from optuna.trial import TrialState
from sqlalchemy.exc import SQLAlchemyError

from models.data.dataset import Split
from models.errors import ModelError
from models.features import FEATURES_VERSION
from models.training.arguments import TrainingArguments
from models.tuning.folds import FOLD_COUNT

_STUDY_FILE = "tune.db"
_LOCK_FILE = "tune.lock"
_NAME_CHARACTERS = 12
_REASON_CHARACTERS = 180
_SEEDS = 2**32


def study_name(split: Split, arguments: TrainingArguments) -> str:
    """Name a study by the tweets and by all that decides how they are measured, so that only like is compared."""
    measured_by = split.data_sha256, arguments.seed, arguments.held_out_share, FOLD_COUNT, FEATURES_VERSION
    return f"tune-{hashlib.sha256(msgspec.json.encode(measured_by)).hexdigest()[:_NAME_CHARACTERS]}"


@contextmanager
def open_study(home: Path, name: str, *, seed: int) -> Iterator[optuna.Study]:
    """Open a study, or make it, for this process alone; a trial that a kill left unfinished is marked failed.

    Args:
        home: folder of the database.
        name: see `study_name`.
        seed: of the sampler, together with the number of trials so far: a study that goes on does not try the same again.

    Raises:
        ModelError: the database can't be used, or another process uses it.
    """
    path = home / _STUDY_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / _LOCK_FILE).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with _studies(path) as storage:
                yield _study(storage, name, seed=seed)
    except BlockingIOError as exc:
        raise ModelError(f"another `tickertape tune` uses {path}; wait for its end or stop it") from exc
    except (OSError, SQLAlchemyError, optuna.exceptions.StorageInternalError) as exc:
        reason = textwrap.shorten(str(exc.__cause__ or exc), _REASON_CHARACTERS, placeholder=" ...")
        raise _unusable(path, reason) from exc


@contextmanager
def _studies(path: Path) -> Iterator[optuna.storages.RDBStorage]:
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{path.absolute()}")
    except RuntimeError as exc:
        raise _unusable(path, "it has the tables of another program, or of another version of Optuna") from exc
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _study(storage: optuna.storages.RDBStorage, name: str, *, seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=10, n_warmup_steps=1),
    )
    for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        study.tell(trial.number, state=TrialState.FAIL)
    study.sampler = optuna.samplers.TPESampler(seed=(seed + len(study.get_trials(deepcopy=False))) % _SEEDS)
    return study


def _unusable(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"{path} can't be used for the trials: {reason}; move the file away to start anew, or set TICKERTAPE_HOME to a "
        "folder that can be written"
    )
