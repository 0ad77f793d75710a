"""What the drift process found out about a version, logged to its run."""

from collections.abc import Mapping

from mlflow.entities import Metric

from models.registry.store import Store, reaching
from models.registry.versions import log_file

DRIFT_FOLDER = "drift"


def add_drift(
    store: Store,
    version: str,
    *,
    step: int,
    time_ms: int,
    metrics: Mapping[str, float],
    files: Mapping[str, bytes],
) -> None:
    """Log a report of drift to the run of the version that answered.

    Args:
        store: where the version is registered.
        version: its number.
        step: number of the window.
        time_ms: when it was compared, in milliseconds since 1970.
        metrics: numbers by name; `drift_` is put before each name.
        files: content by path below the folder `drift` of the run's files.

    Raises:
        ModelNotFoundError: the store can't be reached, or has no such version.
    """
    with reaching(store.tracking_uri):
        run_id = str(store.client.get_model_version(store.model_name, version).run_id)
        logged = [Metric(f"drift_{name}", value, timestamp=time_ms, step=step) for name, value in metrics.items()]
        store.client.log_batch(run_id, metrics=logged)
        for path, content in files.items():
            log_file(store, run_id, f"{DRIFT_FOLDER}/{path}", content)
