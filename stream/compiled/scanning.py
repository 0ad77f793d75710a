"""JSON, as strictly as its standard has it: where a value ends, and that it is one.

Source: RFC 8259. Nothing here decodes; a value is passed over, and whoever asked knows where it stood.
"""

import numpy as np
from numba import int64

from models.compiled.part import part
from stream.compiled.characters import Bytes, byte_set, word
from stream.compiled.strings import FAILED, string_end

DEEPEST = 60
"""Nesting beyond it is left to the plain way; its kinds fit into the bits of a number."""

_QUOTE, _COLON, _COMMA = ord('"'), ord(":"), ord(",")
_BRACE, _END_BRACE, _BRACKET, _END_BRACKET = ord("{"), ord("}"), ord("["), ord("]")
_MINUS, _PLUS, _POINT, _ZERO, _NINE = ord("-"), ord("+"), ord("."), ord("0"), ord("9")
_LOWER = 0x20
_NOTHING = 0  # behind the end; no JSON has a NUL outside of a string
_SPACES = byte_set(" \t\n\r")
_TRUE, _FALSE, _NULL = word("true"), word("false"), word("null")


@part
def byte_at(content: Bytes, place: int, end: int) -> int:
    """Give a byte, or 0 behind the end."""
    return int64(content[place]) if place < end else _NOTHING


@part
def skip_space(content: Bytes, place: int, end: int) -> int:
    """Pass over white space."""
    while place < end and _SPACES[content[place]]:
        place += 1
    return place


@part
def name_end(content: Bytes, place: int, end: int) -> tuple[int, bool, int]:
    """Read a member's name at `place`; gives the place of its closing quote, whether it has an escape, and its value's."""
    if byte_at(content, place, end) != _QUOTE:
        return FAILED, False, FAILED
    quote, escapes = string_end(content, place + 1, end)
    if quote == FAILED:
        return FAILED, escapes, FAILED
    colon = skip_space(content, quote + 1, end)
    if byte_at(content, colon, end) != _COLON:
        return FAILED, escapes, FAILED
    return quote, escapes, skip_space(content, colon + 1, end)


@part
def plain_name_end(content: Bytes, place: int, end: int) -> tuple[int, int]:
    """Read a member's name, which must have no escape; gives the place of its closing quote, and its value's."""
    quote, escapes, value = name_end(content, place, end)
    return (FAILED, FAILED) if escapes else (quote, value)


@part
def first_member(content: Bytes, place: int, end: int) -> tuple[int, bool]:
    """Step into the object that begins at `place`; gives the place of its first member and True, or behind an empty one and False."""
    place = skip_space(content, place + 1, end)
    if byte_at(content, place, end) == _END_BRACE:
        return place + 1, False
    return place, True


@part
def next_element(content: Bytes, place: int, end: int, closing: int) -> tuple[int, bool]:
    """Go on behind an element of an array or object.

    Returns:
        The place of the next element and True, or the place behind the closing bracket and False; `FAILED` for neither.
    """
    place = skip_space(content, place, end)
    byte = byte_at(content, place, end)
    if byte == _COMMA:
        return skip_space(content, place + 1, end), True
    return (place + 1 if byte == closing else FAILED), False


@part
def value_end(content: Bytes, place: int, end: int) -> int:
    """Pass over the value that begins at `place`, whatever it is; `FAILED` for no JSON and what is nested deeply."""
    depth = 0
    are_objects = np.uint64(0)  # a bit for each open bracket, the innermost lowest
    while True:
        byte = byte_at(content, place, end)
        goes_on = False  # with a value
        if byte in (_BRACE, _BRACKET):
            depth += 1
            if depth > DEEPEST:
                return FAILED
            are_objects = are_objects << np.uint64(1) | np.uint64(byte == _BRACE)
            place, goes_on = _first_value(content, place, end, byte)
            depth -= not goes_on
            are_objects >>= np.uint64(not goes_on)
        else:
            place = _scalar_end(content, place, end, byte)
        while depth and not goes_on and place != FAILED:
            place, goes_on = _next_value(content, place, end, bool(are_objects & np.uint64(1)))
            depth -= not goes_on
            are_objects >>= np.uint64(not goes_on)
        if place == FAILED or not depth:
            return place


@part
def _first_value(content: Bytes, place: int, end: int, bracket: int) -> tuple[int, bool]:
    """Step into an array or object; gives the place of its first value and True, or behind an empty one and False."""
    place = skip_space(content, place + 1, end)
    if byte_at(content, place, end) == bracket + 2:  # a closing bracket's number is that of its opening one and two
        return place + 1, False
    return (name_end(content, place, end)[2] if bracket == _BRACE else place), True


@part
def _next_value(content: Bytes, place: int, end: int, is_object: bool) -> tuple[int, bool]:  # noqa: FBT001  # numba calls by place
    """Go on behind a value of an array or object, as `next_element` does."""
    place, goes_on = next_element(content, place, end, _END_BRACE if is_object else _END_BRACKET)
    return (name_end(content, place, end)[2] if goes_on and is_object else place), goes_on


@part
def _scalar_end(content: Bytes, place: int, end: int, byte: int) -> int:
    if byte == _QUOTE:
        quote, _ = string_end(content, place + 1, end)
        return FAILED if quote == FAILED else quote + 1
    if byte == ord("t"):
        return _word_end(content, place, end, _TRUE)
    if byte == ord("f"):
        return _word_end(content, place, end, _FALSE)
    if byte == ord("n"):
        return null_end(content, place, end)
    return _number_end(content, place, end)


@part
def null_end(content: Bytes, place: int, end: int) -> int:
    """Give the place behind `null`; `FAILED` for anything else."""
    return _word_end(content, place, end, _NULL)


@part
def _word_end(content: Bytes, place: int, end: int, wanted: Bytes) -> int:
    return place + len(wanted) if is_same(content, place, min(place + len(wanted), end), wanted) else FAILED


@part
def is_same(content: Bytes, begin: int, end: int, wanted: Bytes) -> bool:
    """Tell whether `content[begin:end]` are the bytes of a word."""
    if end - begin != len(wanted):
        return False
    for offset in range(len(wanted)):
        if content[begin + offset] != wanted[offset]:
            return False
    return True


@part
def _number_end(content: Bytes, place: int, end: int) -> int:
    if byte_at(content, place, end) == _MINUS:
        place += 1
    whole = _digits_end(content, place, end)
    if whole == place or (content[place] == _ZERO and whole > place + 1):
        return FAILED
    place = whole
    if byte_at(content, place, end) == _POINT:
        place = _digits_end(content, place + 1, end)
        if content[place - 1] == _POINT:
            return FAILED
    if byte_at(content, place, end) | _LOWER == ord("e"):
        place += 1
        if byte_at(content, place, end) in (_PLUS, _MINUS):
            place += 1
        digits = place
        place = _digits_end(content, digits, end)
        if place == digits:
            return FAILED
    return place


@part
def _digits_end(content: Bytes, place: int, end: int) -> int:
    while place < end and _ZERO <= content[place] <= _NINE:
        place += 1
    return place
