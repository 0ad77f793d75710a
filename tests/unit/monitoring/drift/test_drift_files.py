"""Files of classified tweets -> windows."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from models.errors import DataNotFoundError
from models.records import ClassifiedTweet, ModelVersion
from monitoring.drift.files import MAX_LINE_BYTES, TweetFile, read_tweets
from monitoring.drift.vocabulary import Vocabulary

Make = Callable[..., ClassifiedTweet]
TRAINED = Vocabulary.of([[b"up"]])


def line(tweet: ClassifiedTweet) -> bytes:
    return msgspec.json.encode(tweet) + b"\n"


def lengths(file: TweetFile) -> list[float]:
    return [float(number) for window in file.windows for number in window.numbers["text_characters"]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tweets.jsonl"


@pytest.mark.parametrize(
    ("tweets", "sizes"),
    [(1, [1]), (199, [199]), (500, [500]), (699, [699]), (700, [500, 200]), (1001, [500, 501])],
)
def test_file_is_cut_as_the_stream_is_and_a_rest_goes_to_the_last_window(
    path: Path, make_classified: Make, tweets: int, sizes: list[int]
) -> None:
    path.write_bytes(line(make_classified()) * tweets)

    file = read_tweets(path, TRAINED)

    assert [window.tweets for window in file.windows] == sizes
    assert (file.tweets_read, file.tweets) == (tweets, tweets)
    assert file.models == (ModelVersion("tickertape", "1"),)


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
    path: Path, make_classified: Make, bad: bytes
) -> None:
    path.write_bytes(line(make_classified()) + b"\n" + bad + b"\n" + line(make_classified(text="last")))

    file = read_tweets(path, TRAINED)

    assert lengths(file) == [4, 11]
    assert (file.tweets_read, file.unreadable_lines, file.unreadable_line_numbers) == (2, 1, (3,))


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
        ("created_at", "yesterday"),
        ("created_at", "2026-01-01T00:00:00"),
        ("created_at", "0001-01-01T00:00:00+14:00"),
        ("classified_at", "2026-01-01T00:00:00"),
    ],
)
def test_answer_outside_the_contract_is_no_classified_tweet(
    path: Path, make_classified: Make, field: str, value: object
) -> None:
    path.write_bytes(msgspec.json.encode({**msgspec.to_builtins(make_classified()), field: value}))

    file = read_tweets(path, TRAINED)

    assert (file.tweets_read, file.unreadable_lines, file.windows) == (0, 1, ())


def test_hour_is_that_of_utc_whatever_the_zone(path: Path, make_classified: Make) -> None:
    path.write_bytes(line(make_classified(created_at="2026-01-01T01:30:00+05:30")))

    assert read_tweets(path, TRAINED).windows[0].shares["hour"] == {"20": 1}


def test_answer_of_a_model_that_abstains_is_a_classified_tweet(path: Path, make_classified: Make) -> None:
    path.write_bytes(line(make_classified(label="other")))

    assert read_tweets(path, TRAINED).windows[0].shares["label"] == {"other": 1}


def test_field_that_comes_with_a_later_version_is_no_fault(path: Path, make_classified: Make) -> None:
    path.write_bytes(msgspec.json.encode({**msgspec.to_builtins(make_classified()), "language": "en"}))

    assert read_tweets(path, TRAINED).tweets_read == 1


def test_only_the_first_unreadable_lines_are_named(path: Path) -> None:
    path.write_bytes(b"{\n" * 7)

    file = read_tweets(path, TRAINED)

    assert (file.unreadable_lines, file.unreadable_line_numbers) == (7, (1, 2, 3, 4, 5))


def test_windows_of_a_longer_file_are_a_sample_of_all_of_it(path: Path, make_classified: Make) -> None:
    path.write_bytes(b"".join(line(make_classified(text="x" * (place // 500))) for place in range(20_000)))

    file = read_tweets(path, TRAINED, max_windows=8)

    numbers = [window.numbers["text_characters"][0] for window in file.windows]
    assert (file.tweets_read, file.tweets, len(numbers)) == (20_000, 4000, 8)
    assert numbers == sorted(numbers)
    assert numbers[-1] > 20
    assert read_tweets(path, TRAINED, max_windows=8).tweets == 4000


def test_only_the_newest_window_keeps_its_rows(path: Path, make_classified: Make) -> None:
    path.write_bytes(line(make_classified()) * 1500)

    assert [len(window.rows) for window in read_tweets(path, TRAINED).windows] == [0, 0, 500]


def test_models_that_are_told_apart_are_bounded(path: Path, make_classified: Make) -> None:
    path.write_bytes(b"".join(line(make_classified(model=ModelVersion("m", str(place)))) for place in range(300)))

    assert len(read_tweets(path, TRAINED).models) == 100


def test_missing_file_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"none.jsonl is not there: give a file .* `tickertape tail --json`"):
        read_tweets(tmp_path / "none.jsonl", TRAINED)


def test_folder_is_no_file_of_tweets(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="can't be read: Is a directory"):
        read_tweets(tmp_path, TRAINED)
