"""The table of cases, `cases.csv`, and the list of those that the shipped model is known to fail.

A row is one case. `kind` says what is asked, `about` what it is asked about:

- `minimum`: `text` is so plain that it must be answered with the class `expected`.
- `invariance`: `changed` differs from `text` in what says nothing about the class `expected`, which both have: topic
  or sentiment, whichever `expected` is, must stay what it was, right or wrong.
- `direction`: `changed` differs in the one thing that makes the class `expected`: it must be answered so, and `text`
  must not.
"""

import csv
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from models.taxonomy import LABELS, Label, Sentiment

FOLDER = Path(__file__).parent
KNOWN_FAILURES_FILE = "known-failures.txt"
"""Ids of cases, one a line; written by `tickertape behaviour --accept`."""


class Kind(StrEnum):
    """What a case asks of a model."""

    MINIMUM = "minimum"
    INVARIANCE = "invariance"
    DIRECTION = "direction"


class Case(msgspec.Struct, frozen=True):
    """One row of the table.

    Attributes:
        id: what the known failures are named by; never given to another case.
        kind: see the module.
        about: of `minimum` `topic` or `sentiment`; else what is changed, such as `verbs` or `negation`.
        expected: the class that a trading desk gives: to `changed` in `direction`, else to `text`.
        text: a tweet.
        changed: the tweet with its change; empty in `minimum`.
        reason: why the answer is obvious.
    """

    id: str
    kind: Kind
    about: str
    expected: Label | Sentiment
    text: str
    changed: str
    reason: str

    @property
    def texts(self) -> tuple[str, ...]:
        """The one or two tweets to answer."""
        return (self.text, self.changed) if self.changed else (self.text,)


@cache
def cases() -> tuple[Case, ...]:
    """Read the table, in its order."""
    with (FOLDER / "cases.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(_case(row) for row in csv.DictReader(stream, strict=True))


def known_failures() -> frozenset[str]:
    """Read the ids of the cases that the shipped model is known to fail."""
    return frozenset((FOLDER / KNOWN_FAILURES_FILE).read_text(encoding="utf-8").split())


def _case(row: dict[str, str]) -> Case:
    expected = row["expected"]
    return Case(
        id=row["id"],
        kind=Kind(row["kind"]),
        about=row["about"],
        expected=Label(expected) if expected in LABELS else Sentiment(expected),
        text=row["text"],
        changed=row["changed"],
        reason=row["reason"],
    )
