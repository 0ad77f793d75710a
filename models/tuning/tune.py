"""tune(split, present, ...) -> Findings: a search that is kept in a study and logged to MLflow."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from models import registry
from models.data.dataset import Split
from models.errors import ModelError
from models.training.arguments import TrainingArguments
from models.training.trainer import Progress
from models.tuning.folds import FOLD_COUNT, deal
from models.tuning.search import Findings, Tried, findings, search
from models.tuning.study import open_study, study_name

_RUN_ID = "mlflow_run_id"  # what a study keeps


def tune(
    split: Split,
    present: TrainingArguments,
    *,
    home: Path,
    store: registry.Store,
    trial_count: int | None,
    seconds: float | None,
    progress: Progress,
) -> Findings:
    """Add trials to the study of these tweets, and compare its best with the present arguments.

    An interrupt ends the search, not the comparison.

    Args:
        split: only its training tweets are used.
        present: the arguments to improve.
        home: folder of the studies.
        store: gets a run for the study, and one below it for each trial.
        trial_count: see `models.tuning.search.search`.
        seconds: see there.
        progress: told of each fold.

    Raises:
        ModelError: the study can't be used, or the present arguments were not measured before an interrupt.
        ModelNotFoundError: the registry can't be reached.
    """
    folds = deal(split.labels.train, split.sentiments.train, seed=present.seed)
    parameters: dict[str, str | int | float] = {
        "data_sha256": split.data_sha256,
        "seed": present.seed,
        "held_out_share": present.held_out_share,
        "folds": FOLD_COUNT,
    }
    with (
        open_study(home, study_name(split, present), seed=present.seed) as study,
        registry.search_run(store, study.user_attrs.get(_RUN_ID), parameters=parameters) as run_id,
    ):
        study.set_user_attr(_RUN_ID, run_id)
        with suppress(KeyboardInterrupt):
            search(
                study,
                folds,
                present,
                trial_count=trial_count,
                seconds=seconds,
                record=_recorder(store, run_id),
                progress=progress,
            )
        progress("comparing the best with the present arguments on other folds", 0, 0)
        found = findings(study, folds, present)
    if found is None:
        raise ModelError("interrupted before the present arguments were measured: give it more time")
    return found


def _recorder(store: registry.Store, run_id: str) -> Callable[[Tried], None]:
    return lambda tried: registry.add_trial(
        store,
        run_id,
        name=f"trial {tried.number}",
        state=tried.state,
        parameters=tried.arguments,
        steps=tried.folds,
    )
