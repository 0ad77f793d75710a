from dataclasses import dataclass, field

import pytest

from models.feedback import Feedback, ToLabel, Why
from models.records import ModelVersion, Prediction, Tweet, classified_tweet, tweet_sentiment
from models.taxonomy import Label, Sentiment
from stream.codecs import encode
from stream.dead_letters import DeadLetter
from stream.rows import (
    answer_row,
    dead_letter_row,
    feedback_row,
    harmless,
    to_label_row,
    value_json,
)

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


def test_a_tweet_to_label_shows_why_it_was_chosen_and_its_text() -> None:
    row = to_label_row(Record(encode(ToLabel("1790000000000000002", "AT&amp;T\n\x1b up", Why.UNCERTAIN, 0.05)))).plain

    assert row == "uncertain   5.00%  1790000000000000002 AT&T \N{REPLACEMENT CHARACTER} up"


def test_feedback_shows_what_is_said_by_whom() -> None:
    given = Feedback("7", "desk-7 \x1b", AT, label=Label.EARNINGS, sentiment=Sentiment.BEARISH, text="Q3 &lt; Q2")

    row = feedback_row(Record(encode(given))).plain

    assert row.split() == [
        "14:30:00",
        "7",
        "Earnings",
        "bearish",
        "desk-7",
        "\N{REPLACEMENT CHARACTER}",
        *["Q3", "<", "Q2"],
    ]


def test_feedback_without_label_or_text_keeps_its_columns() -> None:
    both = feedback_row(Record(encode(Feedback("7", "desk", AT, Label.IPO, Sentiment.BULLISH, "x")))).plain
    one = feedback_row(Record(encode(Feedback("7", "desk", AT, sentiment=Sentiment.BULLISH)))).plain

    assert one.index("bullish") == both.index("bullish")
    assert one.index("desk") == both.index("desk")


@pytest.mark.parametrize("value", [None, b"", b"\xff\x1b[2J", b"[]", b'{"text":"\\u001b"}', b"{" * 100_000])
def test_feedback_that_the_learner_would_refuse_is_named_with_the_reason(value: bytes | None) -> None:
    rows = [show(Record(value)).plain for show in (feedback_row, to_label_row)]

    assert all(row.startswith("unreadable record at tweets.classified/3@7: ") for row in rows)
    assert "\x1b" not in "".join(rows)


def test_json_output_is_one_line_a_record() -> None:
    assert value_json(Record(b'{\n "id": "1"\n}')) == b'{  "id": "1" }'
    assert value_json(Record(None)) is None
