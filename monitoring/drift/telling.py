"""What became of a comparison, as tables for people and as JSON for programs; never the text of a tweet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from monitoring.drift.columns import NUMBER_COLUMNS
from monitoring.drift.monitor import Verdict
from monitoring.drift.records import Cause

SHOWN_CAUSES = 20
_NUMBERS = {column.name for column in NUMBER_COLUMNS}


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        tweets: how many there are.
        compared_tweets: how many of them were compared.
        unreadable_lines: lines that are no classified tweet.
        unreadable_line_numbers: some of them, counted from 1.
        models: the versions that answered.
    """

    tweets: int
    compared_tweets: int
    unreadable_lines: int = 0
    unreadable_line_numbers: tuple[int, ...] = ()
    models: tuple[str, ...] = ()


def as_json(verdict: Verdict, reference: Side, current: Side, report: Path) -> str:
    """Write one JSON object."""
    answer = {
        "drift": verdict.outcome == "drift",
        "kinds": list(dict.fromkeys(cause.kind for cause in verdict.causes)),
        "scores": verdict.scores,
        "causes": verdict.causes,
        "reference": reference,
        "current": current,
        "report": str(report),
    }
    return msgspec.json.encode(answer).decode() + "\n"


def as_tables(verdict: Verdict, reference: Side, current: Side, report: Path) -> str:
    """Write the scores of the columns, and what moved."""
    lines = [f"{'column':<18}{'score':>7}  moved"]
    lines += [
        f"{column:<18}{score:>7.2f}  {'yes' if score >= 1 else 'no'}"
        for column, score in sorted(verdict.scores.items(), key=lambda pair: -pair[1])
    ]
    if verdict.causes:
        lines += ["", f"{'what moved':<42}{'before':>10}{'after':>10}{'score':>8}"]
        lines += [_cause(cause) for cause in verdict.causes[:SHOWN_CAUSES]]
    if len(verdict.causes) > SHOWN_CAUSES:
        lines += [f"and {len(verdict.causes) - SHOWN_CAUSES} more"]
    moved = sum(score >= 1 for score in verdict.scores.values())
    told = f"drift: {moved} of {len(verdict.scores)} columns moved" if moved else "no drift"
    lines += ["", f"{told} ({_size(reference)} before, {_size(current)} after)"]
    lines += _unreadable("reference", reference) + _unreadable("current", current) + _models(reference, current)
    return "\n".join([*lines, f"report: {report}"]) + "\n"


def _cause(cause: Cause) -> str:
    name = "".join(character if character.isprintable() else "\ufffd" for character in cause.name)
    shown = name if len(name) <= 40 else f"{name[:39]}…"  # noqa: PLR2004  # what fits the column
    form = "{:,.3g}" if cause.column in _NUMBERS else "{:.1%}"
    return f"{shown:<42}{form.format(cause.before):>10}{form.format(cause.after):>10}{cause.score:>8.2f}"


def _size(side: Side) -> str:
    sample = "" if side.compared_tweets == side.tweets else f"a sample of {side.compared_tweets:,} of "
    return f"{sample}{side.tweets:,} tweets"


def _unreadable(name: str, side: Side) -> list[str]:
    if not side.unreadable_lines:
        return []
    numbers = ", ".join(map(str, side.unreadable_line_numbers))
    more = ", ..." if side.unreadable_lines > len(side.unreadable_line_numbers) else ""
    return [f"{name}: no classified tweet, so left out: {side.unreadable_lines:,} (line {numbers}{more})"]


def _models(reference: Side, current: Side) -> list[str]:
    versions: Sequence[str] = list(dict.fromkeys([*reference.models, *current.models]))
    if len(versions) < 2:  # noqa: PLR2004  # one version answered all
        return []
    return [f"answered by different models, which differ in their answers: {', '.join(versions[:5])}"]
