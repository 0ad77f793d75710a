"""A worker goes on whatever becomes of the processes beside it, and what they missed waits for them."""

from collections.abc import Callable

import httpx
import pytest

from models.taxonomy import LABELS
from tests.faults.figures import Figures
from tests.faults.trial import Trial

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]

FEEDBACK = [
    {"tweet_id": str(number), "label": label, "text": f"tweet {number} of the desk", "source": "desk"}
    for number, label in enumerate(LABELS)
]


def test_worker_goes_on_while_api_and_drift_process_are_frozen_or_dead_and_labels_wait_for_a_learner(
    trial: Trial, record: Callable[[Figures], None], free_port: int
) -> None:
    worker = trial.worker(ONLINE_ENABLED="false")  # nobody learns
    drift = trial.start("drift")
    api = trial.start("serve", "--port", str(free_port))

    with trial.feed():
        trial.wait_until_moving()
        drift.wait_for("feed_followed")
        api.wait_for("ready: http")
        answer = httpx.post(f"http://127.0.0.1:{free_port}/feedback", json={"feedback": FEEDBACK})
        with trial.fault(), api.frozen(), drift.frozen():
            trial.wait_until_moving()
        with trial.fault():
            api.end()
            drift.end()
        trial.wait_until_moving()
        with trial.fault():
            assert worker.stop() == 0
            trial.worker().wait_for("partitions_assigned")
        trial.wait_until_learned(len(FEEDBACK))

    assert answer.status_code == httpx.codes.ACCEPTED
    record(trial.judge("API and drift process frozen, killed; worker replaced"))
