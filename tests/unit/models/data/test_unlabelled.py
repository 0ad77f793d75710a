import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from models.data.dataset import HeadSplit, LabelledTweets, Split
from models.data.unlabelled import read_unlabelled
from models.errors import DataError, DataNotFoundError


def head(train: str, held_out: str) -> HeadSplit:
    return HeadSplit(LabelledTweets((train,), np.array([0])), LabelledTweets((held_out,), np.array([0])))


SPLIT = Split(
    head("Gold rises to a record high", "Fed raises interest rates again"),
    head("Shares of the bank fall sharply", "Sales of the company beat estimates"),
    is_published=False,
    data_sha256="0" * 64,
)


def written(path: Path, *tweets: dict[str, str]) -> Path:
    path.write_text("".join(json.dumps(tweet) + "\n" for tweet in tweets), encoding="utf-8")
    return path


def test_each_english_text_comes_once_without_what_is_labelled(tmp_path: Path) -> None:
    path = written(
        tmp_path / "feed.jsonl",
        {"text": "Nickel prices double in a day https://t.co/a", "lang": "en"},
        {"text": "RT @miner: nickel prices double in a day https://t.co/b"},
        {"text": "FED raises interest rates again! https://t.co/c"},
        {"text": "Gold rises to a record high"},
        {"text": "Der Goldpreis steigt und steigt", "lang": "de"},
        {"text": "up https://t.co/d"},
    )

    assert read_unlabelled(path, SPLIT) == ["Nickel prices double in a day https://t.co/a"]


def test_gzip_is_read(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "Nickel prices double in a day"}\n'))

    assert read_unlabelled(path, SPLIT) == ["Nickel prices double in a day"]


def test_what_is_no_tweet_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    path.write_text('{"text": "Nickel prices double"}\nnickel\n', encoding="utf-8")

    with pytest.raises(DataError, match=r"feed\.jsonl, line 2 is no tweet"):
        read_unlabelled(path, SPLIT)


def test_damaged_and_missing_files_are_named(tmp_path: Path) -> None:
    damaged = tmp_path / "feed.jsonl.gz"
    damaged.write_bytes(gzip.compress(b'{"text": "Nickel prices double in a day"}\n')[:-9])

    with pytest.raises(DataError, match="no whole gzip"):
        read_unlabelled(damaged, SPLIT)
    with pytest.raises(DataNotFoundError, match="No such file"):
        read_unlabelled(tmp_path / "nowhere.jsonl", SPLIT)
