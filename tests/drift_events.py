"""Events of the drift process, as tests want them."""

from typing import Any

import msgspec

from models.records import ModelVersion
from monitoring.drift.records import Cause, DriftEvent, Kind, Span


def make_drift_event(number: int = 1, *open_names: str, **fields: Any) -> DriftEvent:
    """Build what is told of a window.

    Args:
        number: of the window.
        open_names: of what is open after it.
        fields: take the place of those that are made.
    """
    event = DriftEvent(
        window=Span(
            number=number,
            tweets=500,
            long_tweets=5000,
            dead_letters=0,
            start={"0": 500 * number - 500},
            end={"0": 500 * number},
            skipped=0,
            first_at="2026-01-31T09:30:00.000Z",
            last_at="2026-01-31T09:40:00.000Z",
        ),
        reference="0a1b2c3d4e5f",
        model=ModelVersion("tickertape", "7"),
        outcome="drift" if open_names else "quiet",
        kinds=(Kind.TEXT,) if open_names else (),
        scores={"term": 2.0 if open_names else 0.5},
        causes=tuple(make_cause(name) for name in open_names),
        opened=(),
        closed=(),
        open=dict.fromkeys(open_names, number),
        report=f"0a1b2c3d-{number:08}",
        replay=f"tickertape tail --topic classified --from 0:{500 * number - 500} --to 0:{500 * number} --json",
        time="2026-01-31T09:40:01.000Z",
    )
    return msgspec.structs.replace(event, **fields)


def make_cause(name: str, **fields: Any) -> Cause:
    column, _, item = name.partition("=")
    cause = Cause(Kind.TEXT, column, item or None, "short", before=0.01, after=0.25, score=2.0)
    return msgspec.structs.replace(cause, **fields)
