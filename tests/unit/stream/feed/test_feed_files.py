import gzip
import io
import sys
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from models.errors import DataError, DataNotFoundError
from stream.codecs import decode_tweet
from stream.feed.files import MAX_LINE_BYTES, format_of, key_of, read_records


def write(path: Path, content: bytes) -> str:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return str(path)


@pytest.mark.parametrize("name", ["tweets.jsonl", "tweets.jsonl.gz", "TWEETS.JSONL.GZ", "tweets"])
def test_jsonl_lines_become_values_byte_for_byte(tmp_path: Path, name: str) -> None:
    flat, wrapped = b'{"text":"up",  "id":"1"}', b'{"data":{"id":"2","text":"down"},"matching_rules":[]}'
    path = tmp_path / name
    content = flat + b"\r\n\r\n   \n" + wrapped
    path.write_bytes(gzip.compress(content) if name.lower().endswith(".gz") else content)

    records = list(read_records(str(path), file_format="jsonl"))

    assert records == [(b"1", flat), (b"2", wrapped)]


def test_lines_that_are_no_tweets_are_records_without_a_key(tmp_path: Path) -> None:
    lines = [b"not json", b"\xff\xfe", b"[1]", b'{"id":7}', b'{"id":"x1"}', b"{" * 50_000]

    records = list(read_records(write(tmp_path / "a.jsonl", b"\n".join(lines)), file_format="jsonl"))

    assert records == [(None, line) for line in lines]


def test_a_byte_order_mark_is_no_part_of_the_first_tweet(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"id":"1","text":"up"}\n')

    assert list(read_records(source, file_format="jsonl")) == [(b"1", b'{"id":"1","text":"up"}')]


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (b'{"id":"9223372036854775807","text":"a"}', b"9223372036854775807"),
        (b'{"includes":{"users":[{"id":"8"}]},"data":{"id":"7"}}', b"7"),
        (b'{"referenced_tweets":[{"id":"8"}],"id":"7"}', b"7"),
        (b'{"id":"12345678901234567890"}', None),
        ('{"id":"١٢"}'.encode(), None),
        (b'{"id":""}', None),
        (b'{"data":null}', None),
    ],
)
def test_the_key_is_the_id_of_the_tweet_itself(value: bytes, key: bytes | None) -> None:
    assert key_of(value) == key


def test_csv_rows_become_tweets_with_ids_that_count_up(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", '\ufefftext,label\n"S&P 500 up, ""again""\nnow €",1\nflat,2\n'.encode())

    records = list(read_records(source, file_format=format_of(source)))
    tweets = [decode_tweet(value) for _, value in records]

    assert [tweet.text for tweet in tweets] == ['S&P 500 up, "again"\nnow €', "flat"]
    assert [key for key, _ in records] == [b"1000000000000000000", b"1000000000000000001"]
    assert [tweet.id for tweet in tweets] == ["1000000000000000000", "1000000000000000001"]


def test_csv_ids_and_times_are_kept_where_they_are(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv.gz", b"id,created_at,text\n5,2026-01-05T14:30:00Z,up\n,,down\n")

    values = [msgspec.json.decode(value) for _, value in read_records(source, file_format=format_of(source))]

    assert values == [
        {"id": "5", "text": "up", "created_at": "2026-01-05T14:30:00Z"},
        {"id": "1000000000000000001", "text": "down"},
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "has the columns a, b; a column text is needed"),
        (b"", "has the columns none"),
        (b"text\nup \xff\n", "is no CSV in UTF-8"),
        (b"text\n" + b"x" * 200_000, "is no CSV in UTF-8 after line 1: field larger than field limit"),
    ],
)
def test_a_csv_that_cannot_be_used_is_refused_with_what_was_seen(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        list(read_records(write(tmp_path / "a.csv", content), file_format="csv"))


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="No such file"):
        list(read_records(str(tmp_path / "none.jsonl"), file_format="jsonl"))
    with pytest.raises(DataNotFoundError, match="directory"):
        list(read_records(str(tmp_path), file_format="jsonl"))


def test_a_cut_gzip_gives_its_whole_lines_and_then_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    lines = b"".join(b'{"id":"%d","text":"%d"}\n' % (number, number**9) for number in range(20_000))
    path.write_bytes(gzip.compress(lines)[:-5000])
    records = read_records(str(path), file_format="jsonl")

    first_records = list(islice(records, 1000))

    assert first_records[0] == (b"0", b'{"id":"0","text":"0"}')
    with pytest.raises(DataError, match="no whole gzip"):
        list(records)


def test_a_file_that_is_no_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(b"hello")

    with pytest.raises(DataError, match="no whole gzip"):
        list(read_records(str(path), file_format="jsonl"))


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", b'{"id":"1"}\n' + b"x" * (MAX_LINE_BYTES + 1))

    with pytest.raises(DataError, match=r"line 2 of .* is longer than 16777216 bytes"):
        list(read_records(source, file_format="jsonl"))


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"id":"1","text":"a"}\n')))

    assert list(read_records("-", file_format="jsonl")) == [(b"1", b'{"id":"1","text":"a"}')]
