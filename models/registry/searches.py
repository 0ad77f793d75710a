"""A search for arguments in MLflow: one run for the search, and one below it for each trial."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from mlflow.entities import Metric, Param, RunStatus
from mlflow.exceptions import MlflowException

from models.registry.store import Store, experiment_id, reaching

_PARENT_TAG = "mlflow.parentRunId"
_STATE_TAG = "state"


@contextmanager
def search_run(store: Store, run_id: str | None, *, parameters: Mapping[str, str | int | float]) -> Iterator[str]:
    """Go on with the run of a search, or begin one where the store has none of this id; gives the run's id.

    Raises:
        ModelNotFoundError: the store can't be reached.
    """
    with reaching(store.tracking_uri):
        found = run_id if run_id is not None and _is_there(store, run_id) else _begun(store, parameters)
        store.client.update_run(found, status=RunStatus.to_string(RunStatus.RUNNING))
    try:
        yield found
    finally:
        with reaching(store.tracking_uri):
            store.client.set_terminated(found)


def add_trial(
    store: Store,
    search_run_id: str,
    *,
    name: str,
    state: str,
    parameters: Mapping[str, float],
    steps: Sequence[Mapping[str, float]],
) -> None:
    """Log a trial that ended below the run of its search.

    Args:
        store: where the search's run is.
        search_run_id: of the search.
        name: of the trial.
        state: how it ended.
        parameters: what was tried.
        steps: numbers by name after each step.

    Raises:
        ModelNotFoundError: the store can't be reached.
    """
    with reaching(store.tracking_uri):
        tags = {_PARENT_TAG: search_run_id, _STATE_TAG: state}
        run_id = store.client.create_run(experiment_id(store), run_name=name, tags=tags).info.run_id
        store.client.log_batch(
            run_id,
            params=[Param(key, str(value)) for key, value in parameters.items()],
            metrics=[
                Metric(key, value, timestamp=0, step=step)
                for step, numbers in enumerate(steps)
                for key, value in numbers.items()
            ],
        )
        store.client.set_terminated(run_id)


def _begun(store: Store, parameters: Mapping[str, str | int | float]) -> str:
    run_id = str(store.client.create_run(experiment_id(store), run_name="tune").info.run_id)
    store.client.log_batch(run_id, params=[Param(key, str(value)) for key, value in parameters.items()])
    return run_id


def _is_there(store: Store, run_id: str) -> bool:
    try:
        found = store.client.get_run(run_id)
    except MlflowException as exc:
        if exc.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise
    return str(found.info.lifecycle_stage) == "active"
