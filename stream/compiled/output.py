"""Bytes, numbers and JSON strings, put one behind the other into an array that has room for them.

Each function takes the place where to begin and gives the place behind what it has put.
"""

import math

import numpy as np
from numba import int64

from models.compiled.copying import copy_bytes
from models.compiled.part import part
from stream.compiled.characters import Bytes

_TEN, _MILLION = 10, 1_000_000
_DECIMALS = 6
_ZERO, _POINT, _MINUS, _QUOTE, _BACKSLASH = ord("0"), ord("."), ord("-"), ord('"'), ord("\\")
_MORE, _PAYLOAD, _PAYLOAD_BITS = 0x80, 0x7F, 7


def _escapes() -> Bytes:
    """By byte: 0 where it stands for itself in a JSON string, else what stands behind its backslash."""
    escapes = np.zeros(256, dtype=np.uint8)
    escapes[:0x20] = ord("u")
    for byte, name in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True):
        escapes[ord(byte)] = ord(name)
    return escapes


_ESCAPES = _escapes()
_HEX_DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


@part
def put(output: Bytes, stop: int, source: Bytes, begin: int, end: int) -> int:
    """Copy `source[begin:end]`."""
    copy_bytes(output, stop, source, begin, end - begin)
    return stop + end - begin


@part
def put_all(output: Bytes, stop: int, source: Bytes) -> int:
    """Copy all of `source`."""
    return put(output, stop, source, 0, len(source))


@part
def put_varint(output: Bytes, stop: int, number: int) -> int:
    """Put a number from 0 up as Kafka's signed variable-length integer, see `stream.framing.varint`."""
    rest = number << 1
    while rest > _PAYLOAD:
        output[stop] = rest & _PAYLOAD | _MORE
        rest >>= _PAYLOAD_BITS
        stop += 1
    output[stop] = rest
    return stop + 1


@part
def varint_length(number: int) -> int:
    """Count the bytes that `put_varint` puts."""
    length = 1
    rest = number >> (_PAYLOAD_BITS - 1)
    while rest:
        rest >>= _PAYLOAD_BITS
        length += 1
    return length


@part
def put_integer(output: Bytes, stop: int, number: int) -> int:
    """Put a number from 0 up in decimal digits."""
    after = stop + digit_count(number)
    place = after
    while place > stop:
        place -= 1
        output[place] = _ZERO + number % _TEN
        number //= _TEN
    return after


@part
def digit_count(number: int) -> int:
    """Count the decimal digits of a number from 0 up."""
    count = 1
    while number >= _TEN:
        number //= _TEN
        count += 1
    return count


@part
def put_score(output: Bytes, stop: int, score: float) -> int:
    """Put a number from -1 to 1 that has six decimals, in as few digits as its JSON needs."""
    if math.copysign(1.0, score) < 0:
        output[stop] = _MINUS
        stop += 1
    millionths = int64(np.rint(abs(score) * _MILLION))
    if 0 < millionths < _TEN:  # shorter with an exponent
        output[stop] = _ZERO + millionths
        output[stop + 1], output[stop + 2], output[stop + 3] = ord("e"), _MINUS, _ZERO + _DECIMALS
        return stop + 4
    output[stop] = _ZERO + millionths // _MILLION
    output[stop + 1] = _POINT
    stop += 2
    rest = millionths % _MILLION
    unit = _MILLION // _TEN
    while True:
        output[stop] = _ZERO + rest // unit
        rest %= unit
        unit //= _TEN
        stop += 1
        if rest == 0:
            return stop


@part
def put_escaped(output: Bytes, stop: int, source: Bytes, begin: int, end: int) -> int:
    """Put `source[begin:end]` as the inside of a JSON string."""
    for place in range(begin, end):
        byte = source[place]
        escape = _ESCAPES[byte]
        if escape == 0:
            output[stop] = byte
            stop += 1
            continue
        output[stop], output[stop + 1] = _BACKSLASH, escape
        stop += 2
        if escape == ord("u"):
            output[stop] = output[stop + 1] = _ZERO
            output[stop + 2], output[stop + 3] = _HEX_DIGITS[byte >> 4], _HEX_DIGITS[byte & 0xF]
            stop += 4
    return stop
