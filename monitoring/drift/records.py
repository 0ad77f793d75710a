"""What the drift process tells: the value of `tweets.drift`, of the files beside a report, and of `/drift`."""

from enum import StrEnum
from typing import Literal

import msgspec

from models.evaluation.intervals import Interval
from models.records import ModelVersion, Timestamp


class Kind(StrEnum):
    """What kind of thing moved."""

    DATA = "data"
    """What comes in: form and language of the texts, tickers, hours."""
    PREDICTION = "prediction"
    """What the model answers."""
    TEXT = "text"
    """The words."""
    CONCEPT = "concept"
    """How often the answers are right, by late labels."""
    QUALITY = "quality"
    """The feed is broken: repeats, late tweets, records that are no tweets."""


class Cause(msgspec.Struct, frozen=True):
    """One thing that moved.

    Attributes:
        kind: what kind of thing.
        column: a column of `monitoring.drift.columns`, as `label`, `text_characters` or `term`.
        item: which label, ticker, hour or term; None for a column of numbers.
        window: in which window it was seen: the newest tweets alone, or with those before.
        before: in the reference: a share, 0 to 1, or of numbers the median.
        after: in the window, the same.
        score: log of the chance of as much by accident, over that of the threshold; at least 1.
        log_odds: log of the odds ratio of the shares with its 95 % interval; None for numbers.
        examples: ids of some tweets of the window that show it.
    """

    kind: Kind
    column: str
    item: str | None
    window: Literal["short", "long"]
    before: float
    after: float
    score: float
    log_odds: tuple[float, Interval] | None = None
    examples: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Column and item in one word: what an alarm is known by.

        >>> Cause(Kind.DATA, "has_link", "yes", "short", 0.5, 0.9, 2.0).name
        'has_link=yes'
        """
        return self.column if self.item is None else f"{self.column}={self.item}"


class Span(msgspec.Struct, frozen=True):
    """Where a window's tweets stand.

    Attributes:
        number: of the window since the reference was taken up; the first is 1.
        tweets: how many there are.
        long_tweets: how many there are with those of the windows before, as the long window holds them.
        dead_letters: records refused by the workers while they came.
        start: offset of the first, by partition of `tweets.classified`.
        end: offset after the last, by partition; the next window begins there or later.
        skipped: tweets before `start` that were left out, as the feed was faster than this process.
        first_at: `classified_at` of the first.
        last_at: `classified_at` of the last.
    """

    number: int
    tweets: int
    long_tweets: int
    dead_letters: int
    start: dict[str, int]
    end: dict[str, int]
    skipped: int
    first_at: Timestamp
    last_at: Timestamp


class DriftEvent(msgspec.Struct, frozen=True):
    """What became of one window; the value of `tweets.drift`.

    Attributes:
        window: which tweets.
        reference: what they were compared with: the id of the reference.
        model: the version that answered.
        outcome: `quiet`, `drift`, or `too_few`: fewer tweets than can be compared.
        kinds: the kinds that moved.
        scores: of each column that was compared, the largest score of its items; 1 and more is drift.
        causes: what moved, the largest score first.
        opened: names of the causes that were not open before.
        closed: names of those that are open no more.
        open: names of all that are open now, with the number of the last window that showed it.
        report: id of the report of this window; None where none was made.
        replay: the command that reads these tweets again.
        time: when this was told, ISO 8601 in UTC with milliseconds.
    """

    window: Span
    reference: str
    model: ModelVersion
    outcome: Literal["quiet", "drift", "too_few"]
    kinds: tuple[Kind, ...]
    scores: dict[str, float]
    causes: tuple[Cause, ...]
    opened: tuple[str, ...]
    closed: tuple[str, ...]
    open: dict[str, int]
    report: str | None
    replay: str
    time: Timestamp


def event_id(reference: str, number: int) -> str:
    """Give what a window is known by, in headers and as a report's folder.

    >>> event_id("0a1b2c3d", 42)
    '0a1b2c3d-00000042'
    """
    return f"{reference[:8]}-{number:08}"
