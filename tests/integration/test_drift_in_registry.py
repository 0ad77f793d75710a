# ruff: noqa: PLC0415 -- MLflow is imported by the tests that use it: it costs seconds and warns while it loads
"""Reports of drift in a real MLflow store."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from models.errors import ModelNotFoundError
from models.predictor import PRETRAINED
from models.weights import WEIGHTS_FILE

if TYPE_CHECKING:
    from models.registry import Store

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),  # SQLAlchemy complains of what MLflow calls
]


@pytest.fixture
def store(tmp_path: Path, make_registry: Callable[[Path], str]) -> "Store":
    """A store with one version."""
    from models import registry

    store = registry.open_store(tracking_uri=make_registry(tmp_path), model_name="model")
    content = (PRETRAINED / WEIGHTS_FILE).read_bytes()
    registry.save_version(store, registry.TrainingRun({}, {}, {WEIGHTS_FILE: content}), model_alias="champion")
    return store


def test_drift_of_windows_stands_with_the_run_of_the_version_that_answered(store: "Store") -> None:
    from models import registry

    for step, score in ((4, 1.5), (5, 2.5)):
        registry.add_drift(
            store,
            "1",
            step=step,
            time_ms=1000 * step,
            metrics={"has_link": score},
            files={f"0a1b2c3d-0000000{step}/report.html": b"<html>"},
        )

    run_id = store.client.get_model_version("model", "1").run_id
    history = store.client.get_metric_history(run_id, "drift_has_link")
    assert [(metric.step, metric.timestamp, metric.value) for metric in history] == [(4, 4000, 1.5), (5, 5000, 2.5)]
    folders = [file.path for file in store.client.list_artifacts(run_id, "drift")]
    assert folders == ["drift/0a1b2c3d-00000004", "drift/0a1b2c3d-00000005"]
    page = store.client.download_artifacts(
        run_id, "drift/0a1b2c3d-00000004/report.html", str(Path(store.tracking_uri.removeprefix("sqlite:///")).parent)
    )
    assert Path(page).read_bytes() == b"<html>"


def test_version_that_is_not_registered_is_an_error_that_can_be_told(store: "Store") -> None:
    from models import registry

    with pytest.raises(ModelNotFoundError, match="can't be used"):
        registry.add_drift(store, "9", step=1, time_ms=0, metrics={}, files={})
