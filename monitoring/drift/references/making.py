"""Make a reference: count, estimate how much the feed moves by itself, and what score that gives."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from monitoring.drift.columns import NUMBER_COLUMNS, SHARE_COLUMNS
from monitoring.drift.comparing import CHANCES, compare
from monitoring.drift.references.reference import Reference
from monitoring.drift.references.spread import spread
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import Numbers, Window, joined

Item = TypeVar("Item")

MOST_NUMBERS = 5_000  # of a column; more would hardly move a threshold
MOST_ITEMS = 1_000  # of a column: the most frequent ones
FEWEST_OF_TICKER = 10  # tweets; the sentiments of rarer tickers say nothing
_ONLY_OF_FEEDS = ("has_no_time", "hour", "is_repeat")
MOST_LEFT_OUT = 60  # windows of the reference that are compared with the rest of it
MARGIN = 1.25  # over the largest score of the reference's own windows, which are few
_EULER = 0.5772


def reference_of(
    windows: Sequence[Window],
    *,
    trained: Vocabulary,
    model_name: str,
    model_version: str,
    source: str,
    terms: Vocabulary | None = None,
    left_out: Collection[str] = (),
) -> Reference:
    """Make a reference of windows in the order of their time.

    Args:
        windows: of a time when all was well.
        trained: the words that the model's training saw.
        model_name: name of the registered model that answered.
        model_version: its version.
        source: where the tweets come from, a sentence.
        terms: how frequent words are, where more texts tell it than those of the windows.
        left_out: columns that are not to be compared.

    Columns that only a feed has (times, repeats) are left out where no tweet has a time, as in files of labelled
    tweets. How much the feed moves by itself is estimated from at least `monitoring.drift.references.spread.FEWEST_WINDOWS`
    windows; of fewer, and of such files, it is taken to be nothing.
    """
    made = _uncalibrated(windows, trained, (model_name, model_version), source, terms)
    if made.between:
        made = replace(made, usual=_usual_scores(windows, made))
    return replace(made, shares=_without(made.shares, left_out), numbers=_without(made.numbers, left_out))


def _uncalibrated(
    windows: Sequence[Window],
    trained: Vocabulary,
    model: tuple[str, str],
    source: str,
    terms: Vocabulary | None,
) -> Reference:
    whole = joined(windows)
    is_feed = whole.shares["has_no_time"].total() < whole.tweets
    left_out = () if is_feed else _ONLY_OF_FEEDS
    return Reference(
        model_name=model[0],
        model_version=model[1],
        source=source,
        tweets=whole.tweets,
        shares={
            column.name: Counter(dict(whole.shares[column.name].most_common(MOST_ITEMS)))
            for column in SHARE_COLUMNS
            if column.name not in left_out
        },
        numbers={column.name: _thinned(whole.numbers[column.name]) for column in NUMBER_COLUMNS},
        between=spread(windows) if is_feed else {},
        usual={},
        terms=terms or Vocabulary.counted(whole.texts, whole.words),
        trained=trained,
        sentiments={
            ticker: counts for ticker, counts in whole.sentiments.items() if counts.total() >= FEWEST_OF_TICKER
        },
    )


def _without(columns: Mapping[str, Item], left_out: Collection[str]) -> dict[str, Item]:
    return {name: column for name, column in columns.items() if name not in left_out}


def _thinned(numbers: Numbers) -> Numbers:
    """Keep evenly spaced ranks of numbers in rising order: the same distribution, of fewer."""
    if len(numbers) <= MOST_NUMBERS:
        return numbers
    ranks = (np.arange(MOST_NUMBERS) + 0.5) * len(numbers) / MOST_NUMBERS
    return numbers[ranks.astype(np.int64)]


def _usual_scores(windows: Sequence[Window], made: Reference) -> dict[str, float]:
    """Compare windows of the reference with the rest of it; give of each column the score that this may reach.

    Scores are logarithms of chances, so their largest has a Gumbel distribution: what is given is what one with the mean
    and deviation of these scores exceeds as seldom as the column may give a false alarm, and some more than their largest.
    """
    step = max(1, math.ceil(len(windows) / MOST_LEFT_OUT))
    seen: dict[str, list[float]] = {}
    for left_out in range(0, len(windows), step):
        rest = [window for place, window in enumerate(windows) if place != left_out]
        without = _uncalibrated(rest, made.trained, (made.model_name, made.model_version), made.source, None)
        scores = compare(replace(without, between=made.between), windows[left_out]).scores
        for column, score in scores.items():
            seen.setdefault(column, []).append(score)
    return {
        column: max(1.0, MARGIN * max(scores), _exceeded_seldom(scores, CHANCES[column]))
        for column, scores in seen.items()
    }


def _exceeded_seldom(scores: Sequence[float], chance: float) -> float:
    """Give what a Gumbel distribution with the mean and deviation of some scores exceeds with a chance."""
    scale = float(np.std(scores, ddof=1)) * math.sqrt(6) / math.pi
    return float(np.mean(scores)) - scale * (_EULER + math.log(-math.log1p(-chance)))
