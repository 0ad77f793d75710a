"""Bodies about drift, as OpenAPI shows them; `monitoring.drift.records` has the records that are written."""

from typing import Literal

from pydantic import Field

from api.openapi.schemas import Body, ModelVersion
from monitoring.drift.records import Kind

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class Interval(Body):
    """A 95 % interval."""

    low: float
    high: float


class Cause(Body):
    """One thing that moved."""

    kind: Kind = Field(description="What kind of thing.")
    column: str = Field(description="As `label`, `text_characters` or `term`.")
    item: str | None = Field(description="Which label, ticker, hour or term; null for a column of numbers.")
    window: Literal["short", "long"] = Field(description="Seen in the newest tweets alone, or with those before.")
    before: float = Field(description="In the reference: a share, or of numbers the median.")
    after: float = Field(description="In the window, the same.")
    score: float = Field(description="How unlikely by accident; 1 is the threshold.")
    log_odds: tuple[float, Interval] | None = Field(
        description="Log of the odds ratio of the shares, with its interval; null for numbers."
    )
    examples: list[str] = Field(description="Ids of some tweets that show it.")


class Span(Body):
    """Where a window's tweets stand in `tweets.classified`."""

    number: int = Field(description="Of the window since the reference was taken up; the first is 1.")
    tweets: int = Field(description="How many there are.")
    long_tweets: int = Field(description="How many there are with the windows before that are compared with it.")
    dead_letters: int = Field(description="Records that the workers refused meanwhile.")
    start: dict[str, int] = Field(description="Offset of the first, by partition.")
    end: dict[str, int] = Field(description="Offset after the last, by partition.")
    skipped: int = Field(description="Tweets before the first that were left out.")
    first_at: str = Field(description="`classified_at` of the first.")
    last_at: str = Field(description="`classified_at` of the last.")


class DriftEvent(Body):
    """What became of one window; the same record as on the topic `tweets.drift`."""

    window: Span
    reference: str = Field(description="Id of what the tweets were compared with.")
    model: ModelVersion
    outcome: Literal["quiet", "drift", "too_few"] = Field(description="`too_few`: fewer tweets than can be compared.")
    kinds: list[Kind] = Field(description="The kinds that moved.")
    scores: dict[str, float] = Field(description="Of each column the largest score; 1 and more is drift.")
    causes: list[Cause] = Field(description="What moved, the largest score first.")
    opened: list[str] = Field(description="Names of the causes that were not open before.")
    closed: list[str] = Field(description="Names of those that are open no more.")
    open: dict[str, int] = Field(description="Names of all that are open, with the last window that showed each.")
    report: str | None = Field(description="Id of the report: `GET /drift/{id}/report` is its page.")
    replay: str = Field(description="The command that reads these tweets again.")
    time: str = Field(description="When this was told, ISO 8601 in UTC with milliseconds.")


class DriftEvents(Body):
    """The events of the reports that are kept."""

    events: list[DriftEvent] = Field(description="The newest first.")
