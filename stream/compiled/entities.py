"""The cashtags that X marked in a tweet, in its `entities`."""

import string

import numpy as np
import numpy.typing as npt

from models.compiled.part import part
from stream.compiled.characters import Bytes, byte_set, word
from stream.compiled.layout import MOST_TAGS, Spans
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
from stream.compiled.strings import FAILED

_QUOTE, _BRACE, _END_BRACE = ord('"'), ord("{"), ord("}")
_BRACKET, _END_BRACKET = ord("["), ord("]")
_IN_TAGS = byte_set(string.ascii_letters + string.digits + "._-")  # taken as they are, but for their case
_CASHTAGS_NAME, _TAG_NAME = word("cashtags"), word("tag")


@part
def entities_end(content: Bytes, place: int, end: int, found: npt.NDArray[np.int64], tags: Spans) -> int:
    """Pass over `entities` and note its cashtags: in `found` their count and that they were looked for."""
    found[1] = 1
    if byte_at(content, place, end) != _BRACE:
        return FAILED
    has_cashtags = False
    place, goes_on = first_member(content, place, end)
    while goes_on:
        quote, value = plain_name_end(content, place, end)
        if value == FAILED:
            return FAILED
        if is_same(content, place + 1, quote, _CASHTAGS_NAME):
            if has_cashtags:
                return FAILED
            has_cashtags = True
            place = _cashtags_end(content, value, end, found, tags)
        else:
            place = value_end(content, value, end)
        if place == FAILED:
            return FAILED
        place, goes_on = next_element(content, place, end, _END_BRACE)
    return place


@part
def _cashtags_end(content: Bytes, place: int, end: int, found: npt.NDArray[np.int64], tags: Spans) -> int:
    byte = byte_at(content, place, end)
    if byte == ord("n"):
        return null_end(content, place, end)
    if byte != _BRACKET:
        return FAILED
    place = skip_space(content, place + 1, end)
    if byte_at(content, place, end) == _END_BRACKET:
        return place + 1
    goes_on = True
    while goes_on:
        if found[0] == MOST_TAGS or byte_at(content, place, end) != _BRACE:
            return FAILED
        place = _cashtag_end(content, place, end, tags[found[0]])
        if place == FAILED:
            return FAILED
        found[0] += 1
        place, goes_on = next_element(content, place, end, _END_BRACKET)
    return place


@part
def _cashtag_end(content: Bytes, place: int, end: int, tag: npt.NDArray[np.int64]) -> int:
    """Pass over one element of the cashtags and note its tag, which must be there once and in plain letters."""
    tag[:] = 0
    place, goes_on = first_member(content, place, end)
    while goes_on:
        quote, value = plain_name_end(content, place, end)
        if value == FAILED:
            return FAILED
        if is_same(content, place + 1, quote, _TAG_NAME):
            if tag[1] or byte_at(content, value, end) != _QUOTE:
                return FAILED
            tag_end = value + 1
            while _IN_TAGS[byte_at(content, tag_end, end)]:
                tag_end += 1
            if byte_at(content, tag_end, end) != _QUOTE:
                return FAILED
            tag[0], tag[1] = value + 1, tag_end
            place = tag_end + 1
        else:
            place = value_end(content, value, end)
        if place == FAILED:
            return FAILED
        place, goes_on = next_element(content, place, end, _END_BRACE)
    return place if tag[1] else FAILED
