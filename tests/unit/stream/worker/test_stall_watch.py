"""When a worker is said to stand still, and what excuses it."""

import math
from typing import Any

import pytest

from stream.worker.progress import HeldPartition, Progress
from stream.worker.stall_watch import ASLEEP_SECONDS, GRACE_SECONDS, StallWatch, Standing

LIMIT_SECONDS = 25
GRACE = int(GRACE_SECONDS)


class Worker:
    """A worker of two partitions, whose time passes a second at a time, as the watch looks."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.progress = [Progress(fetched_at=0.0), Progress(fetched_at=0.0)]
        self.held: tuple[HeldPartition, ...] | None = None
        self.kafka_answers = True
        self.asked = 0
        self.answered = 0
        self.watch = StallWatch(
            lambda: self.held,
            answered=lambda: self.answered,
            limit_seconds=LIMIT_SECONDS,
            kafka_answers=self._asked,
            clock=lambda: self.now,
        )
        self.assign()

    def _asked(self) -> bool:
        self.asked += 1
        return self.kafka_answers

    def assign(self) -> None:
        self.held = tuple(HeldPartition(number, lambda n=number: self.progress[n], held_since=0.0) for number in (0, 1))

    def change(self, number: int = 0, **progress: Any) -> None:
        self.progress[number] = self.progress[number]._replace(**progress)

    def pass_seconds(self, seconds: int, *, is_heard: bool = True, is_sending: bool = False) -> Standing | None:
        """Give what the watch says first."""
        for _ in range(seconds):
            self.now += 1
            if is_heard:
                self.change(fetched_at=self.now)
            if is_sending:
                self.watch.excuse(["tweets.classified"])
            if (standing := self.watch.stalled()) is not None:
                return standing
        return None

    def status(self) -> Any:
        return self.watch.readiness().told["status"]


@pytest.fixture
def worker() -> Worker:
    worker = Worker()
    worker.pass_seconds(1)
    return worker


def test_worker_with_lag_that_commits_nothing_is_found_once_the_limit_is_over(worker: Worker) -> None:
    worker.change(waiting=400, in_hand=100)

    assert worker.pass_seconds(LIMIT_SECONDS - 1) is None
    assert worker.status() == "ready"
    assert worker.pass_seconds(1) == Standing(500, LIMIT_SECONDS, 0)
    assert worker.watch.readiness().told == {
        "status": "stalled",
        "lag_tweets": 500,
        "still_seconds": 25.0,
        "silent_seconds": 0.0,
    }
    assert worker.asked == 0  # fetches are answered, so Kafka is there


def test_commit_of_any_partition_begins_the_time_anew(worker: Worker) -> None:
    worker.change(0, waiting=400)
    worker.change(1, waiting=400)

    for _ in range(5):
        assert worker.pass_seconds(LIMIT_SECONDS - 1) is None
        worker.change(1, committed_at=worker.now)
    assert worker.pass_seconds(LIMIT_SECONDS) is None
    assert worker.pass_seconds(1) is not None


def test_chunk_that_is_answered_begins_the_time_anew_long_before_its_commit(worker: Worker) -> None:
    worker.change(waiting=400)

    for _ in range(5):
        assert worker.pass_seconds(LIMIT_SECONDS - 1) is None
        worker.answered += 1
    assert worker.pass_seconds(LIMIT_SECONDS) is None
    assert worker.pass_seconds(1) is not None


def test_idle_worker_that_kafka_answers_is_never_found(worker: Worker) -> None:
    assert worker.pass_seconds(1_000) is None
    assert worker.status() == "ready"


def test_time_without_lag_does_not_count(worker: Worker) -> None:
    worker.pass_seconds(1_000)
    worker.change(waiting=1)

    assert worker.pass_seconds(LIMIT_SECONDS - 1) is None


def test_worker_without_partitions_is_never_found() -> None:
    worker = Worker()
    worker.held = None
    assert worker.pass_seconds(100) is None
    assert (worker.status(), worker.watch.readiness().is_ready) == ("starting", False)

    worker.held = ()
    assert worker.pass_seconds(100, is_heard=False) is None
    assert (worker.status(), worker.watch.readiness().is_ready) == ("ready", True)


def test_rebalance_begins_the_time_anew(worker: Worker) -> None:
    worker.change(waiting=400)

    worker.pass_seconds(LIMIT_SECONDS - 1)
    worker.assign()

    assert worker.pass_seconds(LIMIT_SECONDS - 1) is None


def test_answers_that_kafka_has_not_taken_excuse_the_worker_and_make_it_not_ready(worker: Worker) -> None:
    worker.change(in_hand=400)

    assert worker.pass_seconds(300, is_sending=True) is None
    assert (worker.status(), worker.watch.readiness().is_ready) == ("waiting_for_kafka", False)
    assert worker.pass_seconds(LIMIT_SECONDS - 1) is None
    assert worker.pass_seconds(1) == Standing(400, 300 + LIMIT_SECONDS, 0)


@pytest.mark.parametrize(("is_sending", "topics"), [(True, ["tweets.classified"]), (False, [])])
def test_what_the_worker_waits_for_is_logged_once(
    worker: Worker,
    caplog: pytest.LogCaptureFixture,
    is_sending: bool,  # noqa: FBT001  # pytest passes by name
    topics: list[str],
) -> None:
    worker.change(in_hand=400)
    worker.kafka_answers = False

    worker.pass_seconds(100, is_heard=False, is_sending=is_sending)

    assert [(line.message, line.topics) for line in caplog.records] == [("worker_waits_for_kafka", topics)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("lag", [0, 400])
def test_kafka_that_is_away_excuses_the_worker_and_a_limit_more_after_its_return(worker: Worker, lag: int) -> None:
    worker.change(waiting=lag)
    worker.kafka_answers = False

    assert worker.pass_seconds(300, is_heard=False) is None
    assert (worker.status(), worker.watch.readiness().is_ready) == ("waiting_for_kafka", False)

    worker.kafka_answers = True
    worker.change(committed_at=worker.now)
    assert worker.pass_seconds(100 if lag == 0 else LIMIT_SECONDS - 1) is None


def test_worker_that_does_not_see_that_kafka_is_back_is_found(worker: Worker) -> None:
    worker.kafka_answers = False
    worker.pass_seconds(100, is_heard=False)
    worker.kafka_answers = True

    found = worker.pass_seconds(LIMIT_SECONDS + GRACE, is_heard=False)

    assert found is not None
    assert found.silent_seconds >= 100


def test_worker_that_fetches_no_more_is_found_without_knowing_of_lag(worker: Worker) -> None:
    limit = LIMIT_SECONDS + GRACE

    assert worker.pass_seconds(limit - 1, is_heard=False) is None
    assert worker.pass_seconds(1, is_heard=False) == Standing(0, limit, limit)
    assert worker.asked == GRACE + 1


def test_worker_whose_fetch_is_answered_a_moment_after_the_watch_is_not_found(worker: Worker) -> None:
    assert worker.pass_seconds(LIMIT_SECONDS + GRACE - 1, is_heard=False) is None

    assert worker.pass_seconds(100) is None
    assert worker.asked == GRACE


def test_slow_worker_that_needs_no_fetch_for_long_is_not_found_then_or_when_its_lag_ends(worker: Worker) -> None:
    worker.change(in_hand=400)

    for _ in range(20):
        assert worker.pass_seconds(8, is_heard=False) is None
        worker.change(committed_at=worker.now)
    worker.change(in_hand=0)

    assert worker.pass_seconds(LIMIT_SECONDS - 1, is_heard=False) is None


def test_process_that_was_frozen_is_not_found_when_it_wakes(worker: Worker) -> None:
    worker.change(waiting=400)
    worker.pass_seconds(5)
    worker.now += 600

    assert worker.watch.stalled() is None
    assert worker.pass_seconds(LIMIT_SECONDS - 1, is_heard=False) is None
    assert ASLEEP_SECONDS < LIMIT_SECONDS


def test_clock_of_the_machine_that_is_set_back_or_forth_makes_no_silence(worker: Worker) -> None:
    worker.change(fetched_at=-math.inf)
    assert worker.pass_seconds(LIMIT_SECONDS - 1, is_heard=False) is None

    worker.change(fetched_at=1e12)
    assert worker.pass_seconds(LIMIT_SECONDS - 1, is_heard=False) is None

    worker.change(fetched_at=5.0)
    assert worker.pass_seconds(LIMIT_SECONDS - 1, is_heard=False) is None
