"""Which tweets make a window, and where it ends."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from models.evaluation.intervals import Interval
from models.online.prequential import Figure, HeadStandings, Standing
from models.online.report import LearningReport
from monitoring.drift.records import Kind
from stream.drift import watch as watch_module

NOW = 1_767_225_600.0
Tweet = Callable[..., bytes]


def ranges(events: list[Any]) -> list[tuple[int, int]]:
    return [(event.window.start["0"], event.window.end["0"]) for event in events]


def test_full_windows_follow_each_other_without_a_hole_and_a_rest_waits(watched: Any, tweet: Tweet) -> None:
    made = watched([tweet()] * 700)

    events = made.run()

    assert ranges(events) == [(0, 300), (300, 600)]
    assert [event.window.number for event in events] == [1, 2]
    assert [event.outcome for event in events] == ["quiet", "quiet"]
    assert [event.window.long_tweets for event in events] == [300, 600]
    assert made.feed.committed[-1] == {0: 600}


def test_event_is_told_before_its_offsets_are_committed(watched: Any, tweet: Tweet) -> None:
    made = watched([tweet()] * 300)
    order: list[str] = []
    made.told.tell = lambda event: order.append(f"told {event.window.number}")
    made.feed.commit = lambda offsets: order.append(f"committed {offsets[0]}")

    made.run()

    assert order == ["told 1", "committed 300"]


def test_gap_ends_a_window_of_enough_tweets_before_the_next_tweet(watched: Any, tweet: Tweet) -> None:
    made = watched([tweet(NOW)] * 250 + [tweet(NOW + 3600)] * 300)

    events = made.run()

    assert ranges(events) == [(0, 250), (250, 550)]
    assert events[0].window.last_at < events[1].window.first_at


def test_window_of_too_few_tweets_goes_on_over_a_gap_until_it_has_enough(watched: Any, tweet: Tweet) -> None:
    made = watched([tweet(NOW)] * 199 + [tweet(NOW + 7200)] * 101)

    (event,) = made.run()

    assert (event.window.tweets, event.window.last_at) == (200, "2026-01-01T02:00:00.000Z")


def test_window_of_enough_tweets_ends_after_its_time_though_nothing_comes(watched: Any, tweet: Tweet) -> None:
    made = watched([tweet(NOW)] * 200)
    made.clock.now = NOW + 3599
    assert made.run() == []

    made.clock.now = NOW + 3600
    made.watch.step()

    assert ranges(made.events) == [(0, 200)]


def test_new_version_ends_the_window_which_may_have_too_few_tweets(watched: Any, tweet: Tweet) -> None:
    made = watched([tweet()] * 100 + [tweet(version="2")] * 300)

    events = made.run()

    assert [(event.outcome, event.model.version, event.window.number) for event in events] == [
        ("too_few", "1", 1),
        ("quiet", "2", 1),
    ]
    assert ranges(events) == [(0, 100), (100, 400)]
    assert events[0].reference != events[1].reference


def test_late_tweets_of_the_version_before_are_left_out(watched: Any, tweet: Tweet) -> None:
    values = [tweet(NOW)] * 300 + [tweet(NOW, version="2"), tweet(NOW + 29)] * 300

    events = watched(values).run()

    assert [(event.model.version, event.window.tweets) for event in events] == [("1", 300), ("2", 300)]
    assert ranges(events) == [(0, 300), (300, 899)]


def test_version_that_comes_back_later_goes_on_with_its_numbers(watched: Any, tweet: Tweet) -> None:
    values = [tweet(NOW)] * 300 + [tweet(NOW, version="2")] * 300 + [tweet(NOW + 31)] * 300

    events = watched(values).run()

    assert [(event.model.version, event.window.number) for event in events] == [("1", 1), ("2", 1), ("1", 2)]


def test_tweets_of_a_version_without_a_reference_are_passed_over_and_counted(watched: Any, tweet: Tweet) -> None:
    values = [tweet(NOW)] * 300 + [tweet(NOW, version="3")] * 400 + [tweet(NOW + 31)] * 300

    made = watched(values)
    events = made.run()

    assert ranges(events) == [(0, 300), (700, 1000)]
    assert events[1].window.skipped == 400
    assert made.seams.looked_for == 3  # once for each version, and for one that came back


def test_reference_that_appears_is_found_at_the_next_look(watched: Any, tweet: Tweet, references: Any) -> None:
    made = watched([tweet(version="2")] * 100, known=["1"])
    made.run()
    made.seams.references["2"] = references["2"]

    made.clock.now += 60
    made.feed.values += [tweet(version="2")] * 300

    (event,) = made.run()
    assert ranges([event]) == [(100, 400)]


def test_position_after_passed_over_tweets_is_committed(watched: Any, tweet: Tweet) -> None:
    made = watched([tweet(version="3")] * 400)
    made.run()

    made.clock.now += watch_module.IDLE_SECONDS
    made.watch.step()

    assert made.feed.committed == [{0: 400}]


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"not json",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        msgspec.json.encode({"classified_at": "2026-01-01T00:00:00.000Z"}),
    ],
)
def test_record_that_is_no_classified_tweet_is_left_out(watched: Any, tweet: Tweet, value: bytes | None) -> None:
    (event,) = watched([tweet()] * 150 + [value] + [tweet()] * 150).run()

    assert (event.window.tweets, ranges([event])) == (300, [(0, 301)])


@pytest.mark.parametrize(
    "fields",
    [
        {"label": "Weather"},
        {"label_score": 7.0},
        {"created_at": "yesterday"},
        {"created_at": "2026-01-01T00:00:00"},
        {"classified_at": "2026-01-01T00:00:00"},
        {"classified_at": ""},
    ],
)
def test_tweet_with_a_value_that_no_worker_writes_is_left_out(
    watched: Any, tweet: Tweet, fields: dict[str, object]
) -> None:
    (event,) = watched([tweet()] * 150 + [tweet(**fields)] + [tweet()] * 150).run()

    assert (event.window.tweets, ranges([event])) == (300, [(0, 301)])


def test_restart_goes_on_with_number_alarms_and_the_windows_before(watched: Any, tweet: Tweet) -> None:
    before = watched([tweet()] * 600).run()
    told = [msgspec.structs.replace(event, open={"label=Macro": 2}) for event in before]

    again = watched([tweet()] * 900, events=told, position=600, standing=watch_module.Standing({0: 600}, NOW))
    (event,) = again.run()[2:]

    assert (event.window.number, ranges([event])) == (3, [(600, 900)])
    assert event.open == {"label=Macro": 2}
    assert again.seams.earlier == [1, 2]


def test_too_few_tweets_of_a_window_before_belong_to_no_long_window(watched: Any, tweet: Tweet) -> None:
    events = watched([tweet()] * 300 + [tweet(version="2")] * 300).run()
    told = [msgspec.structs.replace(events[1], outcome="too_few"), *events[1:]]

    again = watched([tweet(version="2")] * 300, events=told)
    again.run()

    assert again.seams.earlier == [1]


def test_oldest_tweets_are_skipped_where_too_many_wait(watched: Any, tweet: Tweet) -> None:
    made = watched([tweet()] * 5300, max_lag_tweets=1000)

    events = made.run()

    assert ranges(events) == [(0, 300), (4800, 5100)]
    assert [event.window.skipped for event in events] == [0, 4500]


def test_nothing_is_skipped_before_the_beginning_was_caught_up_with(watched: Any, tweet: Tweet) -> None:
    standing = watch_module.Standing(None, None, skips=False)
    made = watched([tweet()] * 2400, max_lag_tweets=1000, standing=standing)

    events = made.run()
    made.feed.values += [tweet()] * 4300
    made.run()

    assert [event.window.skipped for event in events[:8]] == [0] * 8
    assert sum(event.window.skipped for event in made.events) > 0


def test_tweets_that_a_gap_had_put_to_the_next_window_are_skipped_with_the_others(watched: Any, tweet: Tweet) -> None:
    values = [tweet(NOW)] * 250 + [tweet(NOW + 3600)] * 5050
    made = watched(values, max_lag_tweets=1000)

    events = made.run()

    assert ranges(events) == [(0, 250), (4800, 5100)]


def test_refused_tweets_are_counted_from_the_window_before_to_the_last_tweet(watched: Any, tweet: Tweet) -> None:
    values = [tweet(NOW)] * 299 + [tweet(NOW + 5)] + [tweet(NOW + 9)] * 300
    made = watched(values, refused=30)

    events = made.run()

    assert made.seams.asked == [(NOW, NOW + 5), (NOW + 5, NOW + 9)]
    assert [event.window.dead_letters for event in events] == [30, 30]
    assert "dead_letters" in events[0].opened
    assert events[0].kinds == (Kind.QUALITY,)


def test_refused_tweets_of_skipped_ones_are_not_counted(watched: Any, tweet: Tweet) -> None:
    values = [tweet(NOW)] * 300 + [tweet(NOW + 50)] * 4500 + [tweet(NOW + 99)] * 500
    made = watched(values, max_lag_tweets=1000)

    made.run()

    assert made.seams.asked == [(NOW, NOW), (NOW + 99, NOW + 99)]


def test_what_the_learner_tells_is_a_cause_of_the_next_window(watched: Any, tweet: Tweet) -> None:
    made = watched([tweet()] * 300)
    made.seams.accuracy["topic"] = 0.9
    figure = Figure(0.5, Interval(0.45, 0.55))
    standing = Standing(labels=400, accuracy=figure, macro_f1=figure, log_loss=figure, f1={})
    heads = {"topic": HeadStandings({"served": standing}, {})}
    made.seams.learned = [LearningReport("tickertape", "1", 400, {}, heads, "2026-01-01T00:00:00Z")]

    (event,) = made.run()

    assert event.opened == ("accuracy=topic",)
    assert (event.causes[0].before, event.causes[0].after) == (0.9, 0.5)


def test_window_that_opened_something_has_a_report_and_goes_to_people(watched: Any, tweet: Tweet) -> None:
    made = watched([tweet()] * 300 + [tweet(text="oil is down", tickers=())] * 300 + [tweet()] * 300)

    quiet, moved, after = made.run()

    assert made.seams.reports[:2] == [quiet.report, moved.report]
    assert moved.outcome == "drift"
    assert moved.replay == "tickertape tail --topic classified --from 0:300 --to 0:600 --json"
    assert made.seams.alerts == [quiet, moved, after]
