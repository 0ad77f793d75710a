"""Pictures of an evaluation as PNG; the only importer of matplotlib."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from models.careful.measuring import CarefulPoint
from models.evaluation.metrics import Evaluation, HeadEvaluation

_DOTS_PER_INCH = 100
_DARK_SHARE = 0.5  # white digits read better from here on


def evaluation_pictures(evaluation: Evaluation) -> dict[str, bytes]:
    """Draw what is confused and what abstaining would give; file name -> PNG."""
    heads = evaluation.heads()
    confusion = {f"confusion-{name}.png": _confusion(head) for name, head in heads.items()}
    return {**confusion, "coverage.png": _coverage(heads)}


def care_picture(points: Sequence[CarefulPoint]) -> dict[str, bytes]:
    """Draw accuracy over tweets a second, a line a head and a mark a share of tweets; file name -> PNG."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    speeds = [point.tweets_per_second for point in points]
    for name, heads in (
        ("topic", [point.labels for point in points]),
        ("sentiment", [point.sentiments for point in points]),
    ):
        axes.plot(speeds, [100 * head.accuracy for head in heads], marker="o", label=name)
    for point, speed in zip(points, speeds, strict=True):
        axes.annotate(
            f"{point.share:.0%}", (speed, 100 * point.labels.accuracy), (0, 6), textcoords="offset points", fontsize=7
        )
    axes.set_xscale("log")
    axes.set_xlabel("tweets a second on one core; marks: share of tweets that the teacher sees")
    axes.set_ylabel("right answers, %")
    axes.grid(alpha=0.3)
    axes.legend()
    return {"care.png": _png(figure)}


def _confusion(head: HeadEvaluation) -> bytes:
    """Draw true classes against answers: each row's shares as shades, its tweets as numbers."""
    names = list(head.performance.classes)
    counts = np.array(head.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.5 + 0.36 * len(names)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("answer")
    axes.set_ylabel("truth")
    for row, column in np.argwhere(counts):
        colour = "white" if shares[row, column] > _DARK_SHARE else "black"
        axes.text(column, row, counts[row, column], ha="center", va="center", fontsize=7, color=colour)
    return _png(figure)


def _coverage(heads: dict[str, HeadEvaluation]) -> bytes:
    """Draw the share of wrong answers over the share of tweets that are answered, a line a head."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, head in heads.items():
        _, coverage, error = np.array(head.coverage).T
        axes.plot(100 * coverage, 100 * error, label=name)
    axes.set_xlabel("tweets that are answered, %")
    axes.set_ylabel("wrong answers among them, %")
    axes.set_xlim(0, 100)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    return _png(figure)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})  # no version in the bytes
    return buffer.getvalue()
