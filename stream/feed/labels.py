"""Feedback out of files: JSON lines, CSV and TSV, plain or gzip, and standard input."""

import csv
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, NoReturn

import msgspec

from models.errors import DataError, MalformedRecordError
from models.feedback import Feedback, FeedbackFields, read_feedback
from models.tweets import Reason
from stream.codecs import decode_as
from stream.feed.files import STANDARD_INPUT, numbered_lines, opened

DEFAULT_SOURCE = "label"
INVALID_ROW = "invalid_row"
SHOWN_CHARACTERS = 200

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


class BadLine(NamedTuple):
    """A line that gives no feedback.

    Attributes:
        number: from 1 on; of a row of several lines, its first.
        reason: `INVALID_ROW` or a code of dead letters.
        detail: what was seen and what is allowed; holds no tweet text.
    """

    number: int
    reason: str
    detail: str


class _Line(msgspec.Struct, frozen=True, gc=False):
    """The fields of a line before their values are checked; those of `tweets.to-label` have an `id`."""

    tweet_id: str | None = None
    id: str | None = None
    label: str | None = None
    sentiment: str | None = None
    text: str | None = None
    source: str | None = None
    labelled_at: str | None = None


_Numbered = Iterator[tuple[int, Callable[[], _Line]]]

_decoder = msgspec.json.Decoder(_Line)


def read_labels(name: str, *, source: str | None, now: Callable[[], str]) -> Iterator[Feedback | BadLine]:
    """Read feedback, one for each line of JSON or row of a table, in order; blank lines are left out.

    Args:
        name: of a file, CSV or TSV if it ends so, JSON lines if not, gzip if `.gz` follows; or `-` for JSON lines from
            standard input.
        source: who labelled, whatever a line says; None takes what it says, or `DEFAULT_SOURCE`.
        now: gives the time for a line that does not say when, ISO 8601 with zone.

    Raises:
        DataNotFoundError: the file is not there or can't be read.
        DataError: it is no gzip, a table without the columns that are needed, empty, or has a line without end.
    """
    plain = name.lower().removesuffix(".gz")
    delimiter = next((delimiter for suffix, delimiter in _DELIMITERS.items() if plain.endswith(suffix)), None)
    with opened(name) as file:
        lines = numbered_lines(file, name)
        is_empty = True
        for number, read in _json_lines(lines) if delimiter is None else _rows(lines, name, delimiter):
            is_empty = False
            try:
                yield _feedback(read(), source=source, now=now)
            except MalformedRecordError as exc:
                yield BadLine(number, exc.reason, str(exc))
        if is_empty and name != STANDARD_INPUT:
            raise DataError(f"{name} holds no labels; one JSON object or row for each is expected")


def _feedback(line: _Line, *, source: str | None, now: Callable[[], str]) -> Feedback:
    tweet_id = line.id if line.tweet_id is None else line.tweet_id
    if tweet_id is None:
        raise MalformedRecordError(Reason.MISSING_FIELD, "feedback needs a tweet_id")
    fields = FeedbackFields(
        tweet_id=tweet_id,
        label=line.label,
        sentiment=line.sentiment,
        text=line.text,
        source=line.source if source is None else source,
        labelled_at=line.labelled_at,
    )
    return read_feedback(fields, source=DEFAULT_SOURCE, labelled_at=now())


def _json_lines(lines: Iterator[tuple[int, bytes]]) -> _Numbered:
    for number, line in lines:
        if line.strip():
            yield number, partial(decode_as, _decoder, line)


def _rows(lines: Iterator[tuple[int, bytes]], name: str, delimiter: str) -> _Numbered:
    # What is no UTF-8 is carried through, so that it costs its own row only.
    texts = (line.decode(errors="surrogateescape") for _, line in lines)
    rows = csv.reader(texts, delimiter=delimiter, strict=True)
    columns = _columns(rows, name)
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as exc:
            yield number, partial(_refuse, f"lines {number} to {rows.line_num} are no row: {exc}")
        else:
            if row:
                yield number, partial(_line_of, row, columns)


def _columns(rows: Iterator[list[str]], name: str) -> list[str]:
    try:
        columns = next((row for row in rows if row), [])
    except csv.Error as exc:
        raise DataError(f"{name} begins with no row of column names: {exc}") from exc
    known = [column for column in columns if column in _Line.__struct_fields__]
    if {"tweet_id", "id"}.isdisjoint(known) or {"label", "sentiment"}.isdisjoint(known):
        seen = ", ".join(columns)[:SHOWN_CHARACTERS] or "none"
        raise DataError(f"{name} has the columns {seen}; needed are tweet_id, and label or sentiment")
    if len(set(known)) < len(known):
        raise DataError(f"{name} has a column twice: {', '.join(known)}")
    return columns


def _line_of(row: Sequence[str], columns: Sequence[str]) -> _Line:
    if len(row) != len(columns):
        _refuse(f"the row has {len(row)} cells, the header has {len(columns)}")
    cells = {
        column: cell for column, cell in zip(columns, row, strict=True) if cell and column in _Line.__struct_fields__
    }
    try:
        "".join(cells.values()).encode()
    except UnicodeEncodeError as exc:
        raise MalformedRecordError(Reason.NOT_UTF8, "the row is not UTF-8") from exc
    return _Line(**cells)


def _refuse(detail: str) -> NoReturn:
    raise MalformedRecordError(INVALID_ROW, detail)
