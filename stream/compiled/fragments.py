"""The parts of an answer's JSON that are the same in many: those of `stream.writing`, one behind the other."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from models.compiled.part import numbers, part
from stream import writing
from stream.compiled.characters import Bytes
from stream.compiled.output import put

_SINGLE = (
    b'{"id":"',
    b'","text":"',
    b'"',
    b',"created_at":null,"tickers":[',
    b',"created_at":"',
    b'","tickers":[',
    b"]",
    b',"labels":{',
    b",",
    b"}",
    writing.NO_OPINIONS,
    b"}}",
)
(OPEN, TEXT, QUOTE, NO_TIME, TIME, TICKERS, END_TICKERS, LABELS, COMMA, BRACE, NO_OPINIONS, END_OPINIONS) = numbers(
    len(_SINGLE)
)
"""Numbers of parts; behind them come parts by what they say."""
_TABLES = (
    writing.ANSWER_MEMBERS,
    writing.LABEL_KEYS,
    writing.SENTIMENT_MEMBERS,
    writing.ANSWERED_BY,
    writing.SENTIMENT_ANSWERED_BY,
    writing.BATCH_LABELS,
    writing.ONLINE_LABELS,
)
_COUNTS = [len(_SINGLE), *map(len, _TABLES[:-1])]
ANSWER, LABEL_KEY, SENTIMENT, ANSWERED_BY, SENTIMENT_ANSWERED_BY, BATCH_LABEL, ONLINE_LABEL = (
    numbers(1, first=sum(_COUNTS[: place + 1]))[0] for place in range(len(_COUNTS))
)
"""Numbers of the first of such parts; the others count on."""


def _joined(parts: Iterable[bytes]) -> tuple[Bytes, npt.NDArray[np.int64]]:
    all_parts = list(parts)
    bounds = np.cumsum([0, *map(len, all_parts)])
    return np.frombuffer(b"".join(all_parts), dtype=np.uint8), bounds


_CONTENT, _BOUNDS = _joined([*_SINGLE, *(part for table in _TABLES for part in table)])


@part
def put_part(output: Bytes, stop: int, number: int) -> int:
    """Put the part of this number."""
    return put(output, stop, _CONTENT, _BOUNDS[number], _BOUNDS[number + 1])
