"""Workers that are killed, frozen and moved lose nothing."""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.faults.figures import Figures
from tests.faults.trial import SESSION_SECONDS, Trial

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

Record = Callable[[Figures], None]
LONGEST_LIFE_SECONDS = 1.5  # of a worker, after its first outputs
ROUNDS = 3


@pytest.mark.parametrize("kills", [5, pytest.param(20, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_worker_killed_at_random_moments_loses_nothing(trial: Trial, record: Record, kills: int) -> None:
    chance = random.Random(kills)
    worker = trial.worker()

    with trial.feed():
        for _ in range(kills):
            trial.wait_until_moving()
            time.sleep(chance.uniform(0, LONGEST_LIFE_SECONDS))
            with trial.fault():
                worker.kill()
        trial.wait_until_moving()

    figures = trial.judge("worker killed")
    record(figures)
    assert figures.faults == kills


@pytest.mark.slow
def test_frozen_worker_that_wakes_up_after_another_took_over_does_no_damage(trial: Trial, record: Record) -> None:
    frozen = trial.worker()

    with trial.feed():
        trial.wait_until_moving()
        other = trial.worker()
        other.wait_for("partitions_assigned")
        with ExitStack() as freezing:
            with trial.fault():
                freezing.enter_context(frozen.frozen())
            time.sleep(SESSION_SECONDS + 1)
            trial.wait_until_moving()
            with trial.fault():
                freezing.close()
        trial.wait_until_steady()

    record(trial.judge("worker frozen past its session, woken"))


@pytest.mark.slow
def test_workers_that_come_and_go_in_turn_lose_nothing(trial: Trial, record: Record) -> None:
    workers = [trial.worker()]

    with trial.feed():
        trial.wait_until_moving()
        for _ in range(ROUNDS):
            with trial.fault():
                workers.append(trial.worker())
                workers[-1].wait_for("partitions_assigned")
            trial.wait_until_moving()
            with trial.fault():
                assert workers.pop(0).stop() == 0
            trial.wait_until_moving()

    figures = trial.judge("workers joining and leaving")
    record(figures)
    assert figures.repeated == 0
