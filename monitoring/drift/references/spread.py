"""How much a feed moves by itself: what its windows differ by more than chance explains."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from monitoring.drift.columns import NUMBER_COLUMNS, SHARE_COLUMNS, TERM, TICKER_SENTIMENT
from monitoring.drift.testing import FloatArray, ks_distance
from monitoring.drift.windows import Window, joined

Item = TypeVar("Item", str, bytes)

FEWEST_WINDOWS = 4  # of fewer, no spread can be told: 0
_MEAN_SQUARED_KOLMOGOROV = np.pi**2 / 12  # of the distance times the root of n, under chance
FEWEST_TEXTS = 20  # of a word, for its spread to count


def spread(windows: Sequence[Window]) -> dict[str, float]:
    """Estimate for each column the variance between windows, beside chance.

    Args:
        windows: of a time without drift, in order, of about the same size.

    Returns:
        By column, at least 0. For shares in units of p (1 - p), pooled over the items; for numbers the squared
        distance of a window from all of them, in the units that chance has 1 / tweets in.

    Source: moments, as for the intraclass correlation of clustered samples (Kish, 1965).
    """
    if len(windows) < FEWEST_WINDOWS:
        return {}
    sizes = np.array([window.tweets for window in windows], float)
    shares = {
        column.name: _between(_table([window.shares[column.name] for window in windows]), sizes)
        for column in SHARE_COLUMNS
    }
    words = _table([window.words for window in windows])
    texts = np.array([window.texts for window in windows], float)
    frequent = words[:, words.sum(axis=0) >= FEWEST_TEXTS]
    return {**shares, **_numbers(windows), TERM: _between(frequent, texts), TICKER_SENTIMENT: _of_tickers(windows)}


def _table(counts: Sequence[Counter[Item]]) -> FloatArray:
    """Put counts into rows of windows and columns of items."""
    items = {item: column for column, item in enumerate(dict.fromkeys(item for one in counts for item in one))}
    table = np.zeros((len(counts), len(items)))
    for row, one in enumerate(counts):
        for item, count in one.items():
            table[row, items[item]] = count
    return table


def _between(table: FloatArray, sizes: FloatArray) -> float:
    total = table.sum(axis=0) / sizes.sum()
    chance = total * (1 - total)
    if not chance.sum():
        return 0.0
    shares = table / sizes[:, None]
    observed = ((shares - total) ** 2).sum(axis=0) / (len(sizes) - 1)
    return max(0.0, float(observed.sum() / chance.sum() - (1 / sizes).mean()))


def _numbers(windows: Sequence[Window]) -> dict[str, float]:
    everything = joined(windows).numbers
    between = {}
    for column in NUMBER_COLUMNS:
        parts = [window.numbers[column.name] for window in windows if len(window.numbers[column.name])]
        if len(parts) < FEWEST_WINDOWS:
            continue
        squared = np.mean([ks_distance(part, everything[column.name]) ** 2 for part in parts])
        # A window is part of what it is compared with, which takes away the share it has of all.
        rest = 1 - 1 / len(parts)
        between[column.name] = max(
            0.0, float(squared / _MEAN_SQUARED_KOLMOGOROV / rest - np.mean([1 / len(part) for part in parts]))
        )
    return between


def _of_tickers(windows: Sequence[Window]) -> float:
    """Pool the spread of sentiments over the tickers that each window has enough tweets of."""
    found = []
    for ticker in set.intersection(*[set(window.sentiments) for window in windows]):
        counts = [window.sentiments[ticker] for window in windows]
        sizes = np.array([sum(one.values()) for one in counts], float)
        if sizes.min() >= FEWEST_TEXTS:
            found.append(_between(_table(counts), sizes))
    return float(np.mean(found)) if found else 0.0
