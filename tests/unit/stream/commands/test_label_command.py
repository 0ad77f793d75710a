import argparse
import json
from pathlib import Path

import pytest

from models.errors import DataError
from stream.commands.label import _Labels, _summary, add_arguments
from stream.feed.publishing import Published


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    "words",
    [(), ("a.csv", "b.csv"), ("a.csv", "--source", ""), ("a.csv", "--source", " "), ("-", "--source", "x" * 201)],
)
def test_wrong_words_are_wrong_use(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*words)

    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_good_lines_become_records_under_the_tweet_and_bad_ones_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"tweet_id": "7", "label": "IPO", "labelled_at": "2026-01-01T00:00:00Z"}\n{"tweet_id": "8"}\n')
    labels = _Labels(str(path), source="desk")

    [(key, value)] = list(labels.records())

    assert key == b"7"
    assert json.loads(value or b"") == {
        "tweet_id": "7",
        "source": "desk",
        "labelled_at": "2026-01-01T00:00:00Z",
        "label": "IPO",
    }
    assert labels.bad == 1
    assert capsys.readouterr().err == "line 2: no_label: feedback needs a label or a sentiment\n"


def test_a_file_that_breaks_in_the_middle_gives_what_came_before_and_then_its_failure(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"tweet_id": "7", "label": "IPO"}\n' + b"x" * 16_777_217)
    labels = _Labels(str(path), source=None)

    records = list(labels.records())

    assert [key for key, _ in records] == [b"7"]
    assert isinstance(labels.failure, DataError)
    assert "line 2" in str(labels.failure)


def test_the_summary_says_what_was_sent_and_what_was_not() -> None:
    whole, early = Published(records=1200, seconds=1, interrupted=False), Published(3, 1, interrupted=True)

    assert _summary(whole, 0, "t", as_json=False) == "sent 1,200 labels to t, all acknowledged"
    assert _summary(early, 2, "t", as_json=False) == (
        "stopped early: sent 3 labels to t, all acknowledged; 2 bad lines were not sent"
    )
    assert json.loads(_summary(early, 2, "t", as_json=True)) == {
        "topic": "t",
        "sent": 3,
        "bad": 2,
        "interrupted": True,
    }
