"""What a training is remembered by: `config/run.json`, MLflow's parameters and metrics, and tables to read."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table

from models.careful.measuring import CarefulPoint
from models.evaluation.metrics import HeadEvaluation, HeadPerformance
from models.retraining.findings import FeedbackFindings, feedback_table
from models.training.arguments import TrainingArguments
from models.training.trainer import TrainingResult


class Report(msgspec.Struct, frozen=True):
    """One training; the content of `config/run.json`.

    Attributes:
        run_id: of the MLflow run.
        model_name: name of the registered model.
        model_version: its version in the registry.
        weights_sha256: hash of the weights file.
        weights_bytes: its size.
        features: rows of its table.
        data_sha256: hash over the files with labelled tweets.
        arguments: see there.
        held_out: `split off`: a share of each class, on which the performance was measured before the weights were
            fitted again on all tweets; `published`: the validation files, which the weights never saw.
        label_tweets: tweets that the label head was fitted on.
        sentiment_tweets: tweets that the sentiment head was fitted on.
        labels: performance of the label head on held-out tweets.
        sentiments: performance of the sentiment head on held-out tweets.
        feedback: what people's labels gave, where some were learned from.
    """

    run_id: str
    model_name: str
    model_version: str
    weights_sha256: str
    weights_bytes: int
    features: int
    data_sha256: str
    arguments: TrainingArguments
    held_out: Literal["split off", "published"]
    label_tweets: int
    sentiment_tweets: int
    labels: HeadPerformance
    sentiments: HeadPerformance
    feedback: FeedbackFindings | None = None


def encode_report(report: Report) -> bytes:
    """Write a report as JSON for people and programs; the bytes of `config/run.json`."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def parameters(
    arguments: TrainingArguments, result: TrainingResult, *, data_sha256: str
) -> dict[str, str | int | float]:
    """List what a training depended on."""
    return {
        **msgspec.structs.asdict(arguments),
        "data_sha256": data_sha256,
        "label_tweets": result.label_tweets,
        "sentiment_tweets": result.sentiment_tweets,
        "held_out": held_out(result),
    }


def metrics(result: TrainingResult) -> dict[str, float]:
    """List the numbers of both heads by name, each with its head in front, such as `labels_macro_f1`."""
    evaluation = result.evaluation
    return {
        f"{head}_{name}": value
        for head, found in (("labels", evaluation.labels), ("sentiments", evaluation.sentiments))
        for name, value in (*_shares(found.performance), *_bounds(found), *_slices(found))
    }


def careful_metrics(points: Sequence[CarefulPoint]) -> dict[str, float]:
    """List what care gives by name, such as `careful_10_labels_accuracy` where the teacher sees a tenth of the tweets."""
    return {
        f"careful_{100 * point.share:.0f}_{name}": value
        for point in points
        for name, value in (
            ("labels_accuracy", point.labels.accuracy),
            ("labels_macro_f1", point.labels.macro_f1),
            ("labels_calibration_error", point.labels.calibration_error),
            ("sentiments_accuracy", point.sentiments.accuracy),
            ("sentiments_macro_f1", point.sentiments.macro_f1),
            ("sentiments_calibration_error", point.sentiments.calibration_error),
            ("tweets_per_second", point.tweets_per_second),
        )
    }


def fits(result: TrainingResult) -> list[dict[str, float]]:
    """List the numbers of each fit by name: first of the weights that were measured, then of those fitted again."""
    fitted = [result.measured_weights, result.weights] if result.is_refitted else [result.weights]
    return [
        {
            "features": len(weights.ids),
            "labels_temperature": float(weights.temperatures[0]),
            "sentiments_temperature": float(weights.temperatures[1]),
        }
        for weights in fitted
    ]


def held_out(result: TrainingResult) -> Literal["split off", "published"]:
    """Name where the held-out tweets came from."""
    return "split off" if result.is_refitted else "published"


def tables(report: Report) -> RenderableType:
    """Render both heads and their classes."""
    heads = Table(title=f"{report.model_name} version {report.model_version}, on held-out tweets ({report.held_out})")
    heads.add_column("head")
    for column in ("tweets", "accuracy", "macro-F1", "weighted F1", "calibration error"):
        heads.add_column(column, justify="right")
    for name, performance in (("topic", report.labels), ("sentiment", report.sentiments)):
        heads.add_row(name, f"{performance.tweets:,}", *(f"{value:.3f}" for _, value in _shares(performance)))
    parts: list[RenderableType] = [heads, _classes("topic", report.labels), _classes("sentiment", report.sentiments)]
    if report.feedback is not None:
        parts.append(feedback_table(report.feedback, version=report.model_version))
    return Group(*parts)


def _classes(title: str, performance: HeadPerformance) -> Table:
    table = Table(title=None)
    table.add_column(title)
    for column in ("tweets", "precision", "recall", "F1"):
        table.add_column(column, justify="right")
    for name, one in performance.classes.items():
        table.add_row(name, f"{one.tweets:,}", f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}")
    return table


def _shares(performance: HeadPerformance) -> Iterator[tuple[str, float]]:
    yield "accuracy", performance.accuracy
    yield "macro_f1", performance.macro_f1
    yield "weighted_f1", performance.weighted_f1
    yield "calibration_error", performance.calibration_error


def _bounds(found: HeadEvaluation) -> Iterator[tuple[str, float]]:
    for name, interval in (("accuracy", found.accuracy_interval), ("macro_f1", found.macro_f1_interval)):
        yield f"{name}_low", interval.low
        yield f"{name}_high", interval.high


def _slices(found: HeadEvaluation) -> Iterator[tuple[str, float]]:
    for name, one in found.slices.items():
        yield f"{name.replace(' ', '_')}_accuracy", one.accuracy
