"""The published labelled files: what each must hold, and whether the file on disk is that one."""

import csv
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.errors import DataError
from models.taxonomy import LABELS, SENTIMENTS

COLUMNS = ["text", "label"]
SUMS_NAME = "SHA256SUMS"
_SUMS_LINE = re.compile(r"([0-9a-f]{64}) [ *]([\w.-]+)", re.ASCII)


@dataclass(frozen=True)
class PublishedFile:
    """One file of a public data set.

    Attributes:
        name: file name, on the hub and in the data folder.
        dataset: `owner/name` of the data set on the hub.
        rows: labelled tweets in it, without the header.
        labels: number of its classes; label ids are 0 to labels - 1.
        sha256: hash of the file's bytes, or None where the project never saw the file: the first that comes is kept.
    """

    name: str
    dataset: str
    rows: int
    labels: int
    sha256: str | None = None

    def url(self, hub_url: str) -> str:
        """Return where the hub serves the file.

        >>> FILES[0].url("http://localhost/")
        'http://localhost/datasets/zeroshot/twitter-financial-news-topic/resolve/main/topic_train.csv'
        """
        return f"{hub_url.rstrip('/')}/datasets/{self.dataset}/resolve/main/{self.name}"


_TOPIC = "zeroshot/twitter-financial-news-topic"
_SENTIMENT = "zeroshot/twitter-financial-news-sentiment"

FILES: tuple[PublishedFile, ...] = (
    PublishedFile(
        "topic_train.csv",
        _TOPIC,
        rows=16_990,
        labels=len(LABELS),
        sha256="4e4c22f226250382a17b1faa3b65538c57135e9aa816b7e2c8d9fe28d04bc808",
    ),
    PublishedFile("topic_valid.csv", _TOPIC, rows=4_117, labels=len(LABELS)),
    PublishedFile(
        "sent_train.csv",
        _SENTIMENT,
        rows=9_543,
        labels=len(SENTIMENTS),
        sha256="184e6322b7f0e84c3103a83d198f1be8203de8b63a857f67a2964321b71c4e8d",
    ),
    PublishedFile("sent_valid.csv", _SENTIMENT, rows=2_388, labels=len(SENTIMENTS)),
)
"""Both public sets, both splits."""


def check_content(path: Path, file: PublishedFile, *, shown_as: str) -> None:
    """Check that `path` is UTF-8 CSV with the columns, rows and label ids of `file`; quote none of its text.

    Args:
        path: the file to read.
        file: what it must hold.
        shown_as: the file's name in messages; `path` may be a temporary one.

    Raises:
        DataError: with what was seen and what was expected.
    """
    with path.open("rb") as stream:
        start = stream.read(256).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise DataError(f"{shown_as} is a web page, not CSV: a proxy or a log-in page answered instead of the hub")
    try:
        rows = _count_rows(path, file, shown_as=shown_as)
    except (UnicodeDecodeError, csv.Error) as exc:
        raise DataError(f"{shown_as} is not UTF-8 CSV: {_reason(exc)}") from exc
    if rows != file.rows:
        raise DataError(f"{shown_as} has {rows:,} rows, expected {file.rows:,}: it is cut off or another version")


def file_sha256(path: Path) -> str:
    """Return the hexadecimal sha256 of the file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_sums(folder: Path) -> dict[str, str]:
    """Read `SHA256SUMS` of the folder: file name to sha256; empty when there is none.

    Raises:
        DataError: when a line is not `HASH  NAME`, as sha256sum writes it.
    """
    path = folder / SUMS_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as exc:
        raise DataError(f"{path} is not text: delete it, then run `tickertape fetch-data` again") from exc
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        match = _SUMS_LINE.fullmatch(line)
        if match is None:
            raise DataError(f"{path}, line {number}, is not `SHA256  NAME`: correct or delete the line")
        sums[match[2]] = match[1]
    return sums


def format_sums(sums: Mapping[str, str]) -> str:
    r"""Render the text of `SHA256SUMS`, which `sha256sum --check` reads too.

    >>> format_sums({"b.csv": "0" * 8, "a.csv": "f" * 8})
    'ffffffff  a.csv\n00000000  b.csv\n'
    """
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def _count_rows(path: Path, file: PublishedFile, *, shown_as: str) -> int:
    ids = {str(number) for number in range(file.labels)}
    rows = 0
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        if next(reader, None) != COLUMNS:
            raise DataError(f"{shown_as} does not begin with the columns {','.join(COLUMNS)}: it is not the data set")
        for rows, row in enumerate(reader, start=1):
            if len(row) != len(COLUMNS):
                raise DataError(f"{shown_as}, row {rows}: {len(row)} fields, expected {len(COLUMNS)}")
            if not row[0].strip():
                raise DataError(f"{shown_as}, row {rows}: the text is empty")
            if row[1] not in ids:
                raise DataError(f"{shown_as}, row {rows}: the label is none of 0 to {file.labels - 1}")
    return rows


def _reason(exc: UnicodeDecodeError | csv.Error) -> str:
    # The text of a UnicodeDecodeError is safe to show, but it speaks of a buffer, not of the file.
    return f"byte {exc.object[exc.start]:#04x}" if isinstance(exc, UnicodeDecodeError) else str(exc)
