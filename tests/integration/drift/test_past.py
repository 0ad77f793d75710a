"""Parts of the topic, read again: shown, compared, and made a reference of."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitoring.drift.references.reference_file import load_reference

pytestmark = pytest.mark.integration

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(cluster: Any, reference_file: Path, tmp_path: Path) -> Run:
    """Run `tickertape VERB ...` on this test's topics to its end."""
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": cluster.servers,
        "TOPICS_PREFIX": cluster.prefix,
        "TICKERTAPE_HOME": str(tmp_path),
        "DRIFT_REFERENCE": str(reference_file),
        "DRIFT_REPORTS_DIR": str(tmp_path / "reports"),
    }
    return lambda *words: subprocess.run(
        [sys.executable, "-m", "tickertape", *words], env=environment, capture_output=True, text=True, check=False
    )


def spots(ends: dict[int, int]) -> str:
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(ends.items()))


@pytest.mark.slow
def test_replay_of_an_event_shows_the_tweets_of_its_window_alone(watching: Any, make_feed: Any, run: Run) -> None:
    feed = make_feed()
    tweets = feed.tweets(1200)
    watching.publish(tweets)
    watching.start("--from-beginning")
    events = watching.wait_for_events(2)

    shown = run(*events[1].replay.split()[1:])

    times = [json.loads(line)["classified_at"] for line in shown.stdout.splitlines()]
    assert (shown.returncode, len(times)) == (0, 500)
    assert (min(times), max(times)) == (events[1].window.first_at, events[1].window.last_at)
    assert [tweets[500].classified_at, tweets[999].classified_at] == [min(times), max(times)]


@pytest.mark.slow
def test_part_by_times_is_compared_as_the_same_part_by_offsets(watching: Any, make_feed: Any, run: Run) -> None:
    feed = make_feed()
    feed.at -= 600
    before, wanted, after = feed.tweets(300), feed.tweets(400), feed.tweets(300)
    watching.publish(before)
    start = spots(watching.cluster.ends(watching.topics.classified.name))
    watching.publish(wanted)
    end = spots(watching.cluster.ends(watching.topics.classified.name))
    watching.publish(after)

    by_offsets = run("drift", "report", "--from", start, "--to", end, "--json")
    by_times = run("drift", "report", "--from", wanted[0].classified_at, "--to", after[0].classified_at, "--json")

    told = json.loads(by_offsets.stdout)
    assert told["current"]["tweets"] == 400
    assert json.loads(by_times.stdout) == told
    assert Path(told["report"]).is_file()
    assert watching.events() == []


def test_reference_of_a_part_is_used_for_its_version(watching: Any, make_feed: Any, run: Run, tmp_path: Path) -> None:
    feed = make_feed()
    watching.publish(feed.tweets(1100))
    feed.version = "2"
    watching.publish(feed.tweets(300))

    made = run("drift", "reference", "--from", "2026-01-01", "--output", str(tmp_path / "new.npz"))

    reference = load_reference(tmp_path / "new.npz")
    assert made.returncode == 0, made.stderr
    assert (reference.model_name, reference.model_version, reference.tweets) == ("tickertape", "1", 1100)
    assert "300 of other versions left out" in made.stdout


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("tail", "--to", "0:1"), 2, "--to needs --from"),
        (("tail", "--from", "0:0", "--from-beginning"), 2, "say two things"),
        (("tail", "--from", "0:0", "--to", "1:1"), 1, "--to must name the same partitions"),
        (("tail", "--from", "7:0"), 1, "has no partition 7"),
        (("tail", "--from", "0:7"), 1, "holds the offsets 0 to 0"),
        (("drift", "report"), 2, "give either --from"),
        (("drift", "report", "--from", "0:0", "--current", "x"), 2, "give either --from"),
        (("drift", "report", "--from", "2026-01-01"), 1, "no tweet to compare"),
        (("drift", "reference", "--output", "x.npz"), 2, "give either --from"),
        (("drift", "reference", "--file", "nowhere.jsonl", "--output", "x.npz"), 1, "nowhere.jsonl is not there"),
        (("drift", "reference", "--file", "x", "--labelled", "x", "--output", "x.npz"), 2, "give either --from"),
        (("drift", "reference", "--labelled", "nowhere", "--output", "x.npz"), 1, "nowhere"),
    ],
)
def test_wrong_part_ends_with_one_clear_line(run: Run, words: tuple[str, ...], code: int, message: str) -> None:
    ended = run(*words)

    assert (ended.returncode, ended.stdout) == (code, "")
    assert message in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
