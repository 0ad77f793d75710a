"""Records for the input topic out of files: JSONL and CSV, plain or gzip, and standard input."""

import codecs
import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from models.errors import DataError, DataNotFoundError
from models.files import unpacked

Record = tuple[bytes | None, bytes | None]
Format = Literal["jsonl", "csv"]

STANDARD_INPUT = "-"
MAX_LINE_BYTES = 16_777_216  # Kafka takes 1 MiB by default; what is far longer is no file of lines
MAX_ID_DIGITS = 19  # of a 64-bit number
FIRST_CSV_ID = 1_000_000_000_000_000_000  # 19 digits, as ids have today


class _Keyed(msgspec.Struct):
    id: str | None = None
    data: "_Keyed | None" = None


_keyed = msgspec.json.Decoder(_Keyed)


def format_of(name: str) -> Format:
    """Tell the format from a file's name, with or without `.gz`; standard input is JSONL.

    >>> format_of("tweets.CSV.gz")
    'csv'
    """
    return "csv" if name.lower().removesuffix(".gz").endswith(".csv") else "jsonl"


def read_records(source: str, *, file_format: Format) -> Iterator[Record]:
    """Read the records of a file, one tweet each, in order.

    JSONL lines become values byte for byte, whether they are JSON or not: to judge them is the worker's part. Blank
    lines, which X's streams send as a sign of life, are left out. CSV rows become X API v2 tweets: `text`, and `id` and
    `created_at` where there are such columns; rows without an id get ids that count up.

    Args:
        source: a path, gzip if it ends in `.gz`, or `-` for standard input.
        file_format: how to read it, see `format_of`.

    Yields:
        Key and value; the key is the tweet's id if the record has one.

    Raises:
        DataNotFoundError: the file is not there or can't be read.
        DataError: it is no gzip, no CSV with a column `text`, or has a line of more than `MAX_LINE_BYTES`.
    """
    with opened(source) as file:
        yield from _csv_records(file, source) if file_format == "csv" else _jsonl_records(file, source)


def key_of(value: bytes) -> bytes | None:
    """Give the key of a record: the tweet's id, or None where there is no id of 1 to 19 digits.

    >>> key_of(b'{"data": {"id": "12", "text": "up"}}')
    b'12'
    """
    try:
        record = _keyed.decode(value)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, no object, or an id that is no text
        return None
    tweet_id = (record.data or record).id or ""
    is_id = tweet_id.isascii() and tweet_id.isdigit() and len(tweet_id) <= MAX_ID_DIGITS
    return tweet_id.encode() if is_id else None


@contextmanager
def opened(source: str) -> Iterator[BinaryIO]:
    """Open a file for reading, through gzip if it ends in `.gz`; `-` is standard input.

    Raises:
        DataNotFoundError: the file is not there or can't be read.
        DataError: it is no whole gzip file.
    """
    if source == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        with unpacked(Path(source).expanduser()) as file:
            yield file
    except OSError as exc:
        raise DataNotFoundError(f"can't read {source}: {exc.strerror or exc}; give a JSONL or CSV file, or -") from exc


def numbered_lines(file: BinaryIO, source: str) -> Iterator[tuple[int, bytes]]:
    """Give each line with its number from 1 on; with its end, and without a byte order mark.

    Args:
        file: what is read.
        source: its name for messages.

    Raises:
        DataError: a line has more than `MAX_LINE_BYTES`.
    """
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise DataError(
                f"line {number} of {source} is longer than {MAX_LINE_BYTES} bytes; one tweet a line is expected"
            )
        yield number, line.removeprefix(codecs.BOM_UTF8 if number == 1 else b"")


def _jsonl_records(file: BinaryIO, source: str) -> Iterator[Record]:
    for _, line in numbered_lines(file, source):
        value = line.rstrip(b"\r\n")
        if value.strip():
            yield key_of(value), value


def _csv_records(file: BinaryIO, source: str) -> Iterator[Record]:
    lines = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    rows = csv.DictReader(lines, restval="")
    try:
        columns = rows.fieldnames or ()
        if "text" not in columns:
            raise DataError(f"{source} has the columns {', '.join(columns) or 'none'}; a column text is needed")
        for count, row in enumerate(rows):
            tweet = {"id": row.get("id") or str(FIRST_CSV_ID + count), "text": row["text"]}
            if row.get("created_at"):
                tweet["created_at"] = row["created_at"]
            value = msgspec.json.encode(tweet)
            yield key_of(value), value
    except (csv.Error, UnicodeDecodeError) as exc:
        raise DataError(f"{source} is no CSV in UTF-8 after line {rows.line_num}: {exc}") from exc
    finally:
        lines.detach()  # whoever opened the file closes it
