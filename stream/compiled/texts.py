"""Step 2, take text: the text of a tweet in UTF-8, and the tickers that stand in it; see `models.tweets`, `models.text`."""

import string

import numpy as np
from numba import int64

from models.compiled.part import part
from models.tweets import MAX_TEXT_CHARACTERS
from stream.compiled.characters import KINDS, KINDS_UP_TO, SPACE, WORD, Bytes, character, character_before
from stream.compiled.output import put
from stream.compiled.strings import code_unit

UNSURE = -1
"""Instead of a place: the text is left to the plain way."""

_BACKSLASH, _QUOTE, _COMMA, _DOLLAR = ord("\\"), ord('"'), ord(","), ord("$")
_POINT, _UNDERSCORE = ord("."), ord("_")
_MOST_LETTERS, _MOST_CLASS_LETTERS = 6, 2  # of a cashtag, and behind its point
_HIGH, _LOW, _AFTER_HIGH, _BEYOND_BASIC = 0xD800, 0xDC00, 0xDC00, 0x10000
_TWO_BYTES, _THREE_BYTES = 0x80, 0x800  # characters from these on take so many
_UNKNOWN = 4  # beside `SPACE` and `WORD`
_NO_LETTER, _UPPER_LETTER, _LOWER_LETTER = range(3)


def _unescaped() -> Bytes:
    """What stands behind a backslash, as the byte that it means."""
    meant = np.arange(256, dtype=np.uint8)
    for name, byte in zip("bfnrt", "\b\f\n\r\t", strict=True):
        meant[ord(name)] = ord(byte)
    return meant


def _letters() -> Bytes:
    letters = np.full(256, _NO_LETTER, dtype=np.uint8)
    letters[list(string.ascii_uppercase.encode())] = _UPPER_LETTER
    letters[list(string.ascii_lowercase.encode())] = _LOWER_LETTER
    return letters


_UNESCAPED = _unescaped()
_LETTERS = _letters()
MARKED = np.frombuffer(bytes(range(256)).upper(), dtype=np.uint8)
"""What becomes of the bytes of a cashtag that X marked."""
FOUND = np.frombuffer(bytes(range(256)).upper().replace(b"_", b"."), dtype=np.uint8)
"""What becomes of the bytes of one that stands in the text."""


@part
def take_text(content: Bytes, begin: int, end: int, texts: Bytes, stop: int) -> int:
    """Copy a text, without its escapes.

    Args:
        content: with a JSON string that was scanned.
        begin: of the string, behind its quote.
        end: its closing quote.
        texts: gets the text, and a NUL behind it.
        stop: where to.

    Returns:
        The place of the NUL; `UNSURE` for white space alone, for a text with a NUL, and for a long one.
    """
    is_escaped = False
    for byte in content[begin:end]:
        is_escaped |= byte == _BACKSLASH
    after = _unescape(content, begin, end, texts, stop) if is_escaped else put(texts, stop, content, begin, end)
    if after == UNSURE or after - stop > MAX_TEXT_CHARACTERS or not _is_more_than_space(texts, stop, after):
        return UNSURE
    texts[after] = 0
    return after


@part
def _unescape(content: Bytes, place: int, end: int, texts: Bytes, stop: int) -> int:
    while place < end:
        byte = content[place]
        if byte != _BACKSLASH:
            texts[stop] = byte
            place, stop = place + 1, stop + 1
            continue
        byte = content[place + 1]
        if byte != ord("u"):
            texts[stop] = _UNESCAPED[byte]
            place, stop = place + 2, stop + 1
            continue
        number = code_unit(content, place, end)
        place += 6
        if _HIGH <= number < _AFTER_HIGH:
            number = _BEYOND_BASIC + ((number - _HIGH) << 10) + code_unit(content, place, end) - _LOW
            place += 6
        if number == 0:
            return UNSURE
        stop = _put_character(texts, stop, number)
    return stop


@part
def _put_character(texts: Bytes, stop: int, number: int) -> int:
    if number < _TWO_BYTES:
        texts[stop] = number
        return stop + 1
    if number < _THREE_BYTES:
        texts[stop] = 0xC0 | number >> 6
    elif number < _BEYOND_BASIC:
        texts[stop] = 0xE0 | number >> 12
        stop += 1
        texts[stop] = 0x80 | number >> 6 & 0x3F
    else:
        texts[stop] = 0xF0 | number >> 18
        texts[stop + 1] = 0x80 | number >> 12 & 0x3F
        stop += 2
        texts[stop] = 0x80 | number >> 6 & 0x3F
    texts[stop + 1] = 0x80 | number & 0x3F
    return stop + 2


