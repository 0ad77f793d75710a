"""Spots in a topic, as they are typed."""

from datetime import UTC, datetime

import pytest

from stream.kafka.ranges import Spot, parse_spot


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:1200", {0: 1200}),
        ("2026-01-05T14:30:00Z", datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        ("2026-01-05T15:30+01:00", datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
    ],
)
def test_spot_is_offsets_or_a_time_in_utc(text: str, expected: Spot) -> None:
    assert parse_spot(text) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "0:-1", "2026-13-01", "0:1,0:2", "-"])
def test_what_is_no_spot_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"0:1200,1:1187|twice"):
        parse_spot(text)
