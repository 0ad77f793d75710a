import base64
import json
from dataclasses import dataclass, field

import pytest

from models.records import ModelVersion, Prediction, Tweet, classified_tweet, tweet_sentiment
from models.taxonomy import Label, Sentiment
from stream.codecs import encode
from stream.dead_letters import DeadLetter
from stream.rows import answer_json, answer_row, dead_letter_json, dead_letter_row, harmless

AT = "2026-01-05T14:30:00.250Z"
PREDICTION = Prediction(
    label=Label.EARNINGS,
    label_score=0.934,
    labels={Label.EARNINGS: 0.934},
    sentiment=Sentiment.BEARISH,
    sentiment_score=-0.725,
    answered_by="batch",
    sentiment_answered_by="batch",
    opinions={},
    model=ModelVersion("tickertape", "1"),
)


@dataclass
class Record:
    """What a consumer gives, as far as rows need it."""

    value: bytes | None
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    topic: str = "tweets.classified"
    partition: int = 3
    offset: int = 7


def classified(text: str, tickers: tuple[str, ...] = ("AAPL",)) -> Record:
    tweet = Tweet(text=text, id="1", tickers=tickers)
    return Record(encode(classified_tweet(tweet, PREDICTION, classified_at=AT)))


def dead_letter(value: bytes | None, error: str = "Input data was truncated") -> Record:
    letter = DeadLetter(
        key=b"1",
        value=value,
        reason="invalid_json",
        error=error,
        topic="tweets.raw",
        partition=2,
        offset=41,
        time=1_767_623_400.0,
    )
    return Record(value, list(letter.headers()))


def test_a_classified_tweet_is_one_line_of_what_matters() -> None:
    row = answer_row(classified("Q3 misses &amp; guidance cut")).plain

    assert row == ("14:30:00 $AAPL        Earnings                     93%  ▼ -0.72 bearish  Q3 misses & guidance cut")


def test_many_tickers_do_not_push_the_columns_away() -> None:
    row = answer_row(classified("x", tickers=("AAPL", "MSFT", "NVDA"))).plain

    assert row.startswith("14:30:00 $AAPL $MSFT… Earnings ")


def test_a_sentiment_record_has_no_label_column() -> None:
    value = encode(tweet_sentiment(Tweet(text="x", id="1", tickers=("V",)), PREDICTION, classified_at=AT))

    assert answer_row(Record(value)).plain == "14:30:00 $V           ▼ -0.72 bearish  "


@pytest.mark.parametrize("value", [None, b"", b"\xff\x1b[2J", b"[]", b'{"text":"x"}', b"{" * 100_000])
def test_a_record_of_another_program_is_named_and_not_shown(value: bytes | None) -> None:
    row = answer_row(Record(value)).plain

    assert row.startswith("unreadable record at tweets.classified/3@7: ")
    assert "\x1b" not in row


@pytest.mark.parametrize(
    "text", ["\x1b[2J\x1b]0;owned\x07", "\x9b31m", "a\rb", "\u202egpj.exe", "\u2066x\u2069", "\udc80"]
)
def test_a_hostile_text_can_not_drive_the_terminal(text: str) -> None:
    shown = harmless(text)

    assert not set(shown) & set("\x1b\x07\x9b\r\u202e\u2066\u2069\udc80")
    assert len(shown) == len(text)


def test_an_entity_can_not_smuggle_an_escape_sequence_in() -> None:
    assert "\x1b" not in answer_row(classified("&#27;[2J")).plain


def test_words_emoji_and_scripts_stay_as_they_are() -> None:
    text = "Ünïcode ₿ 日本 👩‍💻 🚀 مرحبا"

    assert harmless(text) == text


def test_line_breaks_become_spaces() -> None:
    assert harmless("a\nb\tc\u2028d") == "a b c d"


@pytest.mark.parametrize(("value", "size"), [(b"\xff\x00\x1b[2J", "6 bytes"), (None, "no value")])
def test_a_dead_letter_shows_reason_origin_size_and_error(value: bytes | None, size: str) -> None:
    row = dead_letter_row(dead_letter(value)).plain

    assert row.split() == [
        "14:30:00",
        "invalid_json",
        "tweets.raw/2@41",
        *size.split(),
        "Input",
        "data",
        "was",
        "truncated",
    ]


def test_a_dead_letter_without_headers_or_with_broken_ones_is_shown() -> None:
    assert "no reason given" in dead_letter_row(Record(b"x")).plain
    assert "\x1b" not in dead_letter_row(Record(b"x", [("reason", b"\xff\x1b[2J"), ("error", None)])).plain


def test_a_dead_letter_as_json_keeps_every_byte() -> None:
    readable = json.loads(dead_letter_json(dead_letter(b'{"id":\n"')))
    binary = json.loads(dead_letter_json(dead_letter(b"\xff\x00")))
    tombstone = json.loads(dead_letter_json(dead_letter(None)))

    assert (readable["value"], readable["reason"], readable["offset"]) == ('{"id":\n"', "invalid_json", "41")
    assert base64.b64decode(binary["value_base64"]) == b"\xff\x00"
    assert tombstone["value"] is None


def test_json_output_is_one_line_a_record() -> None:
    assert answer_json(Record(b'{\n "id": "1"\n}')) == b'{  "id": "1" }'
    assert answer_json(Record(None)) is None
