"""Step 2, hash: folded text to the feature ids of its terms, repeats and all.

The same as rules 2 and 3 of `models.text` and the terms of `models.features`. A term is never built: its CRC-32 is
carried on byte by byte, twice at once, for the token alone and for the token behind its predecessor and a space.
"""

from zlib import crc32

import numpy as np
import numpy.typing as npt
from numba import int64

from models.compiled import patterns
from models.compiled.folding import Bytes
from models.compiled.part import part
from models.compiled.patterns import DIGIT, HIGH, KINDS, LETTER, MARK, NONE
from models.features import FEATURE_COUNT, PREFIX_BYTES, SUFFIX_BYTES
from models.text import DOWN, LINK, MONEY, NUMBER, PERCENT, TICKER, UP, USER

IDS_PER_BYTE = 2
"""A text has at most this many terms a byte: a token of one to four bytes has two, a longer one four."""

# Numbers that a function is called with get a width: numba would compile it once more for a bare literal.
_START = int64(0xFFFFFFFF)  # of a CRC-32; at its end all bits are inverted
_MASK = FEATURE_COUNT - 1
_NO_TOKEN = int64(-1)
_SPACE, _STAR = int64(ord(" ")), int64(ord("*"))
_NO_PLACEHOLDER = -1
_HIGH_BIT = 0x80  # set in every byte of a character beyond ASCII
_LINK, _USER, _TICKER, _UP, _DOWN, _MONEY, _PERCENT, _NUMBER, _QUOTE, _NOTHING = range(10)
_SPELLINGS = (LINK, USER, TICKER, UP, DOWN, MONEY, PERCENT, NUMBER, b'"')


def _crc_steps() -> npt.NDArray[np.uint32]:
    """What each value of the lowest byte adds to the state of a CRC-32 (reflected, as in zlib)."""
    polynomial = 0xEDB88320
    steps = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        steps = np.where(steps & 1, (steps >> 1) ^ np.uint32(polynomial), steps >> 1).astype(np.uint32)
    return steps


def _letters() -> Bytes:
    """How a byte of a word is spelled: itself, every digit 0; NUL for all bytes that are in no word."""
    letters = np.where(KINDS & patterns.WORD, np.arange(256), 0).astype(np.uint8)
    letters[KINDS == DIGIT] = ord("0")
    return letters


_CRC_STEPS = _crc_steps()
_LETTERS = _letters()
_STAR_STATE = int64(0xFFFFFFFF ^ crc32(b"*"))
_LENGTHS = np.array([len(spelling) for spelling in _SPELLINGS])
_SPELLED = np.array([list(spelling.ljust(max(_LENGTHS), b"\0")) for spelling in _SPELLINGS], dtype=np.uint8)
_STATES = np.array([0xFFFFFFFF ^ crc32(spelling) for spelling in _SPELLINGS])


@part
def hash_text(folded: Bytes, end: int, ids: npt.NDArray[np.int32]) -> int:
    """Hash the terms of one folded text.

    Args:
        folded: from `models.compiled.folding.fold`.
        end: what that gave.
        ids: gets the ids, each 0 to `FEATURE_COUNT` - 1; at least `IDS_PER_BYTE` times the text's bytes long.

    Returns:
        How many ids there are.
    """
    count = int64(0)
    previous = _NO_TOKEN  # the CRC state behind the previous token
    place = int64(1)
    while place < end:
        kind = KINDS[folded[place]]
        if kind == 0:
            place += 1
            continue
        if kind == MARK:
            count, previous = _add_mark(folded[place], ids, count, previous)
            place += 1
            continue
        found, stop = _placeholder(folded, place, kind)
        if found == _NO_PLACEHOLDER:
            if kind & patterns.WORD:
                place, count, previous = _add_word(folded, place, ids, count, previous)
            else:
                place += 1
            continue
        if found != _NOTHING:
            count, previous = _add_placeholder(found, ids, count, previous)
        place = stop
    return count


