"""Tweets without labels, for a teacher to label: read, deduplicated, kept apart from what is held out."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from models.data.dataset import Split, link_free
from models.errors import DataError, DataNotFoundError
from models.files import unpacked

_RETWEET = re.compile(r"^RT @\w+:\s*")
_FEWEST_CHARACTERS = 15  # without links; shorter ones say nothing


class _Line(msgspec.Struct, frozen=True):
    text: str = ""
    lang: str = "en"


def read_unlabelled(path: Path, split: Split) -> list[str]:
    """Read the English tweets of a JSONL file, `.gz` too, in X API v2 shape.

    Each text once, links and a leading `RT @user:` aside; none that is among the labelled tweets, held out or not.

    Raises:
        DataNotFoundError: the file is not there or can't be read.
        DataError: a line is no tweet, or the file no whole gzip file.
    """
    heads = split.labels, split.sentiments
    seen = {link_free(text) for head in heads for part in (head.train, head.held_out) for text in part.texts}
    texts = []
    for text in _english(path):
        without = _RETWEET.sub("", text)
        key = link_free(without)
        if len(key) >= _FEWEST_CHARACTERS and key not in seen:
            seen.add(key)
            texts.append(without)
    return texts


def _english(path: Path) -> Iterator[str]:
    try:
        with unpacked(path) as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    tweet = msgspec.json.decode(line, type=_Line)
                except msgspec.DecodeError as exc:
                    raise DataError(f"{path}, line {number} is no tweet in JSON: {exc}") from exc
                if tweet.lang == "en":
                    yield tweet.text
    except OSError as exc:
        raise DataNotFoundError(f"the unlabelled tweets {path} can't be read: {exc.strerror}") from exc
