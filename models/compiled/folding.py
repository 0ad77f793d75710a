"""Step 1, fold: a text's bytes in lower case, its Unicode spaces, dashes, quotes and signs as ASCII ones.

The same as rule 1 of `models.text`; what becomes of a character is looked up in a table made from that rule.
"""

import numpy as np
import numpy.typing as npt
from numba import int64

from models import text
from models.compiled.part import part

Bytes = npt.NDArray[np.uint8]

PADDING_BYTES = 1
"""NULs on either side of a folded text: they match no rule, so looking one byte back or ahead needs no bounds check."""
GROWTH = 2
"""A folded text is at most this many times as long: a symbol of three bytes gets a space on either side."""

_KEPT, _SYMBOL = 0, 1  # what becomes of a character that does not become one ASCII byte
_SPACE = ord(" ")
_FOLDED_CHARACTERS = 0x20000  # the rule leaves all from here on as they are, and all before _FIRST too
_FIRST = 0x80
_BLOCK = 128  # characters; most blocks stay as they are, and each process that starts waits for all


def _outcomes() -> Bytes:
    """What becomes of each character: one ASCII byte, or kept, or a symbol."""
    outcomes = np.zeros(_FOLDED_CHARACTERS, dtype=np.uint8)
    for start in range(_FIRST, _FOLDED_CHARACTERS, _BLOCK):
        block = "\n".join(map(chr, range(start, start + _BLOCK))).encode(errors="surrogatepass")
        if (folded_block := text.fold(block)) == block:
            continue
        pairs = zip(block.split(b"\n"), folded_block.split(b"\n"), strict=True)
        for number, (utf8, folded) in enumerate(pairs, start):
            if folded != utf8:
                outcomes[number] = folded[0] if len(folded) == 1 else _SYMBOL
    return outcomes


_OUTCOMES = _outcomes()
_CONTINUATION, _PAYLOAD = 0xC0, 0x3F  # the two upper bits of a continuation byte are 10, the others its payload
_TWO, _THREE, _FOUR = 0xC0, 0xE0, 0xF0  # lead bytes from these on begin a character of so many bytes
_LEAST = (0, 0, 0x80, 0x800, 0x10000)  # a smaller number in so many bytes is no UTF-8


@part
def fold(content: Bytes, start: int, end: int, folded: Bytes) -> int:
    """Fold `content[start:end]` into `folded`, from its second byte on.

    Args:
        content: UTF-8, possibly broken.
        start: of the text.
        end: behind its last byte.
        folded: at least `GROWTH * (end - start) + 2 * PADDING_BYTES` bytes long.

    Returns:
        The end of the folded text; a NUL stands there, and another before its first byte.
    """
    given, lower = content[start:end], folded[PADDING_BYTES:]
    highest = np.uint8(0)
    for place in range(len(given)):  # without a branch and in bytes throughout, so that many are done at once
        byte = given[place]
        lower[place] = np.uint8(byte | np.uint8(((byte >= ord("A")) & (byte <= ord("Z"))) << 5))
        highest = np.uint8(highest | byte)
    folded[0] = 0
    stop = end - start + 1
    if highest >= _FIRST:
        stop = _fold_characters(content, start, end, folded)
    folded[stop] = 0
    return stop


@part
def _fold_characters(content: Bytes, start: int, end: int, folded: Bytes) -> int:
    place = start
    while content[place] < _FIRST:  # folded already
        place += 1
    stop = place - start + PADDING_BYTES
    while place < end:
        length, outcome = 1, _KEPT
        if content[place] >= _TWO:
            length, outcome = _character(content[place:end])
        if outcome > _SYMBOL:
            folded[stop] = outcome
            stop += 1
        elif outcome == _SYMBOL:
            folded[stop] = _SPACE
            for offset in range(length):
                folded[stop + 1 + offset] = content[place + offset]
            folded[stop + 1 + length] = _SPACE
            stop += length + 2
        else:
            byte = content[place]
            folded[stop] = byte + 32 * (byte >= ord("A")) * (byte <= ord("Z"))
            length = 1
            stop += 1
        place += length
    return stop


@part
def _character(rest: Bytes) -> tuple[int, int]:
    """Length and outcome of the character at the start of `rest`; (1, kept) where there is no whole one."""
    length = 2 + (rest[0] >= _THREE) + (rest[0] >= _FOUR)
    if len(rest) < length:
        return 1, _KEPT
    number = int64(rest[0] & (_PAYLOAD >> min(length - 1, 2)))  # 0xF8 and above, no lead bytes, come out too large
    for offset in range(1, length):
        if rest[offset] & _CONTINUATION != _FIRST:
            return 1, _KEPT
        number = number << 6 | (rest[offset] & _PAYLOAD)
    if not _LEAST[length] <= number < _FOLDED_CHARACTERS:
        return 1, _KEPT
    return length, int64(_OUTCOMES[number])