@part
def _placeholder(folded: Bytes, place: int, kind: int) -> tuple[int, int]:
    """What replaces the bytes from here on, and where those end; the order of the rules decides."""
    if kind & (LETTER | HIGH):
        end = patterns.link_end(folded, place)
        return (_LINK if end else _NO_PLACEHOLDER), end
    if kind == DIGIT:
        return _number(folded, place)
    return _signed(folded, place)


@part
def _number(folded: Bytes, place: int) -> tuple[int, int]:
    if KINDS[folded[place - 1]] & patterns.WORD:
        return _NO_PLACEHOLDER, NONE
    end = patterns.percentage_end(folded, place)
    if end:
        return _PERCENT, end
    end = patterns.number_end(folded, place)
    return (_NUMBER if end else _NO_PLACEHOLDER), end


@part
def _signed(folded: Bytes, place: int) -> tuple[int, int]:
    sign = folded[place]
    if sign == ord("@"):
        end = patterns.user_end(folded, place)
        return (_USER if end else _NO_PLACEHOLDER), end
    if sign == ord("$"):
        end = patterns.ticker_end(folded, place)
        if end:
            return _TICKER, end
        end = patterns.money_end(folded, place)
        return (_MONEY if end else _NO_PLACEHOLDER), end
    if sign == ord("&"):
        return _entity(folded, place)
    end = patterns.change_end(folded, place)
    if end:
        return (_UP if sign == ord("+") else _DOWN), end
    return _NO_PLACEHOLDER, NONE


@part
def _entity(folded: Bytes, place: int) -> tuple[int, int]:
    end = patterns.quote_end(folded, place)
    if end:
        return _QUOTE, end
    end = patterns.entity_end(folded, place)
    return (_NOTHING if end else _NO_PLACEHOLDER), end


@part
def _add_word(folded: Bytes, begin: int, ids: npt.NDArray[np.int32], count: int, previous: int) -> tuple[int, int, int]:
    """Hash the word that begins here; gives its end, the new count and the CRC state behind it."""
    word, pair = _START, _step(previous, _SPACE)
    prefix = word
    place = begin
    letter = _LETTERS[folded[place]]
    while letter:
        word, pair = _step(word, letter), _step(pair, letter)
        place += 1
        if place - begin == PREFIX_BYTES:
            prefix = word
        if letter & _HIGH_BIT and patterns.link_end(folded, place):
            break
        letter = _LETTERS[folded[place]]
    ids[count] = ~word & _MASK
    count += 1
    if previous != _NO_TOKEN:
        ids[count] = ~pair & _MASK
        count += 1
    if place - begin > PREFIX_BYTES:
        suffix = _STAR_STATE
        for offset in range(place - SUFFIX_BYTES, place):
            suffix = _step(suffix, _LETTERS[folded[offset]])
        ids[count] = ~_step(prefix, _STAR) & _MASK
        ids[count + 1] = ~suffix & _MASK
        count += 2
    return place, count, word


@part
def _add_mark(mark: int, ids: npt.NDArray[np.int32], count: int, previous: int) -> tuple[int, int]:
    state = _step(_START, mark)
    ids[count] = ~state & _MASK
    count += 1
    if previous != _NO_TOKEN:
        ids[count] = ~_step(_step(previous, _SPACE), mark) & _MASK
        count += 1
    return count, state


@part
def _add_placeholder(found: int, ids: npt.NDArray[np.int32], count: int, previous: int) -> tuple[int, int]:
    ids[count] = ~_STATES[found] & _MASK
    count += 1
    if previous != _NO_TOKEN:
        pair = _step(previous, _SPACE)
        for offset in range(_LENGTHS[found]):
            pair = _step(pair, _SPELLED[found, offset])
        ids[count] = ~pair & _MASK
        count += 1
    return count, _STATES[found]


@part
def _step(state: int, byte: int) -> int:
    return _CRC_STEPS[(state ^ byte) & 0xFF] ^ (state >> 8)