@part
def _is_more_than_space(texts: Bytes, place: int, end: int) -> bool:
    while place < end:
        length, number = character(texts, place, end)
        if number >= KINDS_UP_TO or not KINDS[number] & SPACE:
            return True
        place += length
    return False


@part
def add_ticker(tag: Bytes, becomes: Bytes, tickers: Bytes, first: int, stop: int) -> int:
    """Add a ticker to a tweet's, as an element of a JSON array, unless it is there.

    Args:
        tag: the cashtag, without its sign.
        becomes: `MARKED` or `FOUND`.
        tickers: gets it.
        first: where the tweet's tickers begin.
        stop: where they end.

    Returns:
        Where they end now.
    """
    place = stop
    if stop > first:
        tickers[place] = _COMMA
        place += 1
    element = place
    tickers[place] = _QUOTE
    place += 1
    for byte in tag:
        tickers[place] = becomes[byte]
        place += 1
    tickers[place] = _QUOTE
    place += 1
    length = place - element
    for other in range(first, stop - length + 1):
        if _are_same(tickers, other, element, length):
            return stop
    return place


@part
def _are_same(content: Bytes, one: int, other: int, length: int) -> bool:
    for offset in range(length):
        if content[one + offset] != content[other + offset]:
            return False
    return True


@part
def find_tickers(texts: Bytes, begin: int, end: int, tickers: Bytes, stop: int) -> int:
    """Add the cashtags of a text; the same as `models.text.tickers`.

    Args:
        texts: with the text, and a NUL behind it.
        begin: of the text.
        end: of the text.
        tickers: gets them.
        stop: where to.

    Returns:
        Where they end; `UNSURE` where a cashtag stands beside a character of an unknown kind.
    """
    first = stop
    place = begin
    while True:
        place = _sign(texts, place, end)
        if place == end:
            return stop
        before = character_before(texts, begin, place)
        place += 1
        if before == _DOLLAR:
            continue
        tag_end = _tag_end(texts, place, end)
        if tag_end == place:
            continue
        if before >= KINDS_UP_TO or tag_end == UNSURE:
            return UNSURE
        if before >= 0 and KINDS[before] & WORD:
            continue
        stop = add_ticker(texts[place:tag_end], FOUND, tickers, first, stop)
        place = tag_end


@part
def _sign(texts: Bytes, place: int, end: int) -> int:
    """Find the next dollar sign."""
    rest = texts[place:end]
    for offset in range(len(rest)):  # numba need not look whether this is below 0
        if rest[offset] == _DOLLAR:
            return place + offset
    return end


@part
def _tag_end(texts: Bytes, place: int, end: int) -> int:
    """Find the end of the cashtag whose first letter stands at `place`; `place` where there is none."""
    case = _LETTERS[texts[place]]
    if case == _NO_LETTER:
        return place
    letters_end = place
    while letters_end - place <= _MOST_LETTERS and _LETTERS[texts[letters_end]] == case:
        letters_end += 1
    if letters_end - place <= _MOST_LETTERS and (texts[letters_end] == _POINT or texts[letters_end] == _UNDERSCORE):
        class_end = letters_end + 1
        while class_end - letters_end <= _MOST_CLASS_LETTERS + 1 and _LETTERS[texts[class_end]] == case:
            class_end += 1
        if 1 < class_end - letters_end <= _MOST_CLASS_LETTERS + 1:
            kind = _kind(texts, class_end, end)
            if not kind & WORD:
                return UNSURE if kind == _UNKNOWN else class_end
    while letters_end - place <= _MOST_LETTERS and _LETTERS[texts[letters_end]] != _NO_LETTER:
        letters_end += 1
    kind = _kind(texts, letters_end, end)
    if letters_end - place > _MOST_LETTERS or kind & WORD:
        return place
    return UNSURE if kind == _UNKNOWN else letters_end


@part
def _kind(texts: Bytes, place: int, end: int) -> int:
    """Give the kind of the character at `place`; the text's end is none."""
    if place == end:
        return 0
    number = character(texts, place, end)[1]
    return int64(KINDS[number]) if number < KINDS_UP_TO else int64(_UNKNOWN)
