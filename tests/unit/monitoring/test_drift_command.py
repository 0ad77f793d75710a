"""`tickertape drift report`: what it prints and writes, and how it ends."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import tickertape
from models.records import ClassifiedTweet
from models.taxonomy import Label

Make = Callable[..., ClassifiedTweet]


@pytest.fixture
def write(tmp_path: Path, make_classified: Make) -> Callable[..., Path]:
    def write(name: str, *labels: tuple[Label, int], last: bytes = b"") -> Path:
        tweets = [make_classified(label=label) for label, count in labels for _ in range(count)]
        path = tmp_path / name
        path.write_bytes(b"".join(msgspec.json.encode(tweet) + b"\n" for tweet in tweets) + last)
        return path

    return write


def drift(reference: Path, current: Path, *options: str) -> int:
    return tickertape.main(["drift", "report", "--reference", str(reference), "--current", str(current), *options])


def test_drift_is_told_with_the_labels_that_moved_and_ends_well(
    write: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = write("reference.jsonl", (Label.IPO, 150), (Label.MACRO, 50))
    current = write("current.jsonl", (Label.IPO, 50), (Label.MACRO, 150), last=b"{\n{\n")

    code = drift(reference, current, "--output", str(tmp_path / "new" / "reports"))

    output = capsys.readouterr()
    rows = output.out.splitlines()
    assert code == 0
    assert rows[0].split() == ["column", "test", "distance", "threshold", "moved"]
    assert rows[1].split() == ["label", "Jensen-Shannon", "0.362", "0.115", "yes"]
    assert [row.split()[-1] for row in rows[2:10]] == ["no"] * 8
    assert [row.split() for row in rows[12:14]] == [["IPO", "75.0%", "25.0%"], ["Macro", "25.0%", "75.0%"]]
    assert rows[15] == "drift: 1 of 9 columns moved (200 tweets before, 200 tweets after)"
    assert rows[16] == "current: no classified tweet, so left out: 2 (line 201, 202)"
    assert rows[17] == f"report: {tmp_path / 'new' / 'reports' / 'drift.html'}"
    assert [path.name for path in (tmp_path / "new" / "reports").iterdir()] == ["drift.html"]
    assert output.err == ""


def test_no_drift_as_json_is_false_and_ends_as_well(
    write: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tweets = write("tweets.jsonl", (Label.IPO, 200), last=b"{\n")

    code = drift(tweets, tweets, "--output", str(tmp_path), "--json")

    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert answer["drift"] is False
    assert answer["columns"][0] == {
        "column": "label",
        "test": "Jensen-Shannon",
        "distance": 0.0,
        "threshold": pytest.approx(0.115, abs=0.001),
        "moved": False,
    }
    assert answer["labels"] == [{"label": "IPO", "reference_share": 1.0, "current_share": 1.0}]
    assert answer["current"] == {
        "tweets": 200,
        "compared_tweets": 200,
        "unreadable_lines": 1,
        "unreadable_line_numbers": [201],
    }
    assert Path(answer["report"]).stat().st_size > 100_000


def test_window_that_is_too_small_is_one_line_and_exit_code_1(
    write: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tweets = write("tweets.jsonl", (Label.IPO, 200))
    few = write("few.jsonl", (Label.IPO, 3))

    code = drift(tweets, few, "--output", str(tmp_path / "reports"))

    output = capsys.readouterr()
    assert code == 1
    assert output.out == ""
    assert output.err == (
        "tickertape drift: the current window has 3 tweets; at least 200 are needed: take a longer one\n"
    )
    assert not (tmp_path / "reports").exists()


def test_missing_file_is_one_line_and_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = drift(tmp_path / "none.jsonl", tmp_path / "none.jsonl")

    error = capsys.readouterr().err
    assert code == 1
    assert error.startswith(f"tickertape drift: {tmp_path / 'none.jsonl'} is not there: give a file")
    assert error.count("\n") == 1


def test_output_that_is_no_folder_is_one_line_and_exit_code_1(
    write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    tweets = write("tweets.jsonl", (Label.IPO, 200))

    code = drift(tweets, tweets, "--output", str(tweets))

    error = capsys.readouterr().err
    assert code == 1
    assert error.startswith(f"tickertape drift: {tweets / 'drift.html'} can't be written: ")
    assert error.endswith("; choose another folder with --output\n")


def test_page_that_is_there_is_replaced(
    write: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tweets = write("tweets.jsonl", (Label.IPO, 200))
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "drift.html").write_text("of last week")

    drift(tweets, tweets, "--output", str(tmp_path / "reports"))

    assert "Stock" not in capsys.readouterr().out
    assert "<html" in (tmp_path / "reports" / "drift.html").read_text()[:200]


@pytest.mark.parametrize(
    "words", [[], ["report"], ["watch"], ["report", "--reference", "a"], ["report", "--current", "a"]]
)
def test_wrong_use_exits_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        tickertape.main(["drift", *words])

    assert left.value.code == 2


def test_missing_library_is_one_line_that_says_what_to_do(write: Callable[..., Path]) -> None:
    tweets = write("tweets.jsonl", (Label.IPO, 200))
    code = f"""
import sys
sys.modules["evidently"] = None
import tickertape
sys.exit(tickertape.main(["drift", "report", "--reference", {str(tweets)!r}, "--current", {str(tweets)!r}]))
"""

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert answer.returncode == 1
    assert answer.stderr == "tickertape drift: drift needs evidently, which is not installed: run `make venv`\n"


def test_door_and_help_do_not_import_evidently() -> None:
    code = """
import sys, tickertape
try: tickertape.main(["drift", "--help"])
except SystemExit: pass
sys.exit("evidently" in sys.modules or "pandas" in sys.modules)
"""

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert "--reference FILE" in answer.stdout
