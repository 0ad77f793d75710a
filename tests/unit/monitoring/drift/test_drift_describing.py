import math

import pytest

from models.records import ClassifiedTweet, ModelVersion
from models.taxonomy import Label, Sentiment
from monitoring.drift.describing import describe, repeats
from monitoring.drift.vocabulary import Vocabulary

KNOWN = Vocabulary.of([[b"beats", b"the", b"street"]])


def classified(text: str, **other: object) -> ClassifiedTweet:
    fields: dict[str, object] = {
        "id": "1",
        "created_at": "2026-01-31T09:30:00Z",
        "tickers": ("TSLA",),
        "label": str(Label.EARNINGS),
        "label_score": 0.9,
        "labels": {Label.EARNINGS: 0.9},
        "sentiment": Sentiment.BULLISH,
        "sentiment_score": 0.5,
        "answered_by": "batch",
        "sentiment_answered_by": "batch",
        "opinions": {},
        "model": ModelVersion("tickertape", "7"),
        "classified_at": "2026-01-31T09:30:02.500Z",
        **other,
    }
    return ClassifiedTweet(text=text, **fields)  # type: ignore[arg-type]


def test_what_is_compared_is_read_from_the_text() -> None:
    row = describe(classified("RT @cnbc: $TSLA beats the street 🚀 https://t.co/x"), KNOWN)

    assert (row.has_link, row.has_cashtag, row.has_mention, row.has_emoji, row.has_english, row.is_retweet) == (
        True,
    ) * 6
    assert (row.hour, row.delay_seconds, row.text_characters, row.ticker_count) == (9, 2.5, 49, 1)
    assert row.words == (b"beats", b"the", b"street")
    assert row.unseen_share == 0


def test_a_plain_text_has_none_of_it() -> None:
    row = describe(classified("ganancias récord", created_at=None, tickers=()), KNOWN)

    assert not any((row.has_link, row.has_cashtag, row.has_mention, row.has_emoji, row.has_english, row.is_retweet))
    assert row.hour is None
    assert math.isnan(row.delay_seconds)
    assert row.unseen_share == 1


def test_a_time_of_any_zone_is_told_in_utc() -> None:
    row = describe(classified("up", created_at="2026-01-31T01:30:00+05:30"), KNOWN)

    assert row.hour == 20


@pytest.mark.parametrize(
    "broken",
    [
        {"label": "Weather"},
        {"label_score": 1.5},
        {"sentiment_score": math.nan},
        {"created_at": "yesterday"},
        {"created_at": "2026-01-31T09:30:00"},
        {"classified_at": "soon"},
    ],
)
def test_a_record_that_no_worker_wrote_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the reader counts it, whatever it says
        describe(classified("up", **broken), KNOWN)


def test_near_copies_are_repeats() -> None:
    rows = [
        describe(classified(text), KNOWN)
        for text in ("Oil is UP: https://a.example/1", "oil is up https://a.example/2", "oil is down")
    ]

    assert repeats(rows) == [False, True, False]
