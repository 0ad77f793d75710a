"""What a feed is compared with: the tweets of a time when all was well, as counts, without texts."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from monitoring.drift.columns import NUMBER_COLUMNS, SHARE_COLUMNS
from monitoring.drift.spread import spread
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import Numbers, Window, joined

MOST_NUMBERS = 5_000  # of a column; more would hardly move a threshold
MOST_ITEMS = 1_000  # of a column: the most frequent ones
FEWEST_OF_TICKER = 10  # tweets; the sentiments of rarer tickers say nothing
_ONLY_OF_FEEDS = ("has_no_time", "hour", "is_repeat")


@dataclass(frozen=True)
class Reference:
    """A reference.

    Attributes:
        model_name: name of the registered model that answered.
        model_version: its version; windows of another one are compared with another reference.
        source: where its tweets come from, a sentence.
        tweets: how many.
        shares: of each column of shares, how many tweets have each item.
        numbers: of each column of numbers, some of them in rising order.
        between: of each column, how much it moves from window to window beside chance; see `monitoring.drift.spread`.
        terms: in how many different texts each word stands.
        trained: the words that the model's training saw.
        sentiments: of each frequent ticker, how many of its tweets have each sentiment.
    """

    model_name: str
    model_version: str
    source: str
    tweets: int
    shares: Mapping[str, Counter[str]]
    numbers: Mapping[str, Numbers]
    between: Mapping[str, float]
    terms: Vocabulary
    trained: Vocabulary
    sentiments: Mapping[str, Counter[str]]

    @cached_property
    def id(self) -> str:
        """What events call it: 8 hexadecimal digits of a hash of its content."""
        counted = [self.model_name, self.model_version, self.source, self.tweets, self.shares, self.sentiments]
        digest = hashlib.sha256(msgspec.json.encode([*counted, self.between], order="deterministic"))
        for column in sorted(self.numbers):
            digest.update(self.numbers[column].tobytes())
        for vocabulary in (self.terms, self.trained):
            for array in vocabulary.arrays():
                digest.update(array.tobytes())
        return digest.hexdigest()[:8]


def reference_of(
    windows: Sequence[Window],
    *,
    trained: Vocabulary,
    model_name: str,
    model_version: str,
    source: str,
    terms: Vocabulary | None = None,
) -> Reference:
    """Make a reference of windows in the order of their time.

    Args:
        windows: of a time when all was well.
        trained: the words that the model's training saw.
        model_name: name of the registered model that answered.
        model_version: its version.
        source: where the tweets come from, a sentence.
        terms: how frequent words are, where more texts tell it than those of the windows.

    Columns that only a feed has (times, repeats) are left out where no tweet has a time, as in files of labelled
    tweets. How much the feed moves by itself is estimated from at least `monitoring.drift.spread.FEWEST_WINDOWS`
    windows; of fewer, and of such files, it is taken to be nothing.
    """
    whole = joined(windows)
    is_feed = whole.shares["has_no_time"].total() < whole.tweets
    left_out = () if is_feed else _ONLY_OF_FEEDS
    return Reference(
        model_name=model_name,
        model_version=model_version,
        source=source,
        tweets=whole.tweets,
        shares={
            column.name: Counter(dict(whole.shares[column.name].most_common(MOST_ITEMS)))
            for column in SHARE_COLUMNS
            if column.name not in left_out
        },
        numbers={column.name: _thinned(whole.numbers[column.name]) for column in NUMBER_COLUMNS},
        between=spread(windows) if is_feed else {},
        terms=terms or Vocabulary.counted(whole.texts, whole.words),
        trained=trained,
        sentiments={
            ticker: counts for ticker, counts in whole.sentiments.items() if counts.total() >= FEWEST_OF_TICKER
        },
    )


def _thinned(numbers: Numbers) -> Numbers:
    """Keep evenly spaced ranks of numbers in rising order: the same distribution, of fewer."""
    if len(numbers) <= MOST_NUMBERS:
        return numbers
    ranks = (np.arange(MOST_NUMBERS) + 0.5) * len(numbers) / MOST_NUMBERS
    return numbers[ranks.astype(np.int64)]
