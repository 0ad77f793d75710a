import gzip
import io
import json
from pathlib import Path

import pytest

from models.errors import DataError, DataNotFoundError
from models.feedback import Feedback, ToLabel, Why
from models.taxonomy import Label, Sentiment
from stream.codecs import encode
from stream.feed.labels import BadLine, read_labels

NOW = "2026-01-31T09:30:00.000Z"


def read(path: Path, source: str | None = None) -> list[Feedback | BadLine]:
    return list(read_labels(str(path), source=source, now=lambda: NOW))


def bad_lines(path: Path) -> list[tuple[int, str]]:
    return [(line.number, line.reason) for line in read(path) if isinstance(line, BadLine)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "labels.jsonl"


def test_a_json_line_is_read_with_what_it_says_and_the_rest_is_filled_in(file: Path) -> None:
    said = {"sentiment": "bearish", "text": "down", "source": "desk", "labelled_at": "2026-01-01T00:00:00Z"}
    lines = [{"tweet_id": "7", **said}, {"tweet_id": "8", "label": "IPO", "note": 1}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert read(file) == [
        Feedback("7", "desk", "2026-01-01T00:00:00Z", sentiment=Sentiment.BEARISH, text="down"),
        Feedback("8", "label", NOW, label=Label.IPO),
    ]


def test_a_source_that_is_given_stands_for_every_line(file: Path) -> None:
    file.write_text('{"tweet_id": "1", "label": "IPO", "source": " "}\n{"tweet_id": "2", "label": "IPO"}')

    assert [line.source for line in read(file, source="desk-7") if isinstance(line, Feedback)] == ["desk-7"] * 2


def test_a_tweet_sent_out_for_labelling_comes_back_with_a_label_added(file: Path) -> None:
    sent_out = json.loads(encode(ToLabel("9", "caf\u00e9 IPO", Why.RANDOM, 0.01)))
    file.write_text(json.dumps(sent_out | {"label": "IPO"}), encoding="utf-8")

    assert read(file) == [Feedback("9", "label", NOW, label=Label.IPO, text="caf\u00e9 IPO")]


def test_every_bad_line_is_told_with_its_number_and_the_good_ones_are_read(file: Path) -> None:
    file.write_bytes(
        b'\xef\xbb\xbf{"tweet_id": "1", "label": "IPO"}\n'
        b"\n"
        b"not json\n"
        b'{"tweet_id": "2", "label": "ipo"}\r\n'
        b'{"tweet_id": "3"}\n'
        b'{"label": "IPO"}\n'
        b'{"tweet_id": 4, "label": "IPO"}\n'
        b'{"tweet_id": "5", "label": "\xff"}\n'
        b"[]\n"
        b'{"tweet_id": "6", "label": "IPO"}'
    )

    assert bad_lines(file) == [
        (3, "invalid_json"),
        (4, "unknown_label"),
        (5, "no_label"),
        (6, "missing_field"),
        (7, "wrong_type"),
        (8, "not_utf8"),
        (9, "not_an_object"),
    ]
    assert [line.tweet_id for line in read(file) if isinstance(line, Feedback)] == ["1", "6"]


def test_no_message_about_a_line_quotes_it(tmp_path: Path) -> None:
    lines, table = tmp_path / "x.jsonl", tmp_path / "x.csv"
    lines.write_text('{"tweet_id": "secret", "label": "IPO"}\n{"tweet_id": "1", "label": "secret"}\nsecret')
    table.write_text("tweet_id,label\n1,secret\nsecret,IPO\n1,IPO,secret\n")

    told = [line for path in (lines, table) for line in read(path)]

    assert [type(line) for line in told] == [BadLine] * 6
    assert "secret" not in str(told)


@pytest.mark.parametrize(("suffix", "delimiter"), [(".csv", ","), (".tsv", "\t"), (".CSV", ",")])
def test_a_table_is_read_by_the_names_of_its_columns(tmp_path: Path, suffix: str, delimiter: str) -> None:
    path = tmp_path / f"labels{suffix}"
    rows = [
        ("text", "label", "note", "tweet_id", "sentiment"),
        ('"up, ""very""\n\tup"', "IPO", "n", "1", ""),
        ("", "", "", "2", "neutral"),
    ]
    path.write_text("\ufeff" + "".join(delimiter.join(row) + "\r\n" for row in rows), encoding="utf-8", newline="")

    assert read(path) == [
        Feedback("1", "label", NOW, label=Label.IPO, text='up, "very"\n\tup'),
        Feedback("2", "label", NOW, sentiment=Sentiment.NEUTRAL),
    ]


def test_every_bad_row_is_told_with_its_first_line_and_the_good_ones_are_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(
        b"\n"
        b"tweet_id,label,text\n"
        b'1,IPO,"two\nlines"\n'
        b"2,ipo,x\n"
        b"\n"
        b"3,IPO,a, b\n"
        b"4,IPO\n"
        b"5,IPO,\xff\n"
        b'6,IPO,"x"y\n'
        b"7,IPO,z\n"
        b'8,IPO,"never closed\n'
        b"9,IPO,swallowed\n"
    )

    assert bad_lines(path) == [
        (5, "unknown_label"),
        (7, "invalid_row"),
        (8, "invalid_row"),
        (9, "not_utf8"),
        (10, "invalid_row"),
        (12, "invalid_row"),
    ]
    assert [line.tweet_id for line in read(path) if isinstance(line, Feedback)] == ["1", "7"]


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv.gz"
    path.write_bytes(gzip.compress(b"id\tlabel\n1\tIPO\n"))

    assert read(path) == [Feedback("1", "label", NOW, label=Label.IPO)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", b"", "has the columns none; needed are tweet_id, and label or sentiment"),
        ("x.csv", b"tweet_id,text\n1,up\n", "has the columns tweet_id, text; needed are"),
        ("x.csv", b"label,text\nIPO,up\n", "has the columns label, text; needed are"),
        ("x.csv", b"tweet_id,label,label\n1,IPO,Macro\n", "has a column twice: tweet_id, label, label"),
        ("x.csv", b'"tweet_id,label\n1,IPO\n', "begins with no row of column names"),
        ("x.csv", b"tweet_id,label\n", "holds no labels"),
        ("x.jsonl", b"\n \n", "holds no labels"),
        ("x.jsonl.gz", b"no gzip", "is no whole gzip file"),
    ],
)
def test_a_file_that_can_give_no_label_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(DataError, match=message):
        read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"can't read .*nothing\.csv: No such file"):
        read(tmp_path / "nothing.csv")


def test_standard_input_is_json_lines_and_may_hold_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))

    assert list(read_labels("-", source=None, now=lambda: NOW)) == []
