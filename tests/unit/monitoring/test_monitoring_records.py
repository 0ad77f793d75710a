"""Classified tweets as lines -> windows of descriptions."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from monitoring.records import MAX_LINE_BYTES, Description, describe, read_window

from models.errors import DataNotFoundError
from models.records import ClassifiedTweet
from models.taxonomy import Label, Sentiment

Make = Callable[..., ClassifiedTweet]


def line(tweet: ClassifiedTweet) -> bytes:
    return msgspec.json.encode(tweet) + b"\n"


def test_description_has_what_is_compared_and_no_text(make_classified: Make) -> None:
    tweet = make_classified(text="RT @cnbc: $TSLA up 4% é https://t.co/x", tickers=("TSLA", "F"))

    assert describe(tweet) == Description(
        label=Label.STOCK_MOVEMENT,
        sentiment=Sentiment.BULLISH,
        sentiment_score=0.5,
        label_score=0.75,
        text_characters=38,
        ticker_count=2,
        has_link=True,
        has_cashtag=True,
        is_retweet=True,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("Gold at $1200 RT @cnbc", set()),
        ("see t.co/abc", {"link"}),
        ("cut off http…", {"link"}),
        ("long $brk.b", {"cashtag"}),
        ("RT @a: b", {"retweet"}),
        ("half an emoji \ud83d", set()),
    ],
)
def test_link_cashtag_and_retweet_are_read_from_the_text(make_classified: Make, text: str, expected: set[str]) -> None:
    found = describe(make_classified(text=text, tickers=()))

    flags = {"link": found.has_link, "cashtag": found.has_cashtag, "retweet": found.is_retweet}
    assert {name for name, is_there in flags.items() if is_there} == expected


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"text": "no answer"}',
        b"[" * 100_000,
        b"x" * (2 * MAX_LINE_BYTES + 1),
    ],
    ids=lambda bad: str(bad[:10]),
)
def test_line_that_is_no_classified_tweet_is_counted_and_named_and_stops_nothing(
    tmp_path: Path, make_classified: Make, bad: bytes
) -> None:
    path = tmp_path / "tweets.jsonl"
    path.write_bytes(line(make_classified()) + b"\n" + bad + b"\n" + line(make_classified(text="last")))

    window = read_window(path)

    assert [row.text_characters for row in window.descriptions] == [11, 4]
    assert (window.tweets_read, window.unreadable_lines, window.unreadable_line_numbers) == (2, 1, (3,))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", "<script>alert(1)</script>"),
        ("sentiment", "happy"),
        ("label_score", 1.5),
        ("label_score", "high"),
        ("sentiment_score", -1.1),
        ("text", None),
        ("tickers", "TSLA"),
    ],
)
def test_answer_outside_the_contract_is_no_classified_tweet(
    tmp_path: Path, make_classified: Make, field: str, value: object
) -> None:
    path = tmp_path / "tweets.jsonl"
    record = {**msgspec.to_builtins(make_classified()), field: value}
    path.write_bytes(msgspec.json.encode(record))

    window = read_window(path)

    assert (window.tweets_read, window.unreadable_lines) == (0, 1)


def test_answer_of_a_model_that_abstains_is_a_classified_tweet(tmp_path: Path, make_classified: Make) -> None:
    path = tmp_path / "tweets.jsonl"
    path.write_bytes(line(make_classified(label="other")))

    assert [row.label for row in read_window(path).descriptions] == ["other"]


def test_field_that_comes_with_a_later_version_is_no_fault(tmp_path: Path, make_classified: Make) -> None:
    path = tmp_path / "tweets.jsonl"
    path.write_bytes(msgspec.json.encode({**msgspec.to_builtins(make_classified()), "language": "en"}))

    assert read_window(path).tweets_read == 1


def test_only_the_first_unreadable_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "tweets.jsonl"
    path.write_bytes(b"{\n" * 7)

    window = read_window(path)

    assert (window.unreadable_lines, window.unreadable_line_numbers) == (7, (1, 2, 3, 4, 5))


def test_window_of_a_longer_file_is_a_sample_of_all_of_it(tmp_path: Path, make_classified: Make) -> None:
    path = tmp_path / "tweets.jsonl"
    path.write_bytes(b"".join(line(make_classified(text="x" * length)) for length in range(1000)))

    window = read_window(path, max_tweets=200)

    lengths = [row.text_characters for row in window.descriptions]
    assert (len(lengths), len(set(lengths)), window.tweets_read) == (200, 200, 1000)
    assert 400 < sum(lengths) / 200 < 600
    assert read_window(path, max_tweets=200) == window


def test_missing_file_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"none.jsonl is not there: give a file .* `tickertape tail --json`"):
        read_window(tmp_path / "none.jsonl")


def test_folder_is_no_file_of_tweets(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="can't be read: Is a directory"):
        read_window(tmp_path)
