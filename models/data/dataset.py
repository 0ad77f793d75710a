"""Labelled tweets: read from CSV, deduplicated and split on their text without links."""

import csv
import hashlib
import html
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import DataError, DataNotFoundError
from models.taxonomy import LABELS, SENTIMENTS

Classes = npt.NDArray[np.signedinteger[Any]]

TRAIN_FILES = ("topic_train.csv", "sent_train.csv")
VALID_FILES = ("topic_valid.csv", "sent_valid.csv")
_CLASS_NAMES: tuple[tuple[str, ...], ...] = (LABELS, SENTIMENTS)
_COLUMNS = ("text", "label")
_MIN_TWEETS_PER_CLASS = 2  # one to learn from, one to hold out

_LINK = re.compile(r"(?:https?://|www\.|\bt\.co/)\S*|\bhttp\S*…?$", re.IGNORECASE)
_NOT_A_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class LabelledTweets:
    """Texts and their classes: `classes[i]` is the column of `texts[i]` in `LABELS` or in `SENTIMENTS`."""

    texts: tuple[str, ...]
    classes: Classes

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Iterable[int]) -> "LabelledTweets":
        """Copy the given rows, in their order."""
        chosen = list(rows)
        return LabelledTweets(tuple(self.texts[row] for row in chosen), self.classes[chosen])

    def joined(self, other: "LabelledTweets") -> "LabelledTweets":
        """Append another set of the same head."""
        return LabelledTweets(self.texts + other.texts, np.concatenate([self.classes, other.classes]))


NO_TWEETS = LabelledTweets((), np.array([], dtype=np.int64))


@dataclass(frozen=True)
class HeadSplit:
    """One head's tweets; no text without links is in two of the parts, nor twice in one.

    Attributes:
        train: to learn from.
        held_out: to measure on.
        newest: the last that people labelled: to measure on apart, and in the end to learn from, as nothing is nearer
            to the tweets that come.
    """

    train: LabelledTweets
    held_out: LabelledTweets
    newest: LabelledTweets = NO_TWEETS


@dataclass(frozen=True)
class Split:
    """Both heads' tweets.

    Attributes:
        labels: tweets with topics.
        sentiments: tweets with sentiments.
        is_published: True when the held-out tweets are the published validation files, False when they were split off.
        data_sha256: hash of all files that were read.
    """

    labels: HeadSplit
    sentiments: HeadSplit
    is_published: bool
    data_sha256: str


def link_free(text: str) -> str:
    """Give the form in which repeats of a tweet are equal: lower-case words, without links and punctuation.

    >>> link_free("Fed hikes &amp; holds! https://t.co/abc")
    'fed hikes holds'
    """
    return _NOT_A_WORD.sub(" ", without_links(text).lower()).strip()


def without_links(text: str) -> str:
    """Put spaces in place of links, and characters in place of HTML entities."""
    return _LINK.sub(" ", html.unescape(text))


def read_split(folder: Path, *, held_out_share: float, seed: int) -> Split:
    """Read, deduplicate and split the labelled tweets of a folder.

    The published validation files are what is held out, where both are there; else a share of each class is split off.

    Args:
        folder: holds `topic_train.csv` and `sent_train.csv`, perhaps `topic_valid.csv` and `sent_valid.csv`; columns
            text and label, the label a class id.
        held_out_share: of each class, 0 to 1, at least one tweet; not used with published validation files.
        seed: chooses the tweets that are split off.

    Raises:
        DataNotFoundError: the folder or a file is not there or can't be read.
        DataError: a file's columns, labels or encoding are wrong, or a class has fewer than two tweets.
    """
    is_published = all((folder / name).exists() for name in VALID_FILES)
    names = TRAIN_FILES + VALID_FILES if is_published else TRAIN_FILES
    contents = {name: _content(folder / name) for name in names}
    heads = []
    for head, class_names in enumerate(_CLASS_NAMES):
        train = _read(folder / TRAIN_FILES[head], contents[TRAIN_FILES[head]], class_names)
        if is_published:
            held_out = _read(folder / VALID_FILES[head], contents[VALID_FILES[head]], class_names)
            heads.append(HeadSplit(train, _without(held_out, train)))
        else:
            heads.append(split_off(train, share=held_out_share, seed=seed))
    digest = hashlib.sha256(b"".join(hashlib.sha256(contents[name]).digest() for name in names)).hexdigest()
    return Split(heads[0], heads[1], is_published=is_published, data_sha256=digest)


