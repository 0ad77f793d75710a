"""compare(reference, current) -> DriftReport: what moved between two windows; the only module that imports evidently.

Each column has one distance between its two distributions. It moved when the distance is at least its threshold: the
distance that chance alone reaches in one of 900 comparisons of windows of these sizes, and never less than
`MATERIAL_DISTANCE`. There is drift when a column moved; by chance alone, in about one of 100 comparisons.

Evidently sends usage statistics when its UI or its collector runs, and loads the module for it only then; neither
runs here.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.core.datasets import ColumnType
from evidently.core.report import Snapshot
from evidently.legacy.calculations.stattests import StatTest, register_stattest
from evidently.metrics import ValueDrift
from scipy.stats import chi2, ks_2samp

from models.errors import WindowTooSmallError
from models.taxonomy import ANSWERS
from monitoring.records import Description, Window

MIN_WINDOW_TWEETS = 200  # below, the approximations behind the thresholds are not good, and only a landslide is found
FALSE_ALARM_CHANCE = 0.01  # of a whole comparison of two windows from the same stream
MATERIAL_DISTANCE = 0.05  # long windows prove ever smaller moves; a yes-no column of 50 % must at least go to 57 %

# Jensen-Shannon: symmetric, bounded, has no trouble with a label that one window lacks, and its distribution under
# chance is known. (Evidently's chi-square takes the reference's shares as exact, so it cries wolf.)
CATEGORICAL = ("label", "sentiment", "has_link", "has_cashtag", "is_retweet")
# Kolmogorov-Smirnov: the same threshold whatever the shape, and no one long text or ticker list can carry it.
# (Evidently's own "ks" gives the p-value, with which no smallest material move can be stated.)
NUMERICAL = ("sentiment_score", "label_score", "text_characters", "ticker_count")
COLUMNS = Description._fields
COLUMN_FALSE_ALARM_CHANCE = FALSE_ALARM_CHANCE / len(COLUMNS)  # Bonferroni: holds however the columns hang together

_JENSEN_SHANNON = "jensenshannon"
_KS_DISTANCE = StatTest(
    name="ks_distance",
    display_name="Kolmogorov-Smirnov distance",
    allowed_feature_types=[ColumnType.Numerical],
)


@dataclass(frozen=True)
class ColumnDrift:
    """How far one column moved.

    Attributes:
        column: a field of `monitoring.records.Description`.
        test: name of the distance.
        distance: 0 for equal distributions; at most 0.83 (Jensen-Shannon, in nats) or 1 (Kolmogorov-Smirnov).
        threshold: the smallest distance that counts as moved.
    """

    column: str
    test: str
    distance: float
    threshold: float

    @property
    def moved(self) -> bool:
        """True when the distance is at least the threshold."""
        return self.distance >= self.threshold


@dataclass(frozen=True)
class LabelShift:
    """A label's shares of the tweets, 0 to 1, in both windows."""

    label: str
    reference_share: float
    current_share: float


@dataclass(frozen=True)
class DriftReport:
    """What a comparison found.

    Attributes:
        columns: in the order of `COLUMNS`.
        labels: all labels of either window, the one whose share changed most first.
    """

    columns: tuple[ColumnDrift, ...]
    labels: tuple[LabelShift, ...]
    _snapshot: Snapshot = field(repr=False, compare=False)

    @property
    def drift(self) -> bool:
        """True when a column moved."""
        return any(column.moved for column in self.columns)

    def html(self) -> str:
        """Render Evidently's report, 4 MB with all it needs: it asks no server for anything."""
        return str(self._snapshot.get_html_str(as_iframe=False))


def compare(reference: Window, current: Window) -> DriftReport:
    """Compare two windows of tweets that one model version classified.

    Takes some tenths of a second and is CPU-bound: never call it on an event loop that serves.

    Raises:
        WindowTooSmallError: one has fewer than `MIN_WINDOW_TWEETS` tweets.
    """
    _check_size("reference", reference)
    _check_size("current", current)
    frames = _frame(reference), _frame(current)
    thresholds = [threshold(column, reference.descriptions, current.descriptions) for column in COLUMNS]
    snapshot = _run(*frames, thresholds)
    distances = [_distance(metric["value"]) for metric in snapshot.dict()["metrics"]]
    return DriftReport(
        columns=tuple(
            ColumnDrift(column, _test_name(column), distance, limit)
            for column, distance, limit in zip(COLUMNS, distances, thresholds, strict=True)
        ),
        labels=label_shifts(reference.descriptions, current.descriptions),
        _snapshot=snapshot,
    )


