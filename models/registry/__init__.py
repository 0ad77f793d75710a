"""Trained models in MLflow: save and load versions, point aliases at them; the only home of mlflow."""

from models.contracts import CHALLENGER
from models.registry.aliases import (
    alias_version,
    find_version,
    point_alias,
    previous_version,
    roll_alias_back,
    versions_of,
)
from models.registry.drift import add_drift
from models.registry.searches import add_trial, search_run
from models.registry.store import Store, existing_store, open_store
from models.registry.versions import (
    MODEL_FOLDER,
    REPORT_FILE,
    TEACHER_FILE,
    RegisteredWeights,
    SavedVersion,
    TrainingRun,
    add_file,
    load_file,
    load_measured_weights,
    load_teacher,
    load_weights,
    save_version,
)

__all__ = [
    "CHALLENGER",
    "MODEL_FOLDER",
    "REPORT_FILE",
    "TEACHER_FILE",
    "RegisteredWeights",
    "SavedVersion",
    "Store",
    "TrainingRun",
    "add_drift",
    "add_file",
    "add_trial",
    "alias_version",
    "existing_store",
    "find_version",
    "load_file",
    "load_measured_weights",
    "load_teacher",
    "load_weights",
    "open_store",
    "point_alias",
    "previous_version",
    "roll_alias_back",
    "save_version",
    "search_run",
    "versions_of",
]
