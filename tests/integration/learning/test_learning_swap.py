# ruff: noqa: PLC0415 -- MLflow is imported where it is used: it costs seconds and warns while it loads
"""When another batch model is promoted while feedback flows, what was learned is learned for it too."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.settings import RegistrySettings
from models.predictor import pretrained_predictor
from models.scorer import Scorer
from models.taxonomy import LABELS
from models.weights import WEIGHTS_FILE, encode_weights

pytestmark = [
    pytest.mark.integration,
    pytest.mark.training,  # needs MLflow
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),  # SQLAlchemy complains of what MLflow calls
]


def slightly_other() -> Scorer:
    """Another batch model that passes the gate: its answers are those of the shipped one."""
    weights = pretrained_predictor(1).scorer.weights
    return Scorer(replace(weights, biases=weights.biases + np.float32(0.001)))


@pytest.mark.slow
def test_what_was_learned_is_learned_for_the_next_batch_model_and_is_there_after_a_rollback(
    learning: Any, start_worker: Callable[..., Any], make_feedback: Callable[..., bytes], tmp_path: Path
) -> None:
    from models.registry import TrainingRun, open_store, point_alias, save_version

    settings = RegistrySettings()
    store = open_store(tracking_uri=settings.uri(tmp_path), model_name=settings.model_name)
    shipped, other = pretrained_predictor(1).scorer, slightly_other()
    first, second = (
        save_version(store, TrainingRun({}, {}, {WEIGHTS_FILE: encode_weights(one.weights)}), model_alias=alias).version
        for one, alias in ((shipped, settings.model_alias), (other, "challenger"))
    )
    values = [
        make_feedback(number, label=LABELS[number % 20], text=f"zorblax{number % 50} beats {number}")
        for number in range(1_500)
    ]
    worker = start_worker(ONLINE_SNAPSHOT_SECONDS=0.2, MLFLOW_POLL_SECONDS=0.2)

    with learning.saying(values, per_second=150):
        learning.wait_until(lambda: learning.accounted() > 300)
        point_alias(store, settings.model_alias, version=second)
        worker.wait_for(f"version={second} previous_version={first}")
        learning.wait_until(lambda: learning.accounted() > 900)
        point_alias(store, settings.model_alias, version=first)
        worker.wait_for(f"version={first} previous_version={second}")
    learning.wait_until_committed(1_500)
    point_alias(store, settings.model_alias, version=second)
    learning.wait_until(lambda: [offset for offset, _ in learning.snapshots().values()] == [1_499, 1_499])
    assert worker.stop() == 0

    labelled = learning.labelled()
    assert [tweet.feedback_offset for tweet in labelled] == list(range(1_500))
    learning.assert_learned(labelled, offset=1_499, scorer=shipped)
    learning.assert_learned(labelled, offset=1_499, scorer=other)
