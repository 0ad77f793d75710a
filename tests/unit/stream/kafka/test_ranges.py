"""Positions in a topic, as they are typed."""

from datetime import UTC, datetime

import pytest

from stream.kafka.ranges import Position, parse_position


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:1200", {0: 1200}),
        ("2026-01-05T14:30:00Z", datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        ("2026-01-05T15:30+01:00", datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
    ],
)
def test_position_is_offsets_or_a_time_in_utc(text: str, expected: Position) -> None:
    assert parse_position(text) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "0:-1", "2026-13-01", "0:1,0:2", "0:", "0:1,", "a:b", "0:1 1:2", "5", "-"]
)
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"0:1200,1:1187|twice"):
        parse_position(text)
