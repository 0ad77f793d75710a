"""The drift process against a real Kafka: each window is told once, and what is no window is left out and counted."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient

pytestmark = pytest.mark.integration


def numbers(events: list[Any]) -> list[tuple[int, str, int]]:
    return [(event.window.number, event.outcome, event.window.tweets) for event in events]


def test_every_full_window_is_told_once_and_a_rest_is_not(watching: Any, make_feed: Any) -> None:
    watching.publish(make_feed().tweets(1750))

    process = watching.start("--from-beginning")
    events = watching.wait_for_events(3)
    code = process.stop()

    records = watching.cluster.read(watching.topics.drift.name)
    assert code == 0
    assert [(event.window.number, event.window.tweets) for event in events] == [(1, 500), (2, 500), (3, 500)]
    assert [record.headers["ce_id"].decode() for record in records] == [
        f"{event.reference}-{number:08}" for number, event in enumerate(events, start=1)
    ]
    assert watching.is_contiguous(events)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_tells_no_half_window(watching: Any, make_feed: Any, stop: signal.Signals) -> None:
    watching.publish(make_feed().tweets(400))
    process = watching.start("--from-beginning")
    process.wait_for("reference_taken")

    code = process.stop(stop)

    assert (code, watching.events()) == (0, [])
    assert "Traceback" not in process.log


def test_first_start_begins_with_what_comes_then_and_a_restart_where_it_began(watching: Any, make_feed: Any) -> None:
    feed = make_feed()
    watching.publish(feed.tweets(300))
    first = watching.start()
    first.wait_for("feed_followed")
    watching.publish(feed.tweets(300))
    first.wait_for("reference_taken")
    first.stop(signal.SIGKILL)

    watching.publish(feed.tweets(200))
    watching.start()

    (event,) = watching.wait_for_events(1)
    assert sum(event.window.start.values()) == 300
    assert sum(event.window.end.values()) == 800


@pytest.mark.slow
def test_a_restart_goes_on_with_the_next_window_and_the_long_one(watching: Any, make_feed: Any) -> None:
    feed = make_feed()
    watching.publish(feed.tweets(1000))
    first = watching.start("--from-beginning")
    before = watching.wait_for_events(2)
    first.stop(signal.SIGKILL)

    watching.publish(feed.tweets(500))
    watching.start()

    events = watching.wait_for_events(3)
    assert events[:2] == before
    assert (events[2].window.number, events[2].window.long_tweets) == (3, 1500)
    assert watching.is_contiguous(events)


@pytest.mark.slow
def test_a_gap_ends_a_window_that_has_enough_tweets(watching: Any, make_feed: Any) -> None:
    feed = make_feed()
    feed.at -= 3 * 3600
    tweets = feed.tweets(300)
    feed.at += 2 * 3600
    watching.publish([*tweets, *feed.tweets(500)])

    watching.start("--from-beginning")

    events = watching.wait_for_events(2)
    assert numbers(events)[0][2] == 300
    assert events[0].window.last_at < events[1].window.first_at
    assert watching.is_contiguous(events)


@pytest.mark.slow
def test_a_new_version_ends_the_window_and_without_a_reference_is_passed_over(watching: Any, make_feed: Any) -> None:
    feed = make_feed()
    feed.at -= 120
    tweets = feed.tweets(680)
    feed.version = "2"
    strangers = feed.tweets(300)
    feed.version, feed.at = "1", feed.at + 60
    watching.publish([*tweets, *strangers, *feed.tweets(500)])

    process = watching.start("--from-beginning")

    events = watching.wait_for_events(3)
    assert numbers(events) == [(1, events[0].outcome, 500), (2, "too_few", 180), (3, events[2].outcome, 500)]
    assert events[2].window.skipped == 300
    assert len(process.lines("reference_missing")) == 1


@pytest.mark.slow
def test_records_that_are_no_classified_tweets_are_left_out(watching: Any, make_feed: Any) -> None:
    tweets = make_feed().tweets(500)
    naive = json.dumps({"classified_at": "2026-01-01T00:00:00"}).encode()
    odd = [None, b"not json", b"\xff", b"[" * 100_000, naive]
    watching.publish([*tweets[:250], *odd, *tweets[250:]])

    process = watching.start("--from-beginning")

    (event,) = watching.wait_for_events(1)
    assert event.window.tweets == 500
    assert sum(event.window.end.values()) == 505
    process.wait_for("records_left_out")


@pytest.mark.slow
def test_tweets_that_workers_refused_meanwhile_are_counted(watching: Any, make_feed: Any) -> None:
    tweets = make_feed().tweets(1000)
    first, last = tweets[500].classified_at, tweets[999].classified_at
    refused = {"reason": "not_utf8", "topic": watching.topics.raw.name}
    watching.refuse([{**refused, "time": time} for time in [first, last] * 10])
    watching.refuse([{"reason": "no_label", "topic": watching.topics.feedback.name, "time": last}] * 50)
    watching.refuse([{**refused, "time": "9999-01-01T00:00:00Z"}, {}])
    watching.publish(tweets)

    watching.start("--from-beginning")

    events = watching.wait_for_events(2)
    assert [event.window.dead_letters for event in events] == [0, 20]


@pytest.mark.slow
def test_tweets_are_skipped_and_counted_where_too_many_wait(watching: Any, make_feed: Any) -> None:
    feed = make_feed()
    watching.publish(feed.tweets(500))
    first = watching.start("--from-beginning")
    watching.wait_for_events(1)
    first.stop()
    watching.publish(feed.tweets(3000))

    process = watching.start(DRIFT_MAX_LAG_TWEETS=1000)
    process.wait_for("tweets_skipped")
    watching.publish(feed.tweets(100))

    events = watching.wait_for_events(3)
    assert [event.window.number for event in events] == [1, 2, 3]
    assert [event.window.skipped for event in events[:2]] == [0, 0]
    assert 2000 <= events[2].window.skipped <= 2010  # what is kept is dealt out to the partitions, and rounded
    assert sum(events[2].window.end.values()) == 1500 + events[2].window.skipped
    assert len(process.lines("tweets_skipped")) == 1


@pytest.mark.slow
def test_a_second_process_is_refused_once_the_first_told_a_window(watching: Any, make_feed: Any) -> None:
    feed = make_feed()
    one, other = watching.start("--from-beginning"), watching.start("--from-beginning")
    for process in (one, other):
        process.wait_for("feed_followed")

    watching.publish(feed.tweets(500))

    ended = watching.wait_for_one_to_end([one, other])
    assert ended.process.returncode == 1
    assert "another drift process tells on" in ended.log.splitlines()[-1]
    assert numbers(watching.events()) == [(1, watching.events()[0].outcome, 500)]


@pytest.mark.slow
def test_partitions_that_come_to_be_are_read_from_their_beginning(watching: Any, make_feed: Any) -> None:
    feed = make_feed()
    watching.publish(feed.tweets(300))
    process = watching.start("--from-beginning")
    process.wait_for("reference_taken")
    admin = KafkaAdminClient(bootstrap_servers=watching.cluster.servers)
    admin.create_partitions({watching.topics.classified.name: 5})
    admin.close()

    watching.publish(feed.tweets(200))

    (event,) = watching.wait_for_events(1)
    assert sorted(event.window.end) == ["0", "1", "2", "3", "4"]
    assert sum(event.window.end.values()) == 500


@pytest.mark.slow
def test_a_feed_that_changed_opens_alarms_with_a_report_that_reads_its_tweets_again(
    watching: Any, make_feed: Any, tmp_path: Path
) -> None:
    feed = make_feed()
    watching.publish(feed.tweets(500))
    feed.labels = feed.labels[:3]
    watching.publish(feed.tweets(500))

    process = watching.start("--from-beginning")

    quiet, moved = watching.wait_for_events(2)
    assert (quiet.outcome, quiet.report) == ("quiet", f"{quiet.reference}-00000001")
    assert moved.outcome == "drift"
    assert any(name.startswith("label=") for name in moved.opened)
    assert (tmp_path / "reports" / moved.report / "report.html").is_file()
    process.wait_for("drift_window", times=2)
    assert "WARNING" in process.lines("drift_window")[1]
