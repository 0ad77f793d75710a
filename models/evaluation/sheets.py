"""Findings as plain tables, the same for the terminal and for the model card."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import astuple

from models.careful.measuring import CarefulPoint
from models.evaluation.findings import Findings
from models.evaluation.intervals import Interval
from models.evaluation.learning_curve import LearningPoint
from models.evaluation.metrics import HeadEvaluation, most_confused
from models.evaluation.predecessor import MIN_ROWS, ProtocolScores
from models.evaluation.slices import RARE_CLASS_TWEETS, SHORT_TOKENS, UNSEEN_SHARE

_SHOWN_PAIRS = 8
_SHOWN_EVERY = 0.1  # of the thresholds


class Sheet(NamedTuple):
    """One table.

    Attributes:
        heading: of the table.
        columns: names; the first column holds words, the others numbers.
        rows: cells as they are shown.
        note: what must be known to read it; may be empty.
        pictures: what each shows, and its name, see `models.evaluation.model_card`.
    """

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    pictures: Sequence[tuple[str, str]] = ()


def findings_sheets(findings: Findings) -> Iterator[Sheet]:
    """Put all that was measured into tables."""
    heads = findings.evaluation.heads()
    yield _summary(findings)
    for name, head in heads.items():
        yield _classes(name, head)
    yield _slices(heads)
    for name, head in heads.items():
        yield _confused(name, head)
    yield _coverage(
        "topic", heads["topic"], [("Share of wrong answers by the share of tweets that are answered", "coverage.png")]
    )
    yield _coverage("sentiment", heads["sentiment"], [])
    if findings.care is not None:
        yield _care(findings.care)
    if findings.learning_curve is not None:
        yield _learning_curve(findings.learning_curve)
    if findings.predecessor is not None:
        yield protocol_sheet(findings.predecessor)


def protocol_sheet(scores: ProtocolScores) -> Sheet:
    """Put our figures beside the predecessor's."""
    rows = (
        ("predecessor", scores.predecessor),
        ("ours, on the same rows", scores.ours),
        ("ours, without repeats", scores.ours_without_repeats),
    )
    return Sheet(
        "The predecessor's protocol",
        ("", "weighted precision", "weighted recall", "weighted F1"),
        [(name, *_shares(one.precision, one.recall, one.f1)) for name, one in rows],
        f"{scores.rows:,} rows, repeats and all; what is none of six topics or has fewer than {MIN_ROWS} rows is `other`: "
        f"{len(scores.classes)} classes. Split 70/15/15 by class; means over three splits. Ours learns from no teacher.",
    )


def _summary(findings: Findings) -> Sheet:
    teacher = " and from a teacher" if findings.has_teacher else ""
    return Sheet(
        "On held-out tweets",
        ("head", "tweets", "accuracy", "macro-F1", "weighted F1", "calibration error"),
        [
            (
                name,
                f"{head.performance.tweets:,}",
                _share(head.performance.accuracy, head.accuracy_interval),
                _share(head.performance.macro_f1, head.macro_f1_interval),
                *_shares(head.performance.weighted_f1, head.performance.calibration_error),
            )
            for name, head in findings.evaluation.heads().items()
        ],
        f"Held-out tweets: {findings.held_out}, seed {findings.arguments.seed}; the weights learned from the training "
        f"tweets alone{teacher}. In brackets: 95 % intervals by bootstrap over tweets.",
    )


def _classes(name: str, head: HeadEvaluation) -> Sheet:
    rows = [
        (class_name, f"{one.tweets:,}", *_shares(one.precision, one.recall, one.f1))
        for class_name, one in head.performance.classes.items()
    ]
    return Sheet(f"By class: {name}", ("class", "tweets", "precision", "recall", "F1"), rows)


def _slices(heads: dict[str, HeadEvaluation]) -> Sheet:
    return Sheet(
        "Slices",
        ("slice", "tweets", "accuracy"),
        [
            (f"{name}: {kind}", f"{one.tweets:,}", _share(one.accuracy, one.accuracy_interval))
            for name, head in heads.items()
            for kind, one in head.slices.items()
        ],
        f"Short text: fewer than {SHORT_TOKENS} tokens. Unseen words: over {UNSEEN_SHARE:.0%} of the features are unknown "
        f"to the weights. Rare classes: fewer than {RARE_CLASS_TWEETS} training tweets. Slices without a tweet are left out.",
    )


def _confused(name: str, head: HeadEvaluation) -> Sheet:
    return Sheet(
        f"Most often confused: {name}",
        ("truth and answer", "tweets"),
        [(f"{truth} → {answer}", f"{count:,}") for truth, answer, count in most_confused(head, count=_SHOWN_PAIRS)],
        pictures=[(f"{name}: truth against answers", f"confusion-{name}.png")],
    )


def _coverage(name: str, head: HeadEvaluation, pictures: Sequence[tuple[str, str]]) -> Sheet:
    shown = [row for row in head.coverage if round(row[0] % _SHOWN_EVERY, 2) in (0, _SHOWN_EVERY)]
    return Sheet(
        f"What abstaining would give: {name}",
        ("abstain below", "answered", "wrong of these"),
        [(f"{threshold:.1f}", f"{coverage:.1%}", f"{error:.1%}") for threshold, coverage, error in shown],
        pictures=pictures,
    )


def _care(points: Sequence[CarefulPoint]) -> Sheet:
    head = ("accuracy", "macro-F1", "calibration error")
    return Sheet(
        "Fast and careful",
        (
            "tweets that the teacher sees",
            *(f"topic {name}" for name in head),
            *(f"sentiment {name}" for name in head),
            "tweets/s",
        ),
        [
            (
                f"{point.share:.0%}" if point.share else "none: fast",
                *_shares(*astuple(point.labels)),
                *_shares(*astuple(point.sentiments)),
                f"{point.tweets_per_second:,.0f}",
            )
            for point in points
        ],
        "The teacher sees the held-out tweets that the fast model is least sure of, in both heads together; its "
        "probabilities and the fast model's are then averaged. Tweets a second are those of the model alone on one core.",
        pictures=[("Accuracy by tweets a second", "care.png")],
    )


def _learning_curve(points: Sequence[LearningPoint]) -> Sheet:
    return Sheet(
        "Learning curve",
        ("training tweets", "topics", "accuracy", "macro-F1", "sentiments", "accuracy", "macro-F1"),
        [
            (
                f"{point.share:.0%}",
                f"{point.label_tweets:,}",
                *_shares(point.label_accuracy, point.label_macro_f1),
                f"{point.sentiment_tweets:,}",
                *_shares(point.sentiment_accuracy, point.sentiment_macro_f1),
            )
            for point in points
        ],
        "A share of each class's training tweets, without a teacher; the same held-out tweets.",
    )


def _shares(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.3f}" for value in values)


def _share(value: float, interval: Interval) -> str:
    return f"{value:.3f} ({interval.low:.3f} to {interval.high:.3f})"
