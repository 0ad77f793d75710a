"""The columns that are compared: what kind each is of, and how it is read from a window."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from monitoring.drift.describing import Description, repeats
from monitoring.drift.records import Kind

YES = "yes"

Items = Iterable[str]


@dataclass(frozen=True)
class ShareColumn:
    """A column of items, each with its share of the tweets.

    Attributes:
        name: as it is told.
        kind: what kind of thing moved where it does.
        items: gives the items of each row: none, one, or several different ones.
    """

    name: str
    kind: Kind
    items: Callable[[Sequence[Description]], Iterable[Items]]

    def counts(self, rows: Sequence[Description]) -> Counter[str]:
        """Count the rows that have each item."""
        return Counter(item for items in self.items(rows) for item in items)


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers; NaN is none."""

    name: str
    kind: Kind

    def values(self, rows: Sequence[Description]) -> list[float]:
        """Read the column of each row."""
        return [float(getattr(row, self.name)) for row in rows]


def _flag(name: str, kind: Kind = Kind.DATA) -> ShareColumn:
    position = Description._fields.index(name)
    return ShareColumn(name, kind, lambda rows: ((YES,) if row[position] else () for row in rows))


SHARE_COLUMNS = (
    ShareColumn("label", Kind.PREDICTION, lambda rows: ((row.label,) for row in rows)),
    ShareColumn("sentiment", Kind.PREDICTION, lambda rows: ((row.sentiment,) for row in rows)),
    _flag("has_link"),
    _flag("has_cashtag"),
    _flag("has_mention"),
    _flag("has_emoji"),
    _flag("has_english"),
    _flag("is_retweet"),
    ShareColumn("ticker", Kind.DATA, lambda rows: (set(row.tickers) for row in rows)),
    ShareColumn("hour", Kind.DATA, lambda rows: (() if row.hour is None else (f"{row.hour:02}",) for row in rows)),
    ShareColumn("is_repeat", Kind.QUALITY, lambda rows: ((YES,) if told else () for told in repeats(rows))),
    ShareColumn("has_no_time", Kind.QUALITY, lambda rows: ((YES,) if row.hour is None else () for row in rows)),
)

NUMBER_COLUMNS = (
    NumberColumn("label_score", Kind.PREDICTION),
    NumberColumn("sentiment_score", Kind.PREDICTION),
    NumberColumn("text_characters", Kind.DATA),
    NumberColumn("ticker_count", Kind.DATA),
    NumberColumn("unseen_share", Kind.TEXT),
    NumberColumn("delay_seconds", Kind.QUALITY),
)

TERM = "term"
"""The column of words."""
TICKER_SENTIMENT = "ticker_sentiment"
"""Of each frequent ticker, the shares of sentiments among its different texts; items are like `AAPL bullish`."""
DEAD_LETTERS = "dead_letters"
"""The share of records that the workers refused."""
DOMAIN = "text"
"""Whether a classifier can tell the texts of two windows apart."""
ACCURACY = "accuracy"
"""How often the answers are right, by late labels."""
