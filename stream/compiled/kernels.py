"""The two kernels: from a chunk's records to their texts, and from what is said of them to record batches."""

from collections.abc import Callable
from functools import cache

import numba
import numpy as np
from numba import int64

from models import tweets
from models.compiled.caching import cached
from models.compiled.part import part
from stream import framing, writing
from stream.compiled.answers import put_classified, put_sentiment
from stream.compiled.characters import Bytes
from stream.compiled.fields import find_fields
from stream.compiled.framing import Draft, begin_draft, begin_record, end_record, finished
from stream.compiled.layout import (
    ID,
    LEFT,
    MOST_TAGS,
    PLAIN,
    SPAN_ROWS,
    TAGS,
    TAKEN,
    TEXT,
    TICKERS,
    WRITTEN,
    Batches,
    Chunk,
    Opinion,
    Packed,
    Said,
    Scanned,
    Spans,
    Topic,
    Values,
)
from stream.compiled.output import digit_count, put_all, put_integer, put_varint, varint_length
from stream.compiled.texts import MARKED, UNSURE, add_ticker, find_tickers, take_text

Scan = Callable[[Values], Scanned]
Write = Callable[[Values, Scanned, Said, Chunk, Topic, Topic], tuple[Batches, Batches]]

_CONSTANTS_FROM = (tweets, writing, framing)
_TICKER_GROWTH = 2  # "$A" becomes `"A",`
_MOST_ANSWER_BYTES = 4_096  # of an answer, without what it takes from its record or its chunk
_MOST_NUMBER_BYTES = 32  # of an offset and the lengths beside it


def scan_records(values: Values) -> Scanned:
    """Scan n records and take the texts of those that are sure to be tweets.

    Args:
        values: of the records; any bytes are safe.
    """
    content, begins, ends = values
    count = len(ends)
    room = _bytes_in(values)
    states = np.zeros(count, dtype=np.uint8)
    spans = np.zeros((count, SPAN_ROWS, 2), dtype=np.int64)
    texts = np.empty(room + 2 * count + 1, dtype=np.uint8)
    tickers = np.empty(_TICKER_GROWTH * room + 1, dtype=np.uint8)
    tags = np.zeros((MOST_TAGS, 2), dtype=np.int64)
    stop = tickers_stop = int64(0)
    for place in range(count):
        its_spans = spans[place]
        if find_fields(content, begins[place], ends[place], its_spans, tags):
            after = take_text(content, its_spans[TEXT, 0], its_spans[TEXT, 1], texts, stop)
            if after != UNSURE:
                its_spans[PLAIN, 0], its_spans[PLAIN, 1] = stop, after
                tickers_after = _take_tickers(content, texts, its_spans, tags, tickers, tickers_stop)
                if tickers_after != UNSURE:
                    its_spans[TICKERS, 0], its_spans[TICKERS, 1] = tickers_stop, tickers_after
                    states[place] = TAKEN
                    stop, tickers_stop = after + 1, tickers_after
    return Scanned(states, spans, texts[:stop], tickers[:tickers_stop])


@part
def _take_tickers(content: Bytes, texts: Bytes, spans: Spans, tags: Spans, tickers: Bytes, stop: int) -> int:
    if spans[TAGS, 0] == 0:
        return find_tickers(texts, spans[PLAIN, 0], spans[PLAIN, 1], tickers, stop)
    first = stop
    for number in range(spans[TAGS, 0]):
        stop = add_ticker(content[tags[number, 0] : tags[number, 1]], MARKED, tickers, first, stop)
    return stop


