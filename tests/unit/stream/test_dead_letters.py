"""What is kept of a record that is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from models.errors import MalformedRecordError
from models.tweets import Reason
from stream.dead_letters import DeadLetter, dead_letter_of


@pytest.mark.parametrize(
    ("headers", "attempt"),
    [
        ([], 1),
        ([("attempt", b"3")], 3),
        ([("other", b"7"), ("attempt", b"2")], 2),
        ([("attempt", None)], 1),
        ([("attempt", b"\xff")], 1),
    ],
)
def test_refused_record_keeps_its_bytes_its_place_and_how_often_it_was_tried(
    make_raw_record: Callable[..., Any], headers: list[tuple[str, bytes | None]], attempt: int
) -> None:
    record = make_raw_record(b"{", 9, b"key", headers)

    letter = dead_letter_of(
        record, MalformedRecordError(Reason.INVALID_JSON, "no JSON"), topic="tweets.raw", partition=3, time=1.5
    )

    assert letter == DeadLetter(b"key", b"{", "invalid_json", "no JSON", "tweets.raw", 3, 9, 1.5, attempt)


def test_headers_of_a_dead_letter_say_why_and_where_from_as_text() -> None:
    letter = DeadLetter(b"key", b"{", "invalid_json", "no JSON", "tweets.raw", 3, 9, 1_767_225_600.25, 2)

    assert letter.headers() == [
        ("reason", b"invalid_json"),
        ("error", b"no JSON"),
        ("topic", b"tweets.raw"),
        ("partition", b"3"),
        ("offset", b"9"),
        ("time", b"2026-01-01T00:00:00.250Z"),
        ("attempt", b"2"),
    ]
