"""What goes into the two kernels and what comes out."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray
from models.compiled.part import numbers
from stream.compiled.characters import Bytes

Spans = npt.NDArray[np.int64]
Positions = npt.NDArray[np.int64]

ID, TEXT, CREATED_AT, TAGS, PLAIN, TICKERS = numbers(6)
"""Rows of a record's spans, each with the places of first byte and end: of the fields in its JSON; of `TAGS` how many
there are and whether `entities` were there; of `PLAIN` of the text in `Scanned.texts`, of `TICKERS` in those."""
SPAN_ROWS = 6
MOST_TAGS = 64
"""A record with more cashtags is left to the plain way."""

LEFT, TAKEN, WRITTEN = range(3)
"""What becomes of a record: left to the plain way; taken; left to it, which found a tweet and wrote its answers."""


class Packed(NamedTuple):
    """Bytes of n records, one behind the other.

    Attributes:
        content: of all.
        ends: int64 of shape (n,): where each ends; the first begins at 0, each other where the one before it ends.
    """

    content: Bytes
    ends: Positions


class Values(NamedTuple):
    """Values of n records, wherever they stand.

    Attributes:
        content: that they stand in.
        begins: int64 of shape (n,).
        ends: the same; before the begin for a record without a value.
    """

    content: Bytes
    begins: Positions
    ends: Positions


class Scanned(NamedTuple):
    """What was found in n records.

    Attributes:
        states: uint8 of shape (n,): `TAKEN` or `LEFT`.
        spans: shape (n, `SPAN_ROWS`, 2).
        texts: the texts of those taken, in UTF-8, with a NUL behind each: what `models.compiled.kernel.pack` gives.
        tickers: theirs, as elements of a JSON array.
    """

    states: npt.NDArray[np.uint8]
    spans: Spans
    texts: Bytes
    tickers: Bytes


class Opinion(NamedTuple):
    """See `models.predictions.OpinionColumns`."""

    labels: Positions
    label_scores: FloatArray
    sentiments: Positions
    sentiment_scores: FloatArray


class Said(NamedTuple):
    """The predictions of m tweets, those written by the plain way too; see `models.predictions.Columns`.

    Attributes:
        answers: int64 of shape (m,): positions in `ANSWERS`.
        are_disputed: bool of shape (m,): whether there are opinions to write.
    """

    answers: Positions
    labels: npt.NDArray[np.int64]
    label_scores: FloatArray
    sentiments: Positions
    sentiment_scores: FloatArray
    answerers: Positions
    sentiment_answerers: Positions
    are_disputed: npt.NDArray[np.bool_]
    batch: Opinion
    online: Opinion


class Topic(NamedTuple):
    """What goes to one of both topics.

    Attributes:
        headers: encoded, behind those that are a record's own.
        written: by the plain way: key, value and headers of a record, encoded; empty for all others.
    """

    headers: Bytes
    written: Packed


class Chunk(NamedTuple):
    """What the answers of a chunk have in common, and what each brings of its own.

    Attributes:
        offsets: int64 of shape (n,): of the records.
        id_header: name of the header `ce_id`, encoded.
        id_prefix: what stands before the offset in its value.
        header_count: of a record, without a trace.
        traces: encoded headers of the records that have a trace; empty for all others.
        ending: what ends the JSON: model and time.
        max_bytes: largest batch.
    """

    offsets: Positions
    id_header: Bytes
    id_prefix: Bytes
    header_count: int
    traces: Packed
    ending: Bytes
    max_bytes: int


class Batches(NamedTuple):
    """Record batches of one topic, but for what stands before their records.

    Attributes:
        content: with room for it.
        bounds: int64 of shape (n, 3): of each batch its first byte, the place behind its last, and the count of its
            records.
    """

    content: Bytes
    bounds: npt.NDArray[np.int64]
