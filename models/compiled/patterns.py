"""Step 2a, match: where a link, user, ticker, amount, number or HTML entity that begins at a byte ends.

The same as rule 2 of `models.text`, on folded text. That ends in a NUL, which is in no pattern, so nothing here reads
past it. Every function gives the end of what it looks for, or `NONE`.
"""

from collections.abc import Iterable

import numpy as np

from models.compiled.folding import Bytes
from models.compiled.part import part

NONE = 0  # nothing ends there: a folded text begins at 1

# What a byte is to the rules.
LETTER, DIGIT, HIGH, MARK, SIGN = 1, 2, 4, 8, 16  # HIGH is 0x80 and above; the underscore is a LETTER
NAME = LETTER | DIGIT
WORD = LETTER | DIGIT | HIGH


def _kinds() -> Bytes:
    kinds = np.zeros(256, dtype=np.uint8)
    kinds[list(b"abcdefghijklmnopqrstuvwxyz_")] = LETTER
    kinds[list(b"0123456789")] = DIGIT
    kinds[0x80:] = HIGH
    kinds[list(b'!?:"')] = MARK
    kinds[list(b"$@&+-")] = SIGN
    return kinds


def _pattern(text: bytes) -> Bytes:
    return np.frombuffer(text, dtype=np.uint8).copy()  # numba takes no frozen array as a constant


def _second_bytes(patterns: Iterable[Bytes]) -> Bytes:
    second_bytes = np.zeros(256, dtype=np.uint8)
    for pattern in patterns:
        second_bytes[pattern[0]] = pattern[1]
    return second_bytes


KINDS = _kinds()

_LINKS = (_pattern(b"http"), _pattern(b"www."), _pattern(b"t.co/"), _pattern(b"pic.twitter.com/"))
_SECOND_OF_LINK = _second_bytes(_LINKS)  # by the first byte
_QUOTES = _QUOTE, _QUOTE_NUMBER = _pattern(b"&quot;"), _pattern(b"&#34;")
_LONGEST_ENTITY = 8
_LONGEST_UNIT = 8
_UNITS = tuple(
    int.from_bytes(unit, "big")
    for unit in (b"k", b"m", b"mm", b"b", b"bn", b"t", b"tn", b"million", b"billion", b"trillion")
)


@part
def link_end(folded: Bytes, place: int) -> int:
    """A link, which no letter, digit or underscore may precede, runs to a space, control, quote or `<`."""
    if folded[place + 1] != _SECOND_OF_LINK[folded[place]]:  # decides nearly always, so first
        return NONE
    is_link = False
    for pattern in _LINKS:
        is_link = is_link or _begins(folded, place, pattern)
    if not is_link or KINDS[folded[place - 1]] & NAME:
        return NONE
    end = place
    while folded[end] > ord(" ") and folded[end] != ord('"') and folded[end] != ord("<"):
        end += 1
    return end


@part
def user_end(folded: Bytes, place: int) -> int:
    """An `@` and a name."""
    end = _name_end(folded, place + 1)
    return end if end > place + 1 else NONE


@part
def ticker_end(folded: Bytes, place: int) -> int:
    """A `$`, a name that begins with a letter, perhaps a share class of one or two letters behind a dot."""
    if not _is_letter(folded[place + 1]):
        return NONE
    end = _name_end(folded, place + 1)
    if folded[end] == ord(".") and _is_letter(folded[end + 1]):
        last = end + 2 if _is_letter(folded[end + 2]) else end + 1
        if not KINDS[folded[last + 1]] & NAME:
            return last + 1
    return end


@part
def change_end(folded: Bytes, place: int) -> int:
    """A sign that no letter, digit, underscore or `%` precedes, then a percentage, each after a space or none."""
    before = folded[place - 1]
    if KINDS[before] & NAME or before == ord("%"):
        return NONE
    return percentage_end(folded, place + 1 + (folded[place + 1] == ord(" ")))


@part
def money_end(folded: Bytes, place: int) -> int:
    """A `$`, perhaps a space, a figure, perhaps a space and a unit of money."""
    end = figure_end(folded, place + 1 + (folded[place + 1] == ord(" ")))
    if end == NONE:
        return NONE
    unit = end + (folded[end] == ord(" "))
    unit_end = unit
    packed = 0
    while KINDS[folded[unit_end]] & WORD and unit_end - unit < _LONGEST_UNIT:
        packed = packed << 8 | folded[unit_end]
        unit_end += 1
    is_unit = not KINDS[folded[unit_end]] & WORD and packed in _UNITS
    return unit_end if is_unit else end


@part
def percentage_end(folded: Bytes, place: int) -> int:
    """A figure, perhaps a space, and `%`."""
    end = figure_end(folded, place)
    if end == NONE:
        return NONE
    end += folded[end] == ord(" ")
    return end + 1 if folded[end] == ord("%") else NONE


@part
def number_end(folded: Bytes, place: int) -> int:
    """A figure that no word follows; before a word it gives up its last group of digits: `3.55rd` is `3` and `55rd`."""
    end = figure_end(folded, place)
    if end == NONE or not KINDS[folded[end]] & WORD:
        return end
    while KINDS[folded[end - 1]] & DIGIT:
        end -= 1
    return end - 1 if end - 1 > place else NONE


@part
def figure_end(folded: Bytes, place: int) -> int:
    """Digits, and groups of digits that a dot or comma joins."""
    if not KINDS[folded[place]] & DIGIT:
        return NONE
    end = place + 1
    while True:
        while KINDS[folded[end]] & DIGIT:
            end += 1
        if not ((folded[end] == ord(".") or folded[end] == ord(",")) and KINDS[folded[end + 1]] & DIGIT):
            return end
        end += 1


@part
def quote_end(folded: Bytes, place: int) -> int:
    """The HTML entity of a double quote."""
    for pattern in _QUOTES:
        if _begins(folded, place, pattern):
            return place + len(pattern)
    return NONE


@part
def entity_end(folded: Bytes, place: int) -> int:
    """Any HTML entity: `&`, perhaps `#`, one to eight letters or digits, `;`."""
    name = place + 1 + (folded[place + 1] == ord("#"))
    end = name
    while KINDS[folded[end]] & NAME and folded[end] != ord("_") and end - name < _LONGEST_ENTITY:
        end += 1
    return end + 1 if end > name and folded[end] == ord(";") else NONE


@part
def _name_end(folded: Bytes, place: int) -> int:
    while KINDS[folded[place]] & NAME:
        place += 1
    return place


@part
def _is_letter(byte: int) -> bool:
    return ord("a") <= byte <= ord("z")


@part
def _begins(folded: Bytes, place: int, pattern: Bytes) -> bool:
    for offset in range(len(pattern)):  # noqa: SIM110  # the NUL must end the comparison: no slice, no generator
        if folded[place + offset] != pattern[offset]:
            return False
    return True
