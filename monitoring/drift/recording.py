"""What the drift process notes of its work in the metrics."""

from collections.abc import Collection, Mapping

from monitoring.drift.records import Kind
from monitoring.metrics import (
    ALERTS,
    DRIFT_DETECTED,
    DRIFT_LAG,
    DRIFT_OUTCOMES,
    DRIFT_REPORT_SECONDS,
    DRIFT_SCORE,
    DRIFT_SKIPPED,
    DRIFT_WINDOWS,
)


def record_drift_window(outcome: str, kinds: Collection[str], scores: Mapping[str, float]) -> None:
    """Count a window that ended, and show what was found in it; one with too few tweets leaves what was shown.

    Args:
        outcome: one of `DRIFT_OUTCOMES`.
        kinds: the kinds of drift that it has, of `monitoring.drift.records.Kind`.
        scores: of each column, its distance divided by its threshold. Columns come from a closed set, never from tweets.

    Raises:
        ValueError: an outcome or a kind is none of those.
    """
    unknown = {outcome}.difference(DRIFT_OUTCOMES) | set(kinds).difference(Kind)
    if unknown:
        raise ValueError(f"{sorted(unknown)}: an outcome is one of {DRIFT_OUTCOMES}, a kind one of {[*Kind]}")
    DRIFT_WINDOWS.labels(outcome).inc()
    if outcome == "too_few":
        return
    for kind in Kind:
        DRIFT_DETECTED.labels(kind).set(kind in kinds)
    DRIFT_SCORE.clear()
    for column, score in scores.items():
        DRIFT_SCORE.labels(column).set(score)


def show_drift_lag(tweets: int) -> None:
    """Show how many classified tweets the drift process has not read yet."""
    DRIFT_LAG.set(tweets)


def count_skipped(tweets: int) -> None:
    """Count classified tweets that the drift process could not read or passed over."""
    DRIFT_SKIPPED.inc(tweets)


def observe_drift_report(seconds: float) -> None:
    """Note how long a drift report took."""
    DRIFT_REPORT_SECONDS.observe(seconds)


def count_alert(outcome: str) -> None:
    """Count a message about drift alarms: `delivered`, or `failed`; or an event that was `dropped` before."""
    ALERTS.labels(outcome).inc()