def threshold(column: str, reference: Sequence[Description], current: Sequence[Description]) -> float:
    """Give the smallest distance of a column that counts as moved between windows of these sizes."""
    noise = 1 / len(reference) + 1 / len(current)
    if column in NUMERICAL:
        return max(MATERIAL_DISTANCE, kolmogorov_smirnov_noise(noise))
    position = COLUMNS.index(column)
    categories = {row[position] for row in reference} | {row[position] for row in current}
    return max(MATERIAL_DISTANCE, jensen_shannon_noise(noise, len(categories)))


def jensen_shannon_noise(noise: float, categories: int) -> float:
    """Give the distance, in nats, that chance exceeds in `COLUMN_FALSE_ALARM_CHANCE` of the comparisons.

    Args:
        noise: 1/m + 1/n for windows of m and n tweets.
        categories: how many different values there are in both windows together.

    Source: 8 JS^2 / (1/m + 1/n) is asymptotically chi-square with categories - 1 degrees of freedom, as for any
    f-divergence (Salicru, Morales, Menendez and Pardo, 1994).

    >>> round(jensen_shannon_noise(1 / 2000 + 1 / 500, 20), 3)
    0.117
    """
    return math.sqrt(float(chi2.isf(COLUMN_FALSE_ALARM_CHANCE, max(categories - 1, 1))) * noise / 8)


def kolmogorov_smirnov_noise(noise: float) -> float:
    """Give the distance that chance exceeds in at most `COLUMN_FALSE_ALARM_CHANCE` of the comparisons.

    Args:
        noise: 1/m + 1/n for windows of m and n tweets.

    Source: Smirnov's asymptotic bound; equal values, as in a count, make it safer.

    >>> round(kolmogorov_smirnov_noise(1 / 2000 + 1 / 500), 3)
    0.097
    """
    return math.sqrt(math.log(2 / COLUMN_FALSE_ALARM_CHANCE) / 2 * noise)


def label_shifts(reference: Sequence[Description], current: Sequence[Description]) -> tuple[LabelShift, ...]:
    """Give the labels' shares before and after, the one that changed most first."""
    before = Counter(row.label for row in reference)
    after = Counter(row.label for row in current)
    shifts = [
        LabelShift(str(label), before[label] / len(reference), after[label] / len(current))
        for label in ANSWERS
        if label in before or label in after
    ]
    return tuple(sorted(shifts, key=lambda shift: -abs(shift.current_share - shift.reference_share)))


def _check_size(name: str, window: Window) -> None:
    found = len(window.descriptions)
    if found >= MIN_WINDOW_TWEETS:
        return
    unreadable = ""
    if window.unreadable_lines:
        first = window.unreadable_line_numbers[0]
        unreadable = f" (lines that are no classified tweet: {window.unreadable_lines:,}, the first is line {first})"
    raise WindowTooSmallError(
        f"the {name} window has {found} tweets{unreadable}; at least {MIN_WINDOW_TWEETS} are needed: take a longer one"
    )


def _frame(window: Window) -> pd.DataFrame:
    frame = pd.DataFrame.from_records(window.descriptions, columns=list(COLUMNS))
    # Evidently writes category names into its page: plain words, of our own closed sets alone.
    return frame.assign(**{column: frame[column].map(_category) for column in CATEGORICAL})


def _category(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _run(reference: pd.DataFrame, current: pd.DataFrame, thresholds: Sequence[float]) -> Snapshot:
    register_stattest(_KS_DISTANCE, _ks_distance)
    definition = DataDefinition(categorical_columns=list(CATEGORICAL), numerical_columns=list(NUMERICAL))
    metrics = [
        ValueDrift(column=column, method=_method(column), threshold=limit)
        for column, limit in zip(COLUMNS, thresholds, strict=True)
    ]
    datasets = [Dataset.from_pandas(frame, data_definition=definition) for frame in (current, reference)]
    return Report(metrics).run(*datasets)


def _distance(value: float) -> float:
    # SciPy's Jensen-Shannon is the root of a sum that, for equal shares, rounding can make negative: then it is NaN.
    return 0.0 if math.isnan(value) else float(value)


def _ks_distance(reference: pd.Series, current: pd.Series, _type: ColumnType, limit: float) -> tuple[float, bool]:
    distance = float(ks_2samp(reference, current, method="asymp").statistic)
    return distance, distance >= limit


def _method(column: str) -> str:
    return _JENSEN_SHANNON if column in CATEGORICAL else str(_KS_DISTANCE.name)


def _test_name(column: str) -> str:
    return "Jensen-Shannon" if column in CATEGORICAL else "Kolmogorov-Smirnov"
