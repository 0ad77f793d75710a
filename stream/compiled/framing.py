"""Step 4, frame: records in Kafka's own format, one behind the other, cut into batches; see `stream.framing`."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.compiled.part import maker, part
from stream.compiled.characters import Bytes
from stream.compiled.layout import Batches
from stream.compiled.output import put_varint, varint_length
from stream.framing import BATCH_OVERHEAD_BYTES

_STOP, _BEGIN, _COUNT, _BATCHES = range(4)
_BYTES_AROUND = BATCH_OVERHEAD_BYTES + 32  # a batch for itself, and the numbers in and before a record


class Draft(NamedTuple):
    """The record batches of one topic while they are made.

    Attributes:
        content: all batches, each with room for what stands before its records.
        state: int64 of shape (4,): where the next byte goes; begin of the open batch and count of its records; count of
            the closed ones.
        bounds: int64 of shape (n, 3): of each batch its first byte, the place behind its last, and the count of its
            records.
    """

    content: Bytes
    state: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.int64]


@maker
def begin_draft(room: int, count: int) -> Draft:
    """Begin the batches of up to `count` records, whose keys, values and headers take up to `room` bytes."""
    content = np.empty(room + count * _BYTES_AROUND, dtype=np.uint8)
    draft = Draft(content, np.zeros(4, dtype=np.int64), np.empty((count, 3), dtype=np.int64))
    _open_batch(draft)
    return draft


@part
def begin_record(draft: Draft, content_bytes: int, max_bytes: int) -> int:
    """Put what stands before a record's content, in a new batch where the open one would grow larger than it may.

    Returns:
        Where the content goes.
    """
    state = draft.state
    length = 2 + varint_length(state[_COUNT]) + content_bytes
    if state[_COUNT] and state[_STOP] - state[_BEGIN] + varint_length(length) + length > max_bytes:
        _close_batch(draft)
        _open_batch(draft)
        length = 2 + varint_length(0) + content_bytes
    stop = put_varint(draft.content, state[_STOP], length)
    # Attributes, which Kafka does not use, and the time after the batch's.
    draft.content[stop] = draft.content[stop + 1] = 0
    stop = put_varint(draft.content, stop + 2, state[_COUNT])
    state[_COUNT] += 1
    return stop


@part
def end_record(draft: Draft, stop: int) -> None:
    """Say where the record's content ends."""
    draft.state[_STOP] = stop


@part
def _close_batch(draft: Draft) -> None:
    """Note where the open batch ends, if it has any record."""
    state = draft.state
    if state[_COUNT]:
        row = draft.bounds[state[_BATCHES]]
        row[0], row[1], row[2] = state[_BEGIN], state[_STOP], state[_COUNT]
        state[_BATCHES] += 1


@maker
def finished(draft: Draft) -> Batches:
    """End the last batch; gives all."""
    _close_batch(draft)
    return Batches(draft.content, draft.bounds[: draft.state[_BATCHES]])


@part
def _open_batch(draft: Draft) -> None:
    state = draft.state
    state[_BEGIN] = state[_STOP]
    state[_STOP] += BATCH_OVERHEAD_BYTES
    state[_COUNT] = 0
