"""Where the fields of a tweet stand in a record, flat or in `data`; see `models.tweets`.

Taken are records whose fields each stand there once, under their plain names, with values of the right form. Which error
a wrong one has, and which of two counts, is for the plain way to say.
"""

import numpy as np
import numpy.typing as npt

from models.compiled.part import part
from stream.compiled.characters import Bytes, word
from stream.compiled.entities import entities_end
from stream.compiled.layout import CREATED_AT, ID, TAGS, TEXT, Spans
from stream.compiled.scanning import (
    byte_at,
    first_member,
    is_same,
    next_element,
    null_end,
    plain_name_end,
    skip_space,
    value_end,
)
from stream.compiled.strings import FAILED, string_end

_DATA, _UNKNOWN = 4, 5
_QUOTE, _BRACE, _END_BRACE = ord('"'), ord("{"), ord("}")
_ZERO, _NINE = ord("0"), ord("9")
_MOST_ID_DIGITS = 19
_MOST_FRACTION_DIGITS = 9
_ZONE_BYTES = 5  # of a sign and four digits; there may be a colon too
_DATE_AND_TIME = word("0000-00-00T00:00:00")
_ID_NAME, _TEXT_NAME, _CREATED_AT_NAME = word("id"), word("text"), word("created_at")
_ENTITIES_NAME, _DATA_NAME = word("entities"), word("data")


@part
def find_fields(content: Bytes, place: int, end: int, spans: Spans, tags: Spans) -> bool:
    """Find the fields of one record.

    Args:
        content: any bytes.
        place: of the record's first byte.
        end: behind its last.
        spans: shape (`SPAN_ROWS`, 2); gets the places of the fields, 0 for one that is not there.
        tags: shape (`MOST_TAGS`, 2); gets the places of the marked cashtags.

    Returns:
        Whether the record is sure to be a tweet as far as its form goes; its text may still be white space.
    """
    spans[:] = 0
    place = skip_space(content, place, end)
    if byte_at(content, place, end) != _BRACE:
        return False
    place = _record_end(content, place, end, spans, tags)
    return place != FAILED and skip_space(content, place, end) == end and spans[ID, 1] > 0 and spans[TEXT, 1] > 0


@part
def _record_end(content: Bytes, place: int, end: int, spans: Spans, tags: Spans) -> int:
    """Pass over the record's object and note its fields: its own, or else those in its `data`."""
    is_wrapped = False
    place, goes_on = first_member(content, place, end)
    while goes_on:
        field, value = _member(content, place, end)
        if field == _DATA:
            if is_wrapped or spans[:, 1].any() or byte_at(content, value, end) != _BRACE:
                return FAILED
            is_wrapped = True
            place = _data_end(content, value, end, spans, tags)
        elif is_wrapped and field != _UNKNOWN:
            return FAILED
        else:
            place = _value_end(content, value, end, field, spans, tags)
        if place == FAILED:
            return FAILED
        place, goes_on = next_element(content, place, end, _END_BRACE)
    return place


@part
def _data_end(content: Bytes, place: int, end: int, spans: Spans, tags: Spans) -> int:
    """Pass over the object in `data` and note its fields."""
    place, goes_on = first_member(content, place, end)
    while goes_on:
        field, value = _member(content, place, end)
        place = _value_end(content, value, end, field, spans, tags)
        if place == FAILED:
            return FAILED
        place, goes_on = next_element(content, place, end, _END_BRACE)
    return place


@part
def _member(content: Bytes, place: int, end: int) -> tuple[int, int]:
    """Give which field a member is, and the place of its value; names that are written with escapes fail."""
    quote, value = plain_name_end(content, place, end)
    if value == FAILED:
        return _UNKNOWN, FAILED
    return _field(content, place + 1, quote), value


@part
def _value_end(content: Bytes, place: int, end: int, field: int, spans: Spans, tags: Spans) -> int:
    """Pass over a member's value and note it if it is that of a field, which must not stand there twice."""
    if place == FAILED:
        return FAILED
    if field >= _DATA:
        return value_end(content, place, end)
    if spans[field, 1]:
        return FAILED
    if byte_at(content, place, end) == ord("n") and field in (CREATED_AT, TAGS):
        return null_end(content, place, end)
    if field == TAGS:
        return entities_end(content, place, end, spans[TAGS], tags)
    return _string_end(content, place, end, field, spans[field])


@part
def _field(content: Bytes, begin: int, end: int) -> int:
    if is_same(content, begin, end, _ID_NAME):
        return ID
    if is_same(content, begin, end, _TEXT_NAME):
        return TEXT
    if is_same(content, begin, end, _CREATED_AT_NAME):
        return CREATED_AT
    if is_same(content, begin, end, _ENTITIES_NAME):
        return TAGS
    return _DATA if is_same(content, begin, end, _DATA_NAME) else _UNKNOWN


@part
def _string_end(content: Bytes, place: int, end: int, field: int, span: npt.NDArray[np.int64]) -> int:
    """Pass over the string of a field and note it if it is such as the field must be."""
    if byte_at(content, place, end) != _QUOTE:
        return FAILED
    begin = place + 1
    quote = string_end(content, begin, end)[0]
    if field == ID:
        is_right = 0 < quote - begin <= _MOST_ID_DIGITS and _are_digits(content, begin, quote)
    elif field == CREATED_AT:
        is_right = _is_moment(content, begin, quote)
    else:
        is_right = quote > begin
    if not is_right:
        return FAILED
    span[0], span[1] = begin, quote
    return quote + 1


@part
def _are_digits(content: Bytes, begin: int, end: int) -> bool:
    for place in range(begin, end):
        if not _ZERO <= content[place] <= _NINE:
            return False
    return True


@part
def _is_moment(content: Bytes, begin: int, end: int) -> bool:
    """Tell whether it is such as `models.tweets.CREATED_AT`."""
    place = begin + len(_DATE_AND_TIME)
    if place >= end:
        return False
    for offset, wanted in enumerate(_DATE_AND_TIME):
        byte = content[begin + offset]
        if not (_ZERO <= byte <= _NINE if wanted == _ZERO else byte == wanted):
            return False
    if content[place] == ord("."):
        fraction = place + 1
        place = fraction
        while place < end and _ZERO <= content[place] <= _NINE:
            place += 1
        if not 0 < place - fraction <= _MOST_FRACTION_DIGITS:
            return False
    return _is_zone(content, place, end)


@part
def _is_zone(content: Bytes, place: int, end: int) -> bool:
    length = end - place
    if length == 1:
        return bool(content[place] == ord("Z"))
    if length not in (_ZONE_BYTES, _ZONE_BYTES + 1) or content[place] not in (ord("+"), ord("-")):
        return False
    if length > _ZONE_BYTES and content[place + 3] != ord(":"):
        return False
    return _are_digits(content, place + 1, place + 3) and _are_digits(content, end - 2, end)
