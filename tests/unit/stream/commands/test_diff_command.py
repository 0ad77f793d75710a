import json
from pathlib import Path

import pytest

from tickertape import main


@pytest.fixture
def feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two tweets and a line that is none, and a registry that is not there."""
    monkeypatch.setenv("TICKERTAPE_HOME", str(tmp_path))
    path = tmp_path / "feed.jsonl"
    path.write_text('{"id": "1", "text": "$TSLA up"}\nno tweet\n{"id": "2", "text": "gold falls"}\n', encoding="utf-8")
    return str(path)


def test_file_is_compared_and_what_is_no_tweet_is_counted(feed: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["diff", "pretrained", "pretrained", "--file", feed, "--json"])

    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (found["tweets"], found["unreadable"], found["labels"]) == (2, 1, [])
    assert found["model_a"]["version"].startswith("pretrained-")


def test_summary_is_written_for_people(feed: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["diff", "pretrained", "pretrained", "--file", feed])

    assert "0 labels flip (0.0 %), 0 sentiments (0.0 %); 1 records are no tweets" in capsys.readouterr().out


def test_file_without_tweets_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("x\n")

    code = main(["diff", "pretrained", "pretrained", "--file", str(path)])

    assert code == 1
    assert "no tweet to compare: 1 records were read" in capsys.readouterr().err


def test_version_without_a_registry_says_what_to_do(feed: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["diff", "pretrained", "3", "--file", feed])

    assert code == 1
    assert "`tickertape train` makes one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "give either --file, or --from"),
        (["--file", "feed.jsonl", "--from", "0:1"], "give either --file, or --from"),
        (["--file", "feed.jsonl", "--to", "0:5"], "--to goes with --from"),
    ],
)
def test_tweets_come_from_a_file_or_a_range(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["diff", "pretrained", "pretrained", *words])

    assert ended.value.code == 2
    assert told in capsys.readouterr().err
