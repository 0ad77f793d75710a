import json

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from stream.compiled import output
from stream.framing import varint

put_score = njit(output.put_score.py_func)
put_varint = njit(output.put_varint.py_func)
varint_length = njit(output.varint_length.py_func)
put_integer = njit(output.put_integer.py_func)
put_escaped = njit(output.put_escaped.py_func)


@njit
def all_scores(scores: np.ndarray, room: np.ndarray) -> int:
    stop = 0
    for score in scores:
        stop = output.put_score(room, stop, score)
        room[stop] = 44
        stop += 1
    return stop


def test_every_score_of_six_decimals_has_the_digits_of_json() -> None:
    scores = np.arange(-1_000_000, 1_000_001) / 1e6
    room = np.zeros(20 * len(scores), dtype=np.uint8)

    stop = all_scores(scores, room)

    assert room[: stop - 1].tobytes() == msgspec.json.encode(scores.tolist())[1:-1]


def test_nothing_that_is_negative_keeps_its_sign() -> None:
    room = np.zeros(20, dtype=np.uint8)

    assert room[: put_score(room, 0, -0.0)].tobytes() == msgspec.json.encode(-0.0)


@pytest.mark.parametrize("number", [0, 1, 63, 64, 8191, 8192, 2**20, 2**31 - 1, 2**40])
def test_varints_are_those_of_the_plain_way(number: int) -> None:
    room = np.zeros(20, dtype=np.uint8)

    stop = put_varint(room, 0, number)

    assert room[:stop].tobytes() == varint(number)
    assert varint_length(number) == stop


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 2**63 - 1))
def test_offsets_have_their_digits(number: int) -> None:
    room = np.zeros(20, dtype=np.uint8)

    assert room[: put_integer(room, 0, number)].tobytes() == str(number).encode()


@settings(deadline=None)  # the first call compiles
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_strings_are_escaped_as_msgspec_does(text: str) -> None:
    source = np.frombuffer(b"<" + text.encode(), dtype=np.uint8)
    room = np.zeros(6 * len(source), dtype=np.uint8)

    written = room[: put_escaped(room, 0, source, 1, len(source))].tobytes()

    assert b'"' + written + b'"' == msgspec.json.encode(text)
    assert json.loads(b'"' + written + b'"') == text