def read_topics(folder: Path) -> LabelledTweets:
    """Read `topic_train.csv` of a folder as it is, repeats and all.

    Raises:
        DataNotFoundError: the file is not there or can't be read.
        DataError: its columns, labels or encoding are wrong.
    """
    path = folder / TRAIN_FILES[0]
    return _parsed(path, _content(path), LABELS)


def deduplicated(tweets: LabelledTweets) -> LabelledTweets:
    """Keep the first of all tweets that are equal without links."""
    first: dict[str, int] = {}
    for row, text in enumerate(tweets.texts):
        first.setdefault(link_free(text), row)
    return tweets.take(first.values())


def split_off(tweets: LabelledTweets, *, share: float, seed: int) -> HeadSplit:
    """Hold out the same share of every class, chosen by the seed; the order of the rest stays.

    Args:
        tweets: deduplicated, so that no repeat is on both sides; at least two of each class that occurs.
        share: 0 to 1; at least one tweet of a class is held out, and at least one stays.
        seed: of the choice.
    """
    chooser = np.random.default_rng(seed)
    is_held_out = np.zeros(len(tweets), dtype=bool)
    for column in np.unique(tweets.classes):
        rows = chooser.permutation(np.flatnonzero(tweets.classes == column))
        count = min(max(1, round(share * len(rows))), len(rows) - 1)
        is_held_out[rows[:count]] = True
    return HeadSplit(tweets.take(np.flatnonzero(~is_held_out)), tweets.take(np.flatnonzero(is_held_out)))


def _without(tweets: LabelledTweets, known: LabelledTweets) -> LabelledTweets:
    keys = {link_free(text) for text in known.texts}
    novel = tweets.take(row for row, text in enumerate(tweets.texts) if link_free(text) not in keys)
    if not len(novel):
        raise DataError("every validation tweet also stands in the training file: put the published files back")
    return novel


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise DataNotFoundError(
            f"no labelled tweets: {path} can't be read ({exc.strerror}); run `tickertape fetch-data`, "
            "or set TICKERTAPE_DATA_DIR to the folder that has the files"
        ) from exc


def _read(path: Path, content: bytes, class_names: Sequence[str]) -> LabelledTweets:
    tweets = deduplicated(_parsed(path, content, class_names))
    counts = np.bincount(tweets.classes, minlength=len(class_names))
    if path.name in TRAIN_FILES and counts.min() < _MIN_TWEETS_PER_CLASS:
        scarce = class_names[int(counts.argmin())]
        raise DataError(
            f"{path} has {counts.min()} different tweets of {str(scarce)!r}, needed are {_MIN_TWEETS_PER_CLASS} of each "
            f"of the {len(class_names)} classes"
        )
    return tweets


def _parsed(path: Path, content: bytes, class_names: Sequence[str]) -> LabelledTweets:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        texts, classes = _rows(path, reader, class_count=len(class_names))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise DataError(f"{path} is not UTF-8 CSV ({type(exc).__name__}): fetch it again") from exc
    return LabelledTweets(tuple(texts), np.array(classes, dtype=np.int64))


def _rows(path: Path, reader: "csv.DictReader[str]", *, class_count: int) -> tuple[list[str], list[int]]:
    if not set(_COLUMNS) <= set(reader.fieldnames or ()):
        seen = ", ".join(reader.fieldnames or ()) or "none"
        raise DataError(f"{path} has the columns {seen}; needed are {', '.join(_COLUMNS)}")
    ids = {str(column): column for column in range(class_count)}
    texts, classes = [], []
    for row in reader:
        text, label = row["text"], row["label"]
        if None in row:  # where the reader puts what has no column
            raise DataError(f"{path}, line {reader.line_num}: more fields than columns; quote texts with commas")
        if label not in ids:
            raise DataError(f"{path}, line {reader.line_num}: label {label!r} is no id from 0 to {class_count - 1}")
        if not text.strip():
            raise DataError(f"{path}, line {reader.line_num}: the text is empty")
        texts.append(text)
        classes.append(ids[label])
    return texts, classes
