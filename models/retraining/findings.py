"""What a training on people's labels is remembered by: what was learned, and how the newest labels are answered."""

from collections.abc import Iterator

import msgspec
from rich.console import RenderableType
from rich.table import Table

from models.online.prequential import Figure


class FeedbackUsed(msgspec.Struct, frozen=True):
    """The labels of `tweets.labelled` that went into a training.

    Attributes:
        tweets: labelled tweets that were read, repeats left out.
        sha256: hash over them.
        labels: topics that were learned, the newest ones at last.
        sentiments: sentiments that were learned.
        known: topics and sentiments that were left out, as the text stands in the files or was labelled before.
        newest_labels: topics among the newest, which the measured weights have not seen.
        newest_sentiments: sentiments among them.
        first_newest_offset: `feedback_offset` where the newest begin.
        last_offset: the highest `feedback_offset`.
    """

    tweets: int
    sha256: str
    labels: int
    sentiments: int
    known: int
    newest_labels: int
    newest_sentiments: int
    first_newest_offset: int
    last_offset: int


class Measured(msgspec.Struct, frozen=True):
    """How a model answers the newest labels."""

    accuracy: Figure
    macro_f1: Figure


class NewestHead(msgspec.Struct, frozen=True):
    """One head on the newest labels; each weighs one over the probability with which its tweet was chosen.

    Attributes:
        labels: how many were compared.
        equal_labels: how many of equal weight would say as much.
        challenger: the new model, fitted without them.
        champion: the model that answers, which has not learned them either.
        gain: of the new model, on the same labels.
    """

    labels: int
    equal_labels: float
    challenger: Measured
    champion: Measured
    gain: Measured


class FeedbackFindings(msgspec.Struct, frozen=True):
    """What people's labels gave.

    Attributes:
        used: the labels.
        champion: version that answers now.
        newest: both models on the newest labels, by head; a head without such a label is left out.
        held_out: gain of the new model on the held-out tweets of the files, by metric; empty where the version that
            answers was trained with other held-out tweets.
    """

    used: FeedbackUsed
    champion: str
    newest: dict[str, NewestHead]
    held_out: dict[str, Figure]

    def parameters(self) -> dict[str, str | int]:
        """List what was learned from, by name."""
        return {f"feedback_{name}": value for name, value in msgspec.structs.asdict(self.used).items()}

    def metrics(self) -> dict[str, float]:
        """List the figures by name, such as `newest_topic_challenger_accuracy_low`."""
        figures = {name.replace(" ", "_"): figure for name, figure in _figures(self)}
        return {
            f"{name}{end}": value
            for name, figure in figures.items()
            for end, value in (("", figure.value), ("_low", figure.interval.low), ("_high", figure.interval.high))
        }


def feedback_table(findings: FeedbackFindings, *, version: str) -> RenderableType:
    """Render both models side by side."""
    used = findings.used
    table = Table(
        title=f"version {version} and version {findings.champion}, which answers",
        caption=f"learned from people: {used.labels:,} topics, {used.sentiments:,} sentiments; "
        f"{used.known:,} left out, as their texts were known",
    )
    for column in ("tweets", "metric"):
        table.add_column(column)
    for column in (f"version {version}", f"version {findings.champion}", "gain in points, 95 %"):
        table.add_column(column, justify="right")
    for head, newest in findings.newest.items():
        for name in Measured.__struct_fields__:
            both = (f"{getattr(one, name).value:.3f}" for one in (newest.challenger, newest.champion))
            table.add_row(
                f"newest {newest.labels:,} labels", _shown(f"{head} {name}"), *both, _points(newest.gain, name)
            )
    for name, figure in findings.held_out.items():
        table.add_row("held out of the files", name, "", "", _gain(figure))
    return table


def _figures(findings: FeedbackFindings) -> Iterator[tuple[str, Figure]]:
    for head, newest in findings.newest.items():
        for whose in ("challenger", "champion", "gain"):
            for name in Measured.__struct_fields__:
                yield f"newest_{head}_{whose}_{name}", getattr(getattr(newest, whose), name)
    for name, figure in findings.held_out.items():
        yield f"held_out_gain_{name.replace('-', '_').lower()}", figure


def _points(gain: Measured, name: str) -> str:
    return _gain(getattr(gain, name))


def _gain(figure: Figure) -> str:
    value, low, high = (100 * share for share in (figure.value, figure.interval.low, figure.interval.high))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def _shown(name: str) -> str:
    return name.replace("macro_f1", "macro-F1")
