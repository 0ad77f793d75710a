"""Findings of an evaluation as tables for the terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table

from models.evaluation import HeadEvaluation, most_confused
from models.findings import Findings
from models.intervals import Interval
from models.learning_curve import LearningPoint
from models.predecessor import ProtocolScores

_SHOWN_THRESHOLDS = tuple(percent / 100 for percent in range(0, 100, 10))
_SHOWN_PAIRS = 8


def findings_tables(findings: Findings) -> RenderableType:
    """Render all that was measured."""
    return Group(*_tables(findings))


def protocol_table(scores: ProtocolScores) -> Table:
    """Render our figures beside the predecessor's."""
    rows = (
        ("predecessor", scores.predecessor),
        ("ours, on the same rows", scores.ours),
        ("ours, without repeats", scores.ours_without_repeats),
    )
    table = _table(
        f"The predecessor's protocol: {len(scores.classes)} classes ({', '.join(scores.classes)}), {scores.rows:,} rows",
        "",
        ("weighted precision", "weighted recall", "weighted F1"),
    )
    for name, one in rows:
        table.add_row(name, *(f"{share:.3f}" for share in (one.precision, one.recall, one.f1)))
    return table


def share(value: float, interval: Interval) -> str:
    """Write a share with its interval.

    >>> share(0.8254, Interval(0.81, 0.84))
    '0.825 (0.810 to 0.840)'
    """
    return f"{value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _tables(findings: Findings) -> Iterator[Table]:
    heads = {"topic": findings.evaluation.labels, "sentiment": findings.evaluation.sentiments}
    summary = _table(
        f"On held-out tweets ({findings.held_out}), with 95 % intervals",
        "head",
        ("tweets", "accuracy", "macro-F1", "weighted F1", "calibration error"),
    )
    for name, head in heads.items():
        summary.add_row(
            name,
            f"{head.performance.tweets:,}",
            share(head.performance.accuracy, head.accuracy_interval),
            share(head.performance.macro_f1, head.macro_f1_interval),
            f"{head.performance.weighted_f1:.3f}",
            f"{head.performance.calibration_error:.3f}",
        )
    yield summary
    for name, head in heads.items():
        yield _classes(name, head)
        yield _slices(name, head)
        yield _coverage(name, head)
        yield _confused(name, head)
    if findings.learning_curve is not None:
        yield _learning_curve(findings.learning_curve)
    if findings.predecessor is not None:
        yield protocol_table(findings.predecessor)


def _classes(name: str, head: HeadEvaluation) -> Table:
    table = _table(None, name, ("tweets", "precision", "recall", "F1"))
    for class_name, one in head.performance.classes.items():
        table.add_row(class_name, f"{one.tweets:,}", f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}")
    return table


def _slices(name: str, head: HeadEvaluation) -> Table:
    table = _table(None, f"{name}: slice", ("tweets", "accuracy"))
    for slice_name, one in head.slices.items():
        table.add_row(slice_name, f"{one.tweets:,}", share(one.accuracy, one.accuracy_interval))
    return table


def _coverage(name: str, head: HeadEvaluation) -> Table:
    table = _table(None, f"{name}: abstain below", ("answered", "wrong of these"))
    for threshold, coverage, error in head.coverage:
        if threshold in _SHOWN_THRESHOLDS:
            table.add_row(f"{threshold:.1f}", f"{coverage:.1%}", f"{error:.1%}")
    return table


def _confused(name: str, head: HeadEvaluation) -> Table:
    table = _table(None, f"{name}: truth", ("answer", "tweets"))
    for truth, answer, tweets in most_confused(head, count=_SHOWN_PAIRS):
        table.add_row(truth, answer, str(tweets))
    return table


def _learning_curve(points: tuple[LearningPoint, ...]) -> Table:
    heads = ("topic tweets", "accuracy", "macro-F1", "sentiment tweets", "accuracy", "macro-F1")
    table = _table("Learning curve", "share of the training tweets", heads)
    for point in points:
        table.add_row(
            f"{point.share:.0%}",
            f"{point.label_tweets:,}",
            f"{point.label_accuracy:.3f}",
            f"{point.label_macro_f1:.3f}",
            f"{point.sentiment_tweets:,}",
            f"{point.sentiment_accuracy:.3f}",
            f"{point.sentiment_macro_f1:.3f}",
        )
    return table


def _table(title: str | None, first: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table
