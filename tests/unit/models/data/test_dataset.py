from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.data.dataset import LabelledTweets, Split, deduplicated, link_free, read_split, split_off
from models.errors import DataError, DataNotFoundError

WriteCsv = Callable[[Path, list[tuple[str, int]]], Path]


def read(folder: Path, share: float = 0.2) -> Split:
    return read_split(folder, held_out_share=share, seed=3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fed hikes &amp; holds! https://t.co/abc", "fed hikes holds"),
        ("HTTPS://A.B/c fed  hikes_holds\n", "fed hikes holds"),
        ("Fed hikes: holds http\u2026", "fed hikes holds"),
    ],
)
def test_repeats_of_a_tweet_are_equal_without_links(text: str, expected: object) -> None:
    assert link_free(text) == expected


def test_first_of_equal_tweets_is_kept() -> None:
    tweets = LabelledTweets(("b https://x.y/1", "a", "B https://x.y/2"), np.array([0, 1, 2]))

    kept = deduplicated(tweets)

    assert kept.texts == ("b https://x.y/1", "a")
    assert kept.classes.tolist() == [0, 1]


def test_split_holds_out_the_share_of_every_class_and_loses_nothing() -> None:
    tweets = LabelledTweets(tuple(f"tweet{row}" for row in range(42)), np.array([0] * 20 + [1] * 20 + [2] * 2))

    split = split_off(tweets, share=0.2, seed=1)

    assert np.bincount(split.held_out.classes).tolist() == [4, 4, 1]
    assert sorted(split.train.texts + split.held_out.texts) == sorted(tweets.texts)


def test_equal_seed_gives_the_equal_split_and_another_seed_another() -> None:
    tweets = LabelledTweets(tuple(f"tweet{row}" for row in range(100)), np.zeros(100, dtype=np.int64))

    assert split_off(tweets, share=0.3, seed=1).held_out.texts == split_off(tweets, share=0.3, seed=1).held_out.texts
    assert split_off(tweets, share=0.3, seed=1).held_out.texts != split_off(tweets, share=0.3, seed=2).held_out.texts


def test_no_text_is_on_both_sides_of_the_split(labelled_folder: Path) -> None:
    split = read(labelled_folder)

    for head in (split.labels, split.sentiments):
        assert not {link_free(text) for text in head.train.texts} & {link_free(text) for text in head.held_out.texts}
    assert (len(split.labels.train), len(split.labels.held_out)) == (160, 40)
    assert (len(split.sentiments.train), len(split.sentiments.held_out)) == (24, 6)
    assert not split.is_published


def test_published_validation_files_are_held_out_without_known_texts(
    labelled_folder: Path, write_csv: WriteCsv
) -> None:
    write_csv(labelled_folder / "topic_valid.csv", [("topica news itema today", 0), ("something new", 5)])
    write_csv(labelled_folder / "sent_valid.csv", [("some other news", 2)])

    split = read(labelled_folder)

    assert split.is_published
    assert split.labels.held_out.texts == ("something new",)
    assert split.labels.held_out.classes.tolist() == [5]
    assert len(split.labels.train) == 200


def test_validation_files_that_only_repeat_training_tweets_are_refused(
    labelled_folder: Path, write_csv: WriteCsv
) -> None:
    write_csv(labelled_folder / "topic_valid.csv", [("topica news itema today", 0)])
    write_csv(labelled_folder / "sent_valid.csv", [("some other news", 2)])

    with pytest.raises(DataError, match="also stands in the training file"):
        read(labelled_folder)


def test_data_hash_changes_with_any_byte(labelled_folder: Path) -> None:
    before = read(labelled_folder).data_sha256
    path = labelled_folder / "sent_train.csv"
    path.write_bytes(path.read_bytes() + b"one more,1\n")

    assert read(labelled_folder).data_sha256 != before


def test_missing_folder_says_how_to_get_the_data(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError) as caught:
        read(tmp_path / "nowhere")

    for needed in ("nowhere", "tickertape fetch-data", "TICKERTAPE_DATA_DIR"):
        assert needed in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"txt,label\na,1\n", "has the columns txt, label; needed are text, label"),
        (b"", "has the columns none; needed are text, label"),
        (b"text,label\n", "0 different tweets of 'Analyst Update'"),
        (b"text,label\na,20\n", "line 2: label '20' is no id from 0 to 19"),
        (b"text,label\na,-1\n", "label '-1'"),
        (b"text,label\na\n", "label None"),
        (b"text,label\na,b,1\n", "more fields than columns"),
        (b'text,label\n"a\nb",1\n  ,1\n', "line 4: the text is empty"),
        (b"text,label\n\xff,1\n", "is not UTF-8 CSV"),
        (b'text,label\n"a,1\n', "is not UTF-8 CSV"),
    ],
)
def test_wrong_file_is_refused_with_the_place(labelled_folder: Path, content: bytes, message: str) -> None:
    (labelled_folder / "topic_train.csv").write_bytes(content)

    with pytest.raises(DataError, match=message):
        read(labelled_folder)


def test_class_with_a_single_tweet_is_refused_by_name(labelled_folder: Path, write_csv: WriteCsv) -> None:
    rows = [("up", 1), ("more up", 1), ("flat", 2), ("more flat", 2), ("down", 0), ("Down! https://x.y", 0)]
    write_csv(labelled_folder / "sent_train.csv", rows)

    with pytest.raises(DataError, match="1 different tweets of 'bearish'"):
        read(labelled_folder)


def test_byte_order_mark_of_spreadsheets_is_no_part_of_the_columns(labelled_folder: Path) -> None:
    path = labelled_folder / "sent_train.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert len(read(labelled_folder).sentiments.train) == 24
