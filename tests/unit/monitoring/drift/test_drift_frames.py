"""Counts of two sides -> frames."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from monitoring.drift.describing import Description
from monitoring.drift.references.reference import Reference
from monitoring.drift.reports.frames import frames
from monitoring.drift.windows import Window, window_of

Rows = Callable[..., list[Description]]
Refer = Callable[[Sequence[Description]], Reference]


def shares(column: pd.Series) -> dict[str, int]:
    return dict(Counter(column.dropna()))


def test_frames_hold_what_was_counted(rows: Rows, refer: Refer) -> None:
    before, after = rows(300, seed=1), rows(200, seed=2)

    old, new = frames(refer(before), window_of(after), ["label", "has_link", "text_characters"])

    assert list(old.columns) == list(new.columns) == ["label", "has_link", "text_characters"]
    assert (len(old), len(new)) == (300, 200)
    assert shares(old["label"]) == Counter(row.label for row in before)
    assert shares(new["has_link"]) == {
        "yes": sum(row.has_link for row in after),
        "no": 200 - sum(row.has_link for row in after),
    }
    low, high = np.quantile([row.text_characters for row in before], [0.005, 0.995])
    assert new["text_characters"].between(low, high).mean() > 0.98
    assert new["text_characters"].median() == np.median([row.text_characters for row in after])


def test_order_says_nothing_and_is_the_same_each_time(rows: Rows, refer: Refer) -> None:
    reference, window = refer(rows(300, seed=1)), window_of(rows(300, seed=2))

    first, second = (frames(reference, window, ["label_score", "label"])[1] for _ in range(2))

    assert first.equals(second)
    assert not first["label_score"].is_monotonic_increasing
    assert not first["label"].is_monotonic_increasing


def test_tweets_without_an_hour_are_none(rows: Rows, refer: Refer) -> None:
    tweets = [row._replace(hour=None if place < 50 else 7) for place, row in enumerate(rows(200, seed=1))]

    _, new = frames(refer(tweets), window_of(tweets), ["hour"])

    assert shares(new["hour"]) == {"07": 150, "none": 50}


def test_frequent_tickers_of_either_side_are_shown_and_the_rest_together(rows: Rows, refer: Refer) -> None:
    before = [row._replace(tickers=(f"T{place % 40}",)) for place, row in enumerate(rows(400, seed=1))]
    after = [row._replace(tickers=("NEW", "T1")) for row in rows(200, seed=2)]

    old, new = frames(refer(before), window_of(after), ["ticker"])

    assert shares(new["ticker"]) == {"NEW": 200, "T1": 200}
    assert len(shares(old["ticker"])) == 20  # 19 of its own and the others: NEW is not there
    assert shares(old["ticker"])["other"] == 210
    assert shares(old["ticker"])["T1"] == 10


@pytest.mark.parametrize("hostile", ["</script><script>alert(1)</script>", "\u202e", "a" * 1000, "", "ß<é", '"'])
def test_names_are_plain_whatever_a_ticker_or_a_reference_file_holds(rows: Rows, refer: Refer, hostile: str) -> None:
    tweets = [row._replace(tickers=(hostile,)) for row in rows(200, seed=1)]
    reference = replace(refer(tweets), shares={"label": Counter({hostile: 200}), "ticker": Counter({hostile: 200})})

    old, new = frames(reference, window_of(tweets), ["label", "ticker"])

    (label,), (ticker,) = old["label"].unique(), new["ticker"].unique()
    assert set(label) <= set("ascriptle_()1/")
    assert set(ticker) <= set("ASCRIPTLE_1")
    assert len(label) <= 60
    assert len(ticker) <= 60


def test_column_without_a_value_on_a_side_is_left_out(rows: Rows, refer: Refer) -> None:
    nothing = [row._replace(delay_seconds=float("nan")) for row in rows(200, seed=1)]

    old, new = frames(refer(rows(200, seed=2)), window_of(nothing), ["delay_seconds", "term", "text", "label"])

    assert list(old.columns) == list(new.columns) == ["label"]


def test_one_wrong_clock_does_not_squeeze_the_others(rows: Rows, refer: Refer) -> None:
    tweets = rows(400, seed=1)
    tweets[0] = tweets[0]._replace(delay_seconds=6e10)

    _, new = frames(refer(tweets), window_of(tweets), ["delay_seconds"])

    assert new["delay_seconds"].max() < 10


def test_no_column_gives_empty_frames(rows: Rows, refer: Refer) -> None:
    window: Window = window_of(rows(200, seed=1))

    old, new = frames(refer(rows(200, seed=2)), window, [])

    assert (old.empty, new.empty) == (True, True)
