import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.live.windows import (
    BUCKET_SECONDS,
    BUCKET_TICKERS,
    BUCKETS,
    MOST_TICKERS,
    TICKER_CHARACTERS,
    Windows,
)
from models.records import ClassifiedTweet

NOW = 1_767_225_600.0


def tweet(*tickers: str, sentiment: str = "bullish", score: float = 0.5, label: str = "Macro") -> ClassifiedTweet:
    fields = {
        "id": "1",
        "text": "x",
        "created_at": None,
        "tickers": tickers,
        "label": label,
        "label_score": 0.75,
        "labels": {},
        "sentiment": sentiment,
        "sentiment_score": score,
        "answered_by": "batch",
        "sentiment_answered_by": "batch",
        "opinions": {},
        "model": {"name": "tickertape", "version": "7"},
        "classified_at": "",
    }
    return msgspec.convert(fields, ClassifiedTweet)


def test_a_history_has_all_buckets_of_a_quarter_of_an_hour_from_the_start() -> None:
    windows = Windows()

    windows.bucket(NOW + 3)

    history = windows.history()
    assert len(history) == BUCKETS == 900 // BUCKET_SECONDS
    assert (history[0].at, history[-1].at) == ("2025-12-31T23:45:10.000Z", "2026-01-01T00:00:00.000Z")
    assert {point.tweets_per_second for point in history} == {None}


def test_buckets_that_nobody_looked_at_are_in_the_history_with_nothing_known() -> None:
    windows = Windows()
    windows.bucket(NOW).came += 30
    windows.bucket(NOW).seconds += 10

    windows.bucket(NOW + 35)

    assert [point.tweets_per_second for point in windows.history()[-5:]] == [None, 3.0, None, None, None]


def test_a_clock_that_goes_back_stays_in_the_newest_bucket() -> None:
    windows = Windows()
    newest = windows.bucket(NOW)

    assert windows.bucket(NOW - 3_600) is newest
    assert len(windows.history()) == BUCKETS


def test_a_clock_that_leaps_leaves_an_empty_history() -> None:
    windows = Windows()
    windows.add_tweet(tweet("TSLA"), NOW)

    windows.bucket(NOW + 1e9)

    assert windows.most_active() == []
    assert len(windows.history()) == BUCKETS


def test_a_ticker_is_counted_in_each_window_that_it_belongs_to() -> None:
    windows = Windows()
    windows.add_tweet(tweet("TSLA", sentiment="bearish", score=-1.0), NOW - 800)
    windows.add_tweet(tweet("TSLA", sentiment="neutral", score=0.0), NOW - 200)
    windows.add_tweet(tweet("TSLA", "AAPL", score=0.5), NOW)

    found = windows.of_ticker("TSLA", NOW)

    assert found is not None
    assert [(one.seconds, one.tweets, one.bearish, one.neutral, one.bullish) for one in found] == [
        (60, 1, 0, 0, 1),
        (300, 2, 0, 1, 1),
        (900, 3, 1, 1, 1),
    ]
    assert [one.sentiment_score for one in found] == [0.5, 0.25, -0.1667]


def test_a_ticker_is_unknown_when_its_last_tweet_is_a_quarter_of_an_hour_old() -> None:
    windows = Windows()
    windows.add_tweet(tweet("TSLA"), NOW)

    assert windows.of_ticker("TSLA", NOW + 899) is not None
    assert windows.of_ticker("TSLA", NOW + 900) is None


def test_the_share_of_a_window_is_that_of_all_that_came_in_it() -> None:
    windows = Windows()
    windows.bucket(NOW - 100).total = 100
    newest = windows.bucket(NOW)
    newest.total, newest.covered = 100, 50
    windows.add_tweet(tweet("TSLA"), NOW)

    found = windows.of_ticker("TSLA", NOW)

    assert found is not None
    assert [one.sampled_share for one in found] == [0.5, 0.25, 0.25]


def test_the_most_active_tickers_come_first_and_equal_ones_by_name() -> None:
    windows = Windows()
    for name in ("B", "A", "C", "C", *(f"T{number:02}" for number in range(30))):
        windows.add_tweet(tweet(name), NOW)

    active = windows.most_active()

    assert [one.ticker for one in active[:3]] == ["C", "A", "B"]
    assert (len(active), active[0].tweets, active[0].bullish) == (MOST_TICKERS, 2, 2)


def test_who_invents_tickers_does_not_fill_the_memory() -> None:
    windows = Windows()
    windows.add_tweet(tweet("TSLA"), NOW)
    for number in range(BUCKET_TICKERS + 50):
        windows.add_tweet(tweet(f"X{number}"), NOW)
    windows.add_tweet(tweet("TSLA", "L" * (TICKER_CHARACTERS + 1), "", *(f"Y{n}" for n in range(99))), NOW)

    bucket = windows.bucket(NOW)
    assert len(bucket.tickers) == BUCKET_TICKERS
    assert bucket.tickers["TSLA"].tweets == 2


def test_dead_letters_are_counted_by_reason_the_most_frequent_first() -> None:
    windows = Windows()
    windows.bucket(NOW - 50).dead_letters["not_utf8"] += 2.4
    windows.bucket(NOW).dead_letters["not_utf8"] += 2.4
    windows.bucket(NOW).dead_letters["empty_text"] += 0.3

    assert windows.dead_letters() == {"not_utf8": 5, "empty_text": 1}
    windows.bucket(NOW + 900)
    assert windows.dead_letters() == {}


def test_latencies_are_those_of_the_last_two_buckets() -> None:
    windows = Windows()
    for seconds, latency in ((-25, 1.0), (-10, 2.0), (0, 3.0)):
        windows.bucket(NOW + seconds).latencies.append(latency)

    assert sorted(windows.latencies()) == [2.0, 3.0]


@given(
    steps=st.lists(
        st.tuples(
            st.floats(min_value=0, max_value=400),
            st.lists(st.sampled_from("ABCD"), max_size=3),
            st.sampled_from(["bearish", "neutral", "bullish"]),
            st.floats(min_value=-1, max_value=1),
        ),
        max_size=40,
    )
)
def test_totals_are_the_sums_of_the_buckets_that_are_kept(
    steps: list[tuple[float, list[str], str, float]],
) -> None:
    windows, now = Windows(), NOW
    told: list[tuple[int, set[str]]] = []
    for seconds, tickers, sentiment, score in steps:
        now += seconds
        windows.add_tweet(tweet(*tickers, sentiment=sentiment, score=score), now)
        told.append((int(now // BUCKET_SECONDS), set(tickers)))

    kept = [tickers for number, tickers in told if number > int(now // BUCKET_SECONDS) - BUCKETS]
    expected = {name: sum(name in tickers for tickers in kept) for name in "ABCD"}
    active = {one.ticker: one.tweets for one in windows.most_active()}
    assert active == {name: count for name, count in expected.items() if count}
    for name, count in active.items():
        found = windows.of_ticker(name, now)
        assert found is not None
        assert found[-1].tweets == count
        assert found[-1].sentiment_score == pytest.approx(
            next(one.sentiment_score for one in windows.most_active() if one.ticker == name), abs=1e-3
        )
