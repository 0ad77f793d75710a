"""render(reference, window, verdict) -> Evidently's report as a page and as JSON; holds no tweet text.

Evidently draws the distributions; whether a column moved, `monitoring.drift.monitor` has said. Evidently asks a test of
ours for each column's score, so both say the same. It sends usage statistics when its UI or its collector runs, and loads
the module for it only then; neither runs here.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.core.datasets import ColumnType
from evidently.legacy.calculations.stattests import StatTest, register_stattest
from evidently.metrics import ValueDrift

from monitoring.drift.columns import NUMBER_COLUMNS
from monitoring.drift.monitor import Verdict
from monitoring.drift.references.reference import Reference
from monitoring.drift.reports.frames import frames
from monitoring.drift.windows import Window

MOVED_SCORE = 1.0
"""A score of this and more is drift."""
_NUMBERS = [column.name for column in NUMBER_COLUMNS]
_MONITOR_SCORE = StatTest(
    name="monitor_score",
    display_name="score of the drift monitor (1 and more is drift)",
    allowed_feature_types=[ColumnType.Numerical, ColumnType.Categorical],
)
_scores: ContextVar[Mapping[str, float]] = ContextVar("scores of the columns of the report that is being made")


@dataclass(frozen=True)
class Rendered:
    """A report.

    Attributes:
        html: one page of 4 MB with all it needs: it asks no server for anything.
        json: Evidently's snapshot, which `evidently.core.report.Snapshot.loads` and Evidently's UI read.
    """

    html: str
    json: bytes


def render(reference: Reference, window: Window, verdict: Verdict) -> Rendered:
    """Make the report of a window.

    Takes about a second and is CPU-bound: never call it on an event loop that serves.

    Args:
        reference: what the window was compared with.
        window: the tweets that are drawn, as `verdict.long` or the window that was judged.
        verdict: its scores; a column that has none was not compared, and is left out.
    """
    before, after = frames(reference, window, verdict.scores)
    numbers = [name for name in before.columns if name in _NUMBERS]
    definition = DataDefinition(
        numerical_columns=numbers, categorical_columns=[name for name in before.columns if name not in _NUMBERS]
    )
    current, old = (Dataset.from_pandas(frame, data_definition=definition) for frame in (after, before))
    token = _scores.set(verdict.scores)
    try:
        metrics = [
            ValueDrift(column=name, method=_MONITOR_SCORE.name, threshold=MOVED_SCORE) for name in before.columns
        ]
        snapshot = Report(metrics).run(current, old)
        return Rendered(str(snapshot.get_html_str(as_iframe=False)), str(snapshot.dumps()).encode())
    finally:
        _scores.reset(token)


def _monitor_score(_reference: pd.Series, current: pd.Series, _type: ColumnType, limit: float) -> tuple[float, bool]:
    score = _scores.get()[str(current.name)]
    return score, score >= limit


register_stattest(_MONITOR_SCORE, _monitor_score)
