"""A window of tweets, reduced to what is compared: counts that add up, and columns of numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from monitoring.drift.columns import NUMBER_COLUMNS, SHARE_COLUMNS
from monitoring.drift.describing import Description, repeats

Item = TypeVar("Item")
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """What is known of some consecutive tweets; the texts are not.

    Attributes:
        tweets: how many.
        texts: how many different ones, near copies once.
        dead_letters: records that the workers refused while they came.
        shares: of each column of `SHARE_COLUMNS`, how many tweets have each item.
        numbers: of each column of `NUMBER_COLUMNS`, its numbers; tweets without one are left out.
        words: how many of the different texts hold each word.
        sentiments: of each ticker, how many of the different texts that name it have each sentiment.
        rows: the tweets, for examples; empty for a joined window's older parts.
    """

    tweets: int
    texts: int
    dead_letters: int
    shares: Mapping[str, Counter[str]]
    numbers: Mapping[str, Numbers]
    words: Counter[bytes]
    sentiments: Mapping[str, Counter[str]]
    rows: tuple[Description, ...]


def window_of(rows: Sequence[Description], *, dead_letters: int = 0) -> Window:
    """Reduce consecutive tweets to a window."""
    words: Counter[bytes] = Counter()
    sentiments: dict[str, Counter[str]] = {}
    texts = 0
    for row, is_repeat in zip(rows, repeats(rows), strict=True):
        if not is_repeat:
            texts += 1
            words.update(row.words)
            for ticker in set(row.tickers):
                sentiments.setdefault(ticker, Counter())[row.sentiment] += 1
    numbers = {column.name: np.array(column.values(rows), np.float64) for column in NUMBER_COLUMNS}
    return Window(
        tweets=len(rows),
        texts=texts,
        dead_letters=dead_letters,
        shares={column.name: column.counts(rows) for column in SHARE_COLUMNS},
        numbers={name: np.sort(values[~np.isnan(values)]) for name, values in numbers.items()},
        words=words,
        sentiments=sentiments,
        rows=tuple(rows),
    )


def joined(windows: Sequence[Window]) -> Window:
    """Put windows together, oldest first; repeats are those within each.

    Examples come from the newest window alone, whose rows are kept.
    """
    return Window(
        tweets=sum(window.tweets for window in windows),
        texts=sum(window.texts for window in windows),
        dead_letters=sum(window.dead_letters for window in windows),
        shares={column.name: _sum(window.shares[column.name] for window in windows) for column in SHARE_COLUMNS},
        numbers={
            column.name: np.sort(np.concatenate([window.numbers[column.name] for window in windows]))
            for column in NUMBER_COLUMNS
        },
        words=_sum(window.words for window in windows),
        sentiments=_joined_sentiments(windows),
        rows=windows[-1].rows,
    )


def _sum(counts: Iterable[Counter[Item]]) -> Counter[Item]:
    total: Counter[Item] = Counter()
    for one in counts:
        total.update(one)
    return total


def _joined_sentiments(windows: Sequence[Window]) -> dict[str, Counter[str]]:
    together: dict[str, Counter[str]] = {}
    for window in windows:
        for ticker, counts in window.sentiments.items():
            together.setdefault(ticker, Counter()).update(counts)
    return together
