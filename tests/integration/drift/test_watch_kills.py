"""The drift process is killed at random moments: its ledger has no hole, and nothing twice."""

import itertools
import random
import signal
import time
from collections import Counter
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(900)]

TWEETS_PER_SECOND = 600
LONGEST_LIFE_SECONDS = 4.0


def test_watch_killed_again_and_again_tells_each_window_once(watching: Any, make_feed: Any, kills: int) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 -- pytest shows it when the test fails
    chance = random.Random(seed)
    settings = {"DRIFT_WINDOW_TWEETS": 200, "DRIFT_MAX_LAG_TWEETS": 10_000_000, "DRIFT_TWEETS_PER_SECOND": 4000}
    before = 0

    with watching.publishing(make_feed(), per_second=TWEETS_PER_SECOND):
        process = watching.start("--from-beginning", **settings)
        process.wait_for("drift_window")  # the first has a report, which takes longer than the lives that follow
        process.stop(signal.SIGKILL)
        for _ in range(kills):
            process = watching.start(**settings)
            process.wait_for("feed_followed")
            time.sleep(chance.uniform(0, LONGEST_LIFE_SECONDS))
            assert process.stop(signal.SIGKILL) == -signal.SIGKILL
            before += bool(process.lines("drift_window"))
    watching.start(**settings)
    ends = watching.cluster.ends(watching.topics.classified.name)
    events = watching.wait_until_told(sum(ends.values()) - 200)

    records = watching.cluster.read(watching.topics.drift.name)
    assert before > kills // 4  # or the kills did not hit the middle
    assert set(Counter(record.headers["ce_id"] for record in records).values()) == {1}
    assert [event.window.number for event in events] == list(range(1, len(events) + 1))
    assert all(later.window.start == earlier.window.end for earlier, later in itertools.pairwise(events))
    assert set(events[0].window.start.values()) == {0}
    assert sum(event.window.tweets for event in events) == sum(events[-1].window.end.values())
