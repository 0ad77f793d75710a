import io
import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError, MalformedRecordError
from stream.dead_letters import DeadLetter, dead_letter_of
from stream.redrive.stored import Origin, StoredLetter, read_lines, stored


@dataclass
class Record:
    """What a consumer gives, as far as letters need it."""

    value: bytes | None
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    key: bytes | None = b"1"
    partition: int = 3
    offset: int = 12


def letter(value: bytes | None, *, attempt: int = 1) -> DeadLetter:
    return DeadLetter(
        key=b"1",
        value=value,
        reason="invalid_json",
        error="Input data was truncated",
        topic="tweets.raw",
        partition=2,
        offset=41,
        time=1_767_623_400.0,
        attempt=attempt,
    )


def read_back(line: bytes) -> StoredLetter:
    (found,) = read_lines(io.BytesIO(b"\n" + line + b"\n"), source="a file")
    return found


@given(st.none() | st.binary(max_size=50) | st.text(max_size=20).map(str.encode), st.none() | st.binary(max_size=5))
def test_letter_survives_a_file_byte_for_byte(value: bytes | None, key: bytes | None) -> None:
    before = stored(Record(value, [*letter(value).headers(), ("traceparent", b"00-1-2-01")], key=key))

    assert read_back(before.line()) == before


def test_letter_tells_what_its_headers_say() -> None:
    found = stored(Record(b"{", letter(b"{", attempt=2).headers()))

    assert (found.position, found.origin, found.attempt) == ("3:12", Origin("tweets.raw", 2, 41), 2)
    assert (found.reason, found.time) == ("invalid_json", "2026-01-05T14:30:00.000Z")
    assert str(found.origin) == "tweets.raw-2-41"
    assert found.headers(attempt=3) == [("attempt", b"3"), ("redriven-from", b"3:12")]


def test_line_shows_text_as_text_and_other_bytes_as_base64() -> None:
    readable = json.loads(stored(Record(b'{"id":\n"', letter(b"x").headers())).line())
    binary = json.loads(stored(Record(b"\xff\x00", letter(b"x").headers())).line())

    assert (readable["value"], readable["reason"], readable["offset"]) == ('{"id":\n"', "invalid_json", "41")
    assert (binary["value_base64"], "value" in binary) == ("/wA=", False)


@given(
    st.lists(
        st.tuples(st.sampled_from(["topic", "partition", "offset", "attempt", "reason", "x"]), st.binary(max_size=25)),
        max_size=8,
    )
)
def test_record_that_somebody_else_wrote_is_a_letter_all_the_same(headers: list[tuple[str, bytes]]) -> None:
    found = stored(Record(b"?", headers))

    assert found.attempt >= 1
    assert read_back(found.line()).value == b"?"


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b'{"letter": "0:1"}', b'{"letter": 1, "attempt": "1"}', b"\xff", b'{"a":' * 5000]
)
def test_line_that_is_no_letter_is_named(line: bytes) -> None:
    with pytest.raises(DataError, match=r"line 2 of a file is no dead letter"):
        read_back(line)


@pytest.mark.parametrize(
    ("headers", "attempt"),
    [
        ([], 1),
        ([("attempt", b"2")], 2),
        ([("attempt", b"0")], 1),
        ([("attempt", b"-3")], 1),
        ([("attempt", b"9" * 9)], 999_999_999),
        ([("attempt", b"9" * 10)], 1),
        ([("attempt", "\u0663".encode())], 1),
        ([("attempt", b"\xff")], 1),
        ([("attempt", None)], 1),
    ],
)
def test_input_and_letter_are_read_alike_for_their_attempt(headers: list[tuple[str, bytes]], attempt: int) -> None:
    record = Record(b"{", headers)
    why = MalformedRecordError("invalid_json", "truncated")

    assert dead_letter_of(record, why, topic="tweets.raw", partition=0, time=0.0).attempt == attempt
    assert stored(record).attempt == attempt
