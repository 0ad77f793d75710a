"""What became of each expectation, and how a command shows it; never holds the text of a tweet."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass

EXAMPLE_ROWS = 5  # enough to find the fault, few enough for one line


@dataclass(frozen=True)
class Outcome:
    """What became of one expectation.

    Attributes:
        expectation: the sentence that should be true.
        success: whether it is.
        seen: what was found instead, or beside it; never the text of a tweet.
        rows: up to `EXAMPLE_ROWS` rows that break it; 1 is the first row after the header, or a JSONL file's first line.
    """

    expectation: str
    success: bool
    seen: str
    rows: tuple[int, ...] = ()

    def finding(self) -> str:
        """Say what was seen, and where.

        >>> Outcome("no text is missing", False, "2 of 9 rows break it", (4, 7)).finding()
        '2 of 9 rows break it; rows 4, 7'
        """
        return f"{self.seen}; rows {', '.join(map(str, self.rows))}" if self.rows else self.seen


def all_hold(outcomes: Sequence[Outcome]) -> bool:
    """Tell whether no expectation is broken."""
    return all(outcome.success for outcome in outcomes)


def as_table(outcomes: Sequence[Outcome]) -> str:
    """Write one line for each expectation."""
    width = max((len(outcome.expectation) for outcome in outcomes), default=0)
    return "".join(
        f"{'ok  ' if outcome.success else 'FAIL'}  {outcome.expectation:<{width}}  {outcome.finding()}\n"
        for outcome in outcomes
    )


def as_json(outcomes: Sequence[Outcome], **named: str) -> str:
    """Write one JSON object: what is named, `success`, and `outcomes` with the fields of `Outcome`."""
    answer = {**named, "success": all_hold(outcomes), "outcomes": [dataclasses.asdict(outcome) for outcome in outcomes]}
    return json.dumps(answer) + "\n"
