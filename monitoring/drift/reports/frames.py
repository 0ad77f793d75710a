"""Counts of two sides -> two frames with a row for each tweet that was counted, as a drawing library wants them."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitoring.drift.columns import SHARE_COLUMNS, YES
from monitoring.drift.references.reference import Reference
from monitoring.drift.windows import Numbers, Window

TICKER = "ticker"
SHOWN_TICKERS = 20
OTHER, NONE, NO = "other", "none", "no"
LONGEST_NAME = 60  # characters
_YES_NO = {column.name for column in SHARE_COLUMNS if column.name.startswith(("has_", "is_"))}
_UNSAFE = re.compile(r"[^A-Za-z0-9 .,|/&_-]")
_UNSAFE_TICKER = re.compile(r"[^A-Z0-9._-]")
_SHOWN_QUANTILES = (0.005, 0.995)  # one wrong clock would else squeeze all the others into one bar
_SEED = 8  # the same counts give the same frames

Rows = npt.NDArray[Any]
_NOTHING: Rows = np.array([])


def frames(reference: Reference, window: Window, columns: Collection[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Expand the counts of both sides.

    Rows say nothing together: each column stands for itself, in an order drawn at random, and is filled up with missing
    values. The least and the largest 0.5 % of numbers are drawn in to where the others end.

    Args:
        reference: the one side.
        window: the other.
        columns: which to expand; one without a value on a side, or that is not counted in tweets, is left out.

    Returns:
        The reference's frame and the window's, of the same columns.
    """
    before: dict[str, pd.Series] = {}
    after: dict[str, pd.Series] = {}
    for name in columns:
        old, new = _expanded(name, reference, window)
        if len(old) and len(new):
            before[name], after[name] = pd.Series(old), pd.Series(new)
    return pd.DataFrame(before), pd.DataFrame(after)


def safe_name(name: str) -> str:
    """Give a name in which nothing can be a part of a page.

    >>> safe_name("Company | Product News"), safe_name("</script>")
    ('Company | Product News', '_/script_')
    """
    return _UNSAFE.sub("_", name)[:LONGEST_NAME]


def safe_ticker(name: str) -> str:
    """Give a ticker's name of capitals, digits and `._-` alone: tickers are what anybody wrote.

    >>> safe_ticker("BRK.B"), safe_ticker("<b>")
    ('BRK.B', '_B_')
    """
    return _UNSAFE_TICKER.sub("_", name.upper())[:LONGEST_NAME]


def _expanded(name: str, reference: Reference, window: Window) -> tuple[Rows, Rows]:
    if name in reference.numbers and name in window.numbers:
        return _numbers(reference.numbers[name], window.numbers[name])
    if name not in reference.shares or name not in window.shares:
        return _NOTHING, _NOTHING
    if name == TICKER:
        shown = _frequent_tickers(reference, window)
        return _rows(_tickers(reference.shares[name], shown)), _rows(_tickers(window.shares[name], shown))
    counted = _yes_no if name in _YES_NO else _items
    before, after = (_rows(counted(side.shares[name], side.tweets)) for side in (reference, window))
    return before, after


def _yes_no(counts: Mapping[str, int], tweets: int) -> Counter[str]:
    return Counter({YES: counts.get(YES, 0), NO: tweets - counts.get(YES, 0)})


def _items(counts: Mapping[str, int], tweets: int) -> Counter[str]:
    named: Counter[str] = Counter()
    for item, count in counts.items():
        named[safe_name(item)] += count
    named[NONE] += max(tweets - named.total(), 0)
    return named


def _frequent_tickers(reference: Reference, window: Window) -> set[str]:
    """Choose the tickers that have the largest share on either side."""
    shares: dict[str, float] = {}
    for side in (reference, window):
        for ticker, count in side.shares[TICKER].items():
            shares[ticker] = max(shares.get(ticker, 0.0), count / max(side.tweets, 1))
    return set(sorted(shares, key=lambda ticker: (-shares[ticker], ticker))[:SHOWN_TICKERS])


def _tickers(counts: Mapping[str, int], shown: Collection[str]) -> Counter[str]:
    named: Counter[str] = Counter()
    for ticker, count in counts.items():
        named[safe_ticker(ticker) if ticker in shown else OTHER] += count
    return named


def _rows(counts: Counter[str]) -> Rows:
    there = sorted((name, count) for name, count in counts.items() if count > 0)
    rows: Rows = np.repeat(np.array([name for name, _ in there], dtype=object), [count for _, count in there])
    np.random.default_rng(_SEED).shuffle(rows)
    return rows


def _numbers(before: Numbers, after: Numbers) -> tuple[Rows, Rows]:
    if not len(before) or not len(after):
        return before, after
    low = min(np.quantile(side, _SHOWN_QUANTILES[0]) for side in (before, after))
    high = max(np.quantile(side, _SHOWN_QUANTILES[1]) for side in (before, after))
    chance = np.random.default_rng(_SEED)
    return chance.permutation(np.clip(before, low, high)), chance.permutation(np.clip(after, low, high))
