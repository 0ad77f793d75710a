"""compare(reference, window) -> Comparison: each column's score, and what moved in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.evaluation.intervals import Interval
from monitoring.drift.columns import (
    DEAD_LETTERS,
    NUMBER_COLUMNS,
    SHARE_COLUMNS,
    TERM,
    TICKER_SENTIMENT,
    ShareColumn,
)
from monitoring.drift.describing import Description
from monitoring.drift.records import Cause, Kind
from monitoring.drift.references.reference import Reference
from monitoring.drift.testing import (
    MATERIAL_SHARE,
    MATERIAL_TERM,
    Counts,
    limit_score,
    log_odds,
    number_score,
    share_scores,
)
from monitoring.drift.windows import Window

Length = Literal["short", "long"]

# Of all that is asked of one window, by itself and with those before: the bound of Bonferroni, which holds however the
# columns hang together. What is really told by chance is a third of it: docs/reference/drift.md.
FALSE_ALARM_CHANCE = 0.025
COLUMNS = (
    *(column.name for column in SHARE_COLUMNS),
    *(column.name for column in NUMBER_COLUMNS),
    TERM,
    TICKER_SENTIMENT,
    DEAD_LETTERS,
)
# Columns of many items need more of it to see as far.
_WEIGHTS = {name: {"label": 4, TERM: 6}.get(name, 1) for name in COLUMNS}
CHANCES = {name: FALSE_ALARM_CHANCE / 2 * weight / sum(_WEIGHTS.values()) for name, weight in _WEIGHTS.items()}
MALFORMED_SHARE = 0.01
HOURS_OF_A_DAY = 20  # a window with so many different hours covers days: only then the hours of both are alike
FEWEST_OF_TICKER = 30  # tweets of a ticker on both sides, for its sentiments to be compared
NEAR = 0.5  # what is told of to the monitor, so that an open alarm does not flutter
MOST_CAUSES = 10  # of one column
MOST_EXAMPLES = 5
HOUR_COLUMN = "hour"


@dataclass(frozen=True)
class Comparison:
    """What one comparison found.

    Attributes:
        scores: of each column that both sides have, the largest score of its items; 1 and more is drift.
        near: by name, the causes of at least half the threshold, whether they moved or not; the largest score first.
    """

    scores: Mapping[str, float]
    near: Mapping[str, Cause]


@dataclass(frozen=True)
class _Shares:
    """Items with their counts on both sides."""

    items: Sequence[str]
    now: Counts
    of_now: int | Counts
    before: Counts
    of_before: int | Counts


def compare(
    reference: Reference, window: Window, length: Length = "short", *, malformed_share: float = MALFORMED_SHARE
) -> Comparison:
    """Compare a window with a reference; takes some milliseconds."""
    scores: dict[str, float] = {}
    near: list[Cause] = []
    for name, found in _columns(reference, window, length, malformed_share):
        scores[name] = max((cause.score for cause in found), default=0.0)
        near += sorted((cause for cause in found if cause.score >= NEAR), key=_by_score)[:MOST_CAUSES]
    return Comparison(scores, {cause.name: cause for cause in sorted(near, key=_by_score)})


def _by_score(cause: Cause) -> float:
    return -cause.score


def _columns(
    reference: Reference, window: Window, length: Length, malformed_share: float
) -> Iterator[tuple[str, list[Cause]]]:
    for column in SHARE_COLUMNS:
        if column.name in reference.shares and (column.name != HOUR_COLUMN or _covers_days(window)):
            yield column.name, _shares_of_column(column, reference, window, length)
    for numbers in NUMBER_COLUMNS:
        if len(window.numbers[numbers.name]) and len(reference.numbers.get(numbers.name, ())):
            yield numbers.name, [_numbers_of_column(numbers.name, numbers.kind, reference, window, length)]
    yield TERM, _terms(reference, window, length)
    if reference.sentiments:
        yield TICKER_SENTIMENT, _sentiments(reference, window, length)
    yield DEAD_LETTERS, [_dead_letters(window, length, malformed_share)]


def _covers_days(window: Window) -> bool:
    return len(window.shares[HOUR_COLUMN]) >= HOURS_OF_A_DAY


def _shares_of_column(column: ShareColumn, reference: Reference, window: Window, length: Length) -> list[Cause]:
    before, now = reference.shares[column.name], window.shares[column.name]
    least_now, least_before = window.tweets * MATERIAL_SHARE / 2, reference.tweets * MATERIAL_SHARE / 2
    items = [item for item in {**before, **now} if now[item] >= least_now or before[item] >= least_before]
    counted = _Shares(
        items,
        np.array([now[item] for item in items], np.int64),
        window.tweets,
        np.array([before[item] for item in items], np.int64),
        reference.tweets,
    )

    def examples(item: str) -> list[Description]:
        return [row for row, found in zip(window.rows, column.items(window.rows), strict=True) if item in tuple(found)]

    return _share_causes(counted, column.kind, column.name, reference, length, examples)


def _share_causes(
    shares: _Shares,
    kind: Kind,
    column: str,
    reference: Reference,
    length: Length,
    examples: Callable[[str], list[Description]],
) -> list[Cause]:
    if not shares.items:
        return []
    of_now = np.broadcast_to(shares.of_now, shares.now.shape)
    of_before = np.broadcast_to(shares.of_before, shares.before.shape)
    between, chance = reference.between.get(column, 0.0), CHANCES[column] / len(shares.items)
    material = MATERIAL_TERM if column == TERM else MATERIAL_SHARE
    scores = share_scores(
        shares.now, of_now, shares.before, of_before, between=between, chance=chance, material=material
    ) / reference.usual.get(column, 1.0)
    causes = []
    for position in np.argsort(-scores)[: MOST_CAUSES + 1]:
        now, total_now = int(shares.now[position]), int(of_now[position])
        before, total_before = int(shares.before[position]), int(of_before[position])
        value, low, high = log_odds(now, total_now, before, total_before)
        score = float(scores[position])
        causes.append(
            Cause(
                kind=kind,
                column=column,
                item=shares.items[position],
                window=length,
                before=before / total_before,
                after=now / total_now,
                score=score,
                log_odds=(value, Interval(low, high)),
                examples=_ids(examples(shares.items[position])) if score >= 1 else (),
            )
        )
    return causes


def _numbers_of_column(column: str, kind: Kind, reference: Reference, window: Window, length: Length) -> Cause:
    now, before = window.numbers[column], reference.numbers[column]
    score = number_score(now, before, between=reference.between.get(column, 0.0), chance=CHANCES[column])
    score /= reference.usual.get(column, 1.0)
    median_before, median_now = float(np.median(before)), float(np.median(now))
    rises = float(np.mean(now)) >= float(np.mean(before))
    examples: list[Description] = []
    if score >= 1:
        rows = [row for row in window.rows if not np.isnan(getattr(row, column))]
        examples = sorted(rows, key=lambda row: float(getattr(row, column)), reverse=rises)
    return Cause(kind, column, None, length, median_before, median_now, score, None, _ids(examples))


def _terms(reference: Reference, window: Window, length: Length) -> list[Cause]:
    texts_before = reference.terms.texts
    if not window.texts or not texts_before:
        return []
    least = window.texts * MATERIAL_TERM / 2
    words = [word for word, texts in window.words.items() if texts >= least]
    words += [
        word
        for word in reference.terms.named
        if window.words[word] < least and reference.terms.count(word) >= texts_before * MATERIAL_TERM / 2
    ]
    counted = _Shares(
        [word.decode("utf-8", "replace") for word in words],
        np.array([window.words[word] for word in words], np.int64),
        window.texts,
        np.array([min(reference.terms.count(word), texts_before) for word in words], np.int64),
        texts_before,
    )

    def examples(item: str) -> list[Description]:
        return [row for row in window.rows if item.encode() in row.words]

    return _share_causes(counted, Kind.TEXT, TERM, reference, length, examples)


def _sentiments(reference: Reference, window: Window, length: Length) -> list[Cause]:
    tickers = [
        ticker
        for ticker, counts in window.sentiments.items()
        if ticker in reference.sentiments
        and min(counts.total(), reference.sentiments[ticker].total()) >= FEWEST_OF_TICKER
    ]
    pairs = [
        (ticker, sentiment)
        for ticker in tickers
        for sentiment in {**reference.sentiments[ticker], **window.sentiments[ticker]}
    ]
    counted = _Shares(
        [f"{ticker} {sentiment}" for ticker, sentiment in pairs],
        np.array([window.sentiments[ticker][sentiment] for ticker, sentiment in pairs], np.int64),
        np.array([window.sentiments[ticker].total() for ticker, _ in pairs], np.int64),
        np.array([reference.sentiments[ticker][sentiment] for ticker, sentiment in pairs], np.int64),
        np.array([reference.sentiments[ticker].total() for ticker, _ in pairs], np.int64),
    )

    def examples(item: str) -> list[Description]:
        ticker, _, sentiment = item.rpartition(" ")
        return [row for row in window.rows if ticker in row.tickers and row.sentiment == sentiment]

    return _share_causes(counted, Kind.PREDICTION, TICKER_SENTIMENT, reference, length, examples)


def _dead_letters(window: Window, length: Length, malformed_share: float) -> Cause:
    records = window.tweets + window.dead_letters
    score = limit_score(window.dead_letters, records, limit=malformed_share, chance=CHANCES[DEAD_LETTERS])
    share = window.dead_letters / records if records else 0.0
    return Cause(Kind.QUALITY, DEAD_LETTERS, None, length, malformed_share, share, score)


def _ids(rows: Sequence[Description]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.id for row in rows if row.id is not None))[:MOST_EXAMPLES]
