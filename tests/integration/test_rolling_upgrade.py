"""Two workers are replaced one after the other while tweets come: none is lost, and answers go on."""

import sys
import time
from collections.abc import Callable, Iterable
from itertools import chain, pairwise

import pytest

from tests.faults.conftest import make_trial, trial  # noqa: F401  # fixtures
from tests.faults.processes import SupervisedProcess
from tests.faults.trial import Trial

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]

PER_SECOND = 1_000.0
QUIET_SECONDS = 5.0  # beside each replacement, for what is usual


def replace_by_one_beside_it(trial: Trial, old: SupervisedProcess) -> None:  # noqa: F811
    """Start the new worker, and stop the old one when it has its partitions, as a rolling update with a surge does."""
    trial.worker().wait_for("partitions_assigned")
    trial.wait_until_moving()
    assert old.stop() == 0


def replace_in_its_place(trial: Trial, old: SupervisedProcess) -> None:  # noqa: F811
    """Stop the old worker, and start the new one then, as systemd does."""
    assert old.stop() == 0
    trial.worker().wait_for("partitions_assigned")


@pytest.mark.parametrize("replace", [replace_by_one_beside_it, replace_in_its_place])
def test_two_workers_are_replaced_one_after_the_other_and_answers_go_on(
    trial: Trial,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    replace: Callable[[Trial, SupervisedProcess], None],
) -> None:
    workers = [trial.worker(), trial.worker()]
    for worker in workers:
        worker.wait_for("partitions_assigned")

    with trial.feed(per_second=PER_SECOND):
        trial.wait_until_moving()
        for worker in workers:
            time.sleep(QUIET_SECONDS)
            with trial.fault():
                replace(trial, worker)
            trial.wait_until_moving()
        time.sleep(QUIET_SECONDS)

    figures = trial.judge(replace.__name__)
    of_partitions = trial.appended().values()
    of_one, of_all = max(map(longest_gap_ms, of_partitions)), longest_gap_ms(chain.from_iterable(of_partitions))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{replace.__name__}: {figures.sent:,} tweets, {figures.lost} lost, {figures.repeated} repeated; longest time "
            f"between two answers {of_all:,.0f} ms, between two of the same partition {of_one:,.0f} ms\n"
        )
    assert (figures.lost, figures.worker_failures) == (0, 0)


def longest_gap_ms(times: Iterable[float]) -> float:
    return 1000 * max(after - before for before, after in pairwise(sorted(times)))
