"""UTF-8, as Python's strict decoder reads it, and what kind of character a code point is."""

import numpy as np
import numpy.typing as npt
from numba import int64

from models.compiled.part import part

Bytes = npt.NDArray[np.uint8]

SPACE, WORD = 1, 2
"""Kinds of characters: `str.isspace`; what `\\w` matches in a regular expression."""
KINDS_UP_TO = 0x20000
"""The kind of a character from here on is not known; nearly all are Chinese ideographs."""

_ASCII, _TWO, _THREE, _FOUR = 0x80, 0xC2, 0xE0, 0xF0  # lead bytes from these on begin a character of so many bytes
_BEYOND = 0xF5  # no lead byte from here on
_CONTINUATION, _PAYLOAD = 0xC0, 0x3F  # the two upper bits of a continuation byte are 10, the others its payload
_LEAST = (0, 0, 0x80, 0x800, 0x10000)  # a smaller number in so many bytes is no UTF-8
_FIRST_SURROGATE, _LAST_SURROGATE, _LAST = 0xD800, 0xDFFF, 0x10FFFF


def byte_set(characters: str) -> Bytes:
    """Give uint8 of shape (256,): 1 for the bytes of ASCII characters, 0 for all others."""
    members = np.zeros(256, dtype=np.uint8)
    members[list(characters.encode())] = 1
    return members


def word(characters: str) -> Bytes:
    """Give the bytes of ASCII characters."""
    return np.frombuffer(characters.encode(), dtype=np.uint8)


def _kinds() -> Bytes:
    kinds = np.zeros(KINDS_UP_TO, dtype=np.uint8)
    for number in range(KINDS_UP_TO):
        character = chr(number)
        kinds[number] = SPACE * character.isspace() | WORD * (character.isalnum() or character == "_")
    return kinds


KINDS = _kinds()
"""By code point."""


@part
def character(content: Bytes, place: int, end: int) -> tuple[int, int]:
    """Give length and code point of the character that begins at `place`; (0, 0) where there is no whole one."""
    lead = int64(content[place])
    if lead < _ASCII:
        return 1, lead
    length = 2 + (lead >= _THREE) + (lead >= _FOUR)
    if lead < _TWO or lead >= _BEYOND or place + length > end:
        return 0, 0
    number = lead & (_PAYLOAD >> (length - 1))
    for offset in range(1, length):
        byte = int64(content[place + offset])
        if byte & _CONTINUATION != _ASCII:
            return 0, 0
        number = number << 6 | byte & _PAYLOAD
    if number < _LEAST[length] or number > _LAST or _FIRST_SURROGATE <= number <= _LAST_SURROGATE:
        return 0, 0
    return length, number


@part
def character_before(content: Bytes, begin: int, place: int) -> int:
    """Give the code point of the character that ends before `place`, in UTF-8 that is whole; -1 at the beginning."""
    if place == begin:
        return -1
    first = place - 1
    while content[first] & _CONTINUATION == _ASCII:
        first -= 1
    return character(content, first, place)[1]
