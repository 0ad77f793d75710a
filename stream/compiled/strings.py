"""Strings of JSON: where one ends, and that it is one; see `stream.compiled.scanning`."""

import string

import numpy as np
import numpy.typing as npt

from models.compiled.part import part
from stream.compiled.characters import Bytes, byte_set, character

FAILED = -1
"""Instead of a place: what stands there is no JSON, or not such that it is sure to be taken by all."""

_QUOTE, _BACKSLASH = ord('"'), ord("\\")
_NO_DIGIT = -1
_PLAIN, _ENDS, _ESCAPES, _NEVER, _LONG = range(5)  # what a byte means within a string
_HIGH, _LOW, _AFTER_LOW = 0xD800, 0xDC00, 0xE000  # where surrogates begin
_ESCAPE_BYTES = 6


def _meanings() -> Bytes:
    meanings = np.full(256, _PLAIN, dtype=np.uint8)
    meanings[:0x20] = _NEVER
    meanings[0x80:] = _LONG
    meanings[_QUOTE], meanings[_BACKSLASH] = _ENDS, _ESCAPES
    return meanings


def _hex_values() -> npt.NDArray[np.int64]:
    values = np.full(256, _NO_DIGIT)
    for digit in string.hexdigits:
        values[ord(digit)] = int(digit, 16)
    return values


_MEANINGS = _meanings()
_HEX_VALUES = _hex_values()
_ESCAPED = byte_set('"\\/bfnrt')


@part
def string_end(content: Bytes, place: int, end: int) -> tuple[int, bool]:
    """Find the end of a string.

    Args:
        content: any bytes.
        place: behind the opening quote.
        end: of the content.

    Returns:
        The place of the closing quote, and whether there is an escape. `FAILED` for what is no UTF-8, for a wrong escape
        and for half a surrogate pair.
    """
    escapes = False
    while place < end:
        place = _plain_end(content, place, end)
        meaning = _MEANINGS[content[place]] if place < end else _NEVER
        if meaning == _ENDS:
            return place, escapes
        if meaning == _LONG:
            length = character(content, place, end)[0]
            if length == 0:
                return FAILED, escapes
            place += length
        elif meaning == _ESCAPES:
            escapes = True
            place = _escape_end(content, place, end)
            if place == FAILED:
                return FAILED, escapes
        else:
            return FAILED, escapes
    return FAILED, escapes


@part
def _plain_end(content: Bytes, place: int, end: int) -> int:
    """Pass over the bytes that stand for themselves."""
    rest = content[place:end]
    for offset in range(len(rest)):  # numba need not look whether this is below 0
        if _MEANINGS[rest[offset]] != _PLAIN:
            return place + offset
    return end


@part
def _escape_end(content: Bytes, place: int, end: int) -> int:
    if place + 1 < end and _ESCAPED[content[place + 1]]:
        return place + 2
    number = code_unit(content, place, end)
    if number < 0 or _LOW <= number < _AFTER_LOW:
        return FAILED
    place += _ESCAPE_BYTES
    if _HIGH <= number < _LOW:
        if not _LOW <= code_unit(content, place, end) < _AFTER_LOW:
            return FAILED
        place += _ESCAPE_BYTES
    return place


@part
def code_unit(content: Bytes, place: int, end: int) -> int:
    r"""Read an escape of the form \uXXXX at `place`; `FAILED` for another."""
    if place + _ESCAPE_BYTES > end or content[place] != _BACKSLASH or content[place + 1] != ord("u"):
        return FAILED
    number = 0
    for offset in range(2, _ESCAPE_BYTES):
        byte = content[place + offset]
        digit = _HEX_VALUES[byte]
        if digit == _NO_DIGIT:
            return FAILED
        number = number << 4 | digit
    return number
