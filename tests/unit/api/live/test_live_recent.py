import json
from typing import Any

from api.live import recent
from api.live.recent import KEPT_BYTES, KEPT_TWEETS, SHOWN_BYTES, TICK_TWEETS, TICKER_TWEETS, RecentTweets


def decoded(contents: Any) -> list[Any]:
    return [json.loads(bytes(content)) for content in contents]


def test_a_tick_has_the_newest_tweets_and_the_next_none_of_them() -> None:
    tweets = RecentTweets()
    for number in range(30):
        tweets.show(b"%d" % number)

    assert decoded(tweets.take_tick()) == list(range(30 - TICK_TWEETS, 30))
    assert tweets.take_tick() == []


def test_the_newest_tweets_stay_after_a_tick() -> None:
    tweets = RecentTweets()
    for number in range(99):
        tweets.show(b"%d" % number)
    tweets.take_tick()

    assert decoded(tweets.newest()) == list(range(99 - KEPT_TWEETS, 99))


def test_a_ticker_has_its_newest_tweets() -> None:
    tweets = RecentTweets()
    for number in range(30):
        tweets.keep(b"%d" % number, ["TSLA"])
    tweets.keep(b"7", ["TSLA", "AAPL"])

    assert decoded(tweets.of_ticker("TSLA")) == [*range(31 - TICKER_TWEETS, 30), 7]
    assert decoded(tweets.of_ticker("AAPL")) == [7]
    assert tweets.of_ticker("XOM") == []


def test_a_very_long_record_is_not_shown() -> None:
    tweets = RecentTweets()
    content = b'"%s"' % (b"x" * SHOWN_BYTES)

    tweets.show(content)
    tweets.keep(content, ["TSLA"])

    assert (tweets.newest(), tweets.of_ticker("TSLA")) == ([], [])


def test_tickers_that_were_quiet_for_longest_give_room() -> None:
    tweets = RecentTweets()
    content = b"7" * SHOWN_BYTES
    fitting = KEPT_BYTES // SHOWN_BYTES
    for number in range(fitting):
        tweets.keep(content, [f"T{number}"])
    tweets.keep(content, ["T0"])  # it has two now, and T1 is the quietest
    tweets.keep(content, ["new"])

    assert [len(tweets.of_ticker(name)) for name in ("T0", "T1", "T2", "T3", "new")] == [2, 0, 0, 1, 1]
    assert tweets._kept_bytes <= recent.KEPT_BYTES
