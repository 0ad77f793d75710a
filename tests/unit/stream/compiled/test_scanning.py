import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from models import text
from stream.compiled import characters, fields, scanning, strings, texts
from stream.compiled.layout import CREATED_AT, ID, MOST_TAGS, SPAN_ROWS, TAGS, TEXT
from stream.compiled.strings import FAILED

FIRST_CALL_COMPILES = settings(deadline=None)
character = njit(characters.character.py_func)
string_end = njit(strings.string_end.py_func)
value_end = njit(scanning.value_end.py_func)
find_fields = njit(fields.find_fields.py_func)
take_text = njit(texts.take_text.py_func)
find_tickers = njit(texts.find_tickers.py_func)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def array(content: bytes) -> np.ndarray:
    return np.frombuffer(content, dtype=np.uint8)


def is_json(content: bytes) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(content.decode(), parse_constant=refuse)
    except ValueError:
        return False
    return True


@FIRST_CALL_COMPILES
@given(st.binary(min_size=1, max_size=5) | st.characters().map(lambda one: one.encode("utf-8", "surrogatepass")))
def test_a_character_is_what_pythons_decoder_reads(content: bytes) -> None:
    whole = next((length for length in range(1, 5) if _decoded(content[:length])), 0)

    length, number = character(array(content), 0, len(content))

    assert length == whole
    assert chr(number) == (content[:whole].decode() if whole else "\0")


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return ""


@FIRST_CALL_COMPILES
@given(json_values, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_a_value_ends_where_it_ends(value: object, ascii_alone: bool, indent: str | None) -> None:  # noqa: FBT001  # drawn
    written = json.dumps(value, ensure_ascii=ascii_alone, indent=indent).encode("utf-8", "surrogatepass")

    end = value_end(array(written + b", 1"), 0, len(written) + 3)

    has_half_a_pair = any("\ud800" <= one <= "\udfff" for one in json.dumps(value, ensure_ascii=False))
    assert end == (FAILED if has_half_a_pair else len(written))


@FIRST_CALL_COMPILES
@given(st.text('{}[]",:0123456789.eE+- \\"untrefalsu/b\n', max_size=12).map(str.encode))
def test_what_is_no_json_is_no_value(content: bytes) -> None:
    if value_end(array(content), 0, len(content)) == len(content):
        assert is_json(content)


@pytest.mark.parametrize(
    ("string", "ends"),
    [
        (b'"', True),
        (b'\\"\\\\\\/\\b\\f\\n\\r\\t"', True),
        (b'\\u0041\\uD83D\\ude80"', True),
        (b'\\ud83d"', False),
        (b'\\ud83d\\u0041"', False),
        (b'\\ude80"', False),
        (b'\\u004g"', False),
        (b"\\u00", False),
        (b'\\x"', False),
        (b"\\", False),
        (b'\x1f"', False),
        (b"no end", False),
        ("é🚀".encode() + b'"', True),
        (b'\xed\xa0\x80"', False),
        (b'\xc0\x80"', False),
    ],
)
def test_a_string_ends_at_its_quote_if_all_in_it_is_right(string: bytes, *, ends: bool) -> None:
    assert string_end(array(string), 0, len(string))[0] == (len(string) - 1 if ends else FAILED)


def found(record: bytes) -> dict[int, bytes] | None:
    spans, tags = np.zeros((SPAN_ROWS, 2), dtype=np.int64), np.zeros((MOST_TAGS, 2), dtype=np.int64)
    if not find_fields(array(record), 0, len(record), spans, tags):
        return None
    at = {row: record[slice(*spans[row])] for row in (ID, TEXT, CREATED_AT)}
    return at | {TAGS: b" ".join(record[slice(*tag)] for tag in tags[: spans[TAGS, 0]])}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (b'{"text":"up","id":"12"}', (b"12", b"up", b"", b"")),
        (b'{"data":{"id":"1","text":"up","created_at":null}}', (b"1", b"up", b"", b"")),
        (
            b'{"entities":{"x":[],"cashtags":[{"tag":"A"},{"tag":"B"}]},"id":"1","text":"up"}',
            (b"1", b"up", b"", b"A B"),
        ),
    ],
)
def test_fields_are_found_where_they_stand(record: bytes, expected: tuple[bytes, ...]) -> None:
    assert found(record) == dict(zip((ID, TEXT, CREATED_AT, TAGS), expected, strict=True))


@pytest.mark.parametrize(
    "record",
    [
        b'{"id":"1","text":"up","text":"down"}',
        b'{"id":"1","te\\u0078t":"up"}',
        b'{"id":1,"text":"up"}',
        b'{"id":"12345678901234567890","text":"up"}',
        b'{"id":"","text":"up"}',
        b'{"id":"1","text":""}',
        b'{"id":"1","text":null}',
        b'{"id":"1","text":"up"} 1',
        b'[{"id":"1","text":"up"}]',
        b'{"id":"1","text":"up",}',
        b'{"id":"1","text":"up","data":{}}',
        b'{"data":{"id":"1","text":"up"},"id":"1"}',
        b'{"data":{"id":"1"},"text":"up"}',
        b'{"id":"1","text":"up","entities":[]}',
        b'{"id":"1","text":"up","entities":{"cashtags":[{"start":1}]}}',
        b'{"id":"1","text":"up","entities":{"cashtags":[{"tag":"\\u0041"}]}}',
        b'{"id":"1","text":"up","created_at":"2026-01-02"}',
    ],
)
def test_what_is_not_sure_to_be_a_tweet_is_left(record: bytes) -> None:
    assert found(record) is None


@pytest.mark.parametrize("fraction", ["", ".1", ".123456789"])
@pytest.mark.parametrize("zone", ["Z", "+01:00", "-0130"])
def test_moments_are_taken(fraction: str, zone: str) -> None:
    moment = f"2026-01-02T03:04:05{fraction}{zone}"

    assert (found(b'{"id":"1","text":"up","created_at":"%b"}' % moment.encode()) or {})[CREATED_AT] == moment.encode()


@FIRST_CALL_COMPILES
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.booleans())
def test_a_text_is_taken_without_its_escapes(tweet: str, ascii_alone: bool) -> None:  # noqa: FBT001  # drawn
    written = json.dumps(tweet, ensure_ascii=ascii_alone).encode()
    room = np.zeros(len(written) + 1, dtype=np.uint8)

    after = take_text(array(written), 1, len(written) - 1, room, 0)

    assert (after == texts.UNSURE) == tweet.isspace()
    assert after == texts.UNSURE or room[: after + 1].tobytes() == tweet.encode() + b"\0"


@FIRST_CALL_COMPILES
@given(
    st.lists(st.sampled_from(["$", "$A", "$aapl", "$Brk", ".", "_", "B", "b", "LONGER", "é", "…", "٣", " ", "1"])).map(
        "".join
    )
)
def test_tickers_are_those_of_the_rule(tweet: str) -> None:
    content = array(tweet.encode() + b"\0")
    room = np.zeros(3 * len(content), dtype=np.uint8)

    stop = find_tickers(content, 0, len(content) - 1, room, 0)

    assert tuple(json.loads(b"[" + room[:stop].tobytes() + b"]")) == text.tickers(tweet)