def write_records(
    values: Values, scanned: Scanned, said: Said, chunk: Chunk, classified: Topic, sentiment: Topic
) -> tuple[Batches, Batches]:
    """Write and frame the answers to all tweets of a chunk, in their order.

    Args:
        values: the records.
        scanned: what was found in them; the states also say which records the plain way has written.
        said: of their tweets.
        chunk: what goes into all answers.
        classified: one topic.
        sentiment: the other.
    """
    count = len(values.ends)
    room = _bytes_in(values) + len(scanned.tickers)
    own_room = len(chunk.id_header) + len(chunk.id_prefix) + _MOST_NUMBER_BYTES
    each = _MOST_ANSWER_BYTES + len(chunk.ending) + own_room
    room += len(chunk.traces.content) + count * each
    of_classified = begin_draft(room + count * len(classified.headers) + len(classified.written.content), count)
    of_sentiment = begin_draft(room + count * len(sentiment.headers) + len(sentiment.written.content), count)
    value = np.empty(room, dtype=np.uint8)
    own = np.empty(own_room + len(chunk.traces.content), dtype=np.uint8)
    tweet = int64(0)
    for place in range(count):
        state = scanned.states[place]
        if state == TAKEN:
            spans = scanned.spans[place]
            key = values.content[spans[ID, 0] : spans[ID, 1]]
            headers = own[: _put_own_headers(own, chunk, place)]
            length = put_classified(value, values.content, scanned, spans, said, tweet, chunk.ending)
            _put_answer(of_classified, key, value[:length], headers, classified.headers, chunk.max_bytes)
            length = put_sentiment(value, values.content, scanned, spans, said, tweet, chunk.ending)
            _put_answer(of_sentiment, key, value[:length], headers, sentiment.headers, chunk.max_bytes)
        elif state == WRITTEN:
            _put_written(of_classified, classified.written, place, chunk.max_bytes)
            _put_written(of_sentiment, sentiment.written, place, chunk.max_bytes)
        tweet += state != LEFT
    return finished(of_classified), finished(of_sentiment)


@part
def _bytes_in(values: Values) -> int:
    total = int64(0)
    for place in range(len(values.ends)):
        total += max(values.ends[place] - values.begins[place], 0)
    return total


@part
def _put_written(draft: Draft, written: Packed, place: int, max_bytes: int) -> None:
    content = written.content[_begin(written, place) : written.ends[place]]
    stop = begin_record(draft, len(content), max_bytes)
    end_record(draft, put_all(draft.content, stop, content))


@part
def _begin(packed: Packed, place: int) -> int:
    return int64(packed.ends[place - 1]) if place else 0


@part
def _put_own_headers(output: Bytes, chunk: Chunk, place: int) -> int:
    """Put the count of a record's headers and those that are its own; gives their length."""
    trace = chunk.traces.content[_begin(chunk.traces, place) : chunk.traces.ends[place]]
    stop = put_varint(output, 0, chunk.header_count + (len(trace) > 0))
    stop = put_all(output, stop, chunk.id_header)
    offset = chunk.offsets[place]
    stop = put_varint(output, stop, len(chunk.id_prefix) + digit_count(offset))
    stop = put_integer(output, put_all(output, stop, chunk.id_prefix), offset)
    return put_all(output, stop, trace)


@part
def _put_answer(draft: Draft, key: Bytes, value: Bytes, own: Bytes, shared: Bytes, max_bytes: int) -> None:
    length = varint_length(len(key)) + len(key) + varint_length(len(value)) + len(value) + len(own) + len(shared)
    stop = begin_record(draft, length, max_bytes)
    stop = put_all(draft.content, put_varint(draft.content, stop, len(key)), key)
    stop = put_all(draft.content, put_varint(draft.content, stop, len(value)), value)
    stop = put_all(draft.content, put_all(draft.content, stop, own), shared)
    end_record(draft, stop)


@cache
def load_scan() -> Scan:
    """Give the compiled `scan_records`."""
    return cached(scan_records, (numba.typeof(_values()),), constants_from=_CONSTANTS_FROM)


@cache
def load_write() -> Write:
    """Give the compiled `write_records`."""
    nothing = np.zeros(0, dtype=np.uint8)
    numbers, scores = np.zeros(0, dtype=np.int64), np.zeros(0)
    places, chances = np.zeros((0, 1), dtype=np.int64), np.zeros((0, 1))
    opinion = Opinion(numbers, scores, numbers, scores)
    examples = (
        _values(),
        Scanned(nothing, np.zeros((0, SPAN_ROWS, 2), dtype=np.int64), nothing, nothing),
        Said(
            numbers, places, chances, numbers, scores, numbers, numbers, np.zeros(0, dtype=np.bool_), opinion, opinion
        ),
        Chunk(numbers, _bytes(), _bytes(), 0, _packed(), _bytes(), 0),
        Topic(_bytes(), _packed()),
        Topic(_bytes(), _packed()),
    )
    return cached(write_records, tuple(map(numba.typeof, examples)), constants_from=_CONSTANTS_FROM)


def _bytes() -> Bytes:
    return np.frombuffer(b"", dtype=np.uint8)  # read-only, as all that comes from bytes


def _values() -> Values:
    return Values(_bytes(), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


def _packed() -> Packed:
    return Packed(_bytes(), np.zeros(0, dtype=np.int64))
