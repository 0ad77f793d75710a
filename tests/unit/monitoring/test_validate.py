"""`python -m monitoring validate`: what it prints of good and bad files, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import monitoring
from config.commands import run_command
from models.errors import TickertapeError
from monitoring.__main__ import COMMANDS

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:great_expectations"),  # its own imports are behind Python's
]

GOOD = "text,label\n" + "".join(f"Tweet of word{'x' * row},{row % 3}\n" for row in range(40))


def validate(path: Path, *options: str) -> int:
    argv = ["validate", str(path), "--kind", "sentiment", *options]
    return run_command(COMMANDS, argv, prog="python -m monitoring", failure=TickertapeError)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    return tmp_path / "labelled.csv"


def test_good_file_passes_every_expectation(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labelled.write_text(GOOD)

    code = validate(labelled)

    output = capsys.readouterr()
    assert code == 0
    assert [line[:4] for line in output.out.splitlines()] == ["ok  "] * 12
    assert output.err == ""


@pytest.mark.parametrize(
    ("content", "expectation", "seen", "rows"),
    [
        (GOOD.replace("text,", "body,", 1), "the columns are text,label", "body,label", []),
        (GOOD.replace("text,label", "label,text", 1), "the columns are text,label", "label,text", []),
        ("text,label\n", "there are rows", "0", []),
        (GOOD + ",1\n", "no text is missing", "1 of 41 rows break it", [41]),
        (GOOD + "No label,\n", "no label is missing", "1 of 41 rows break it", [41]),
        (GOOD + "   ,1\n", "each text has more than spaces", "1 of 41 rows break it", [41]),
        (GOOD + "x" * 25_001 + ",1\n", "each text has 1 to 25,000 characters", "1 of 41 rows break it", [41]),
        (GOOD + "Up,3\nDown,bearish\n", "each label is one of 0 to 2", "2 of 42 rows break it", [41, 42]),
        (GOOD + "Up,1.0\n", "each label is one of 0 to 2", "1 of 41 rows break it", [41]),
        (
            GOOD + "Up http://x.example/1,1\n" + "Up https://x.example/2,1\n" * 5,
            "at most 5% of the texts repeat another",
            "5 of 46 rows break it",
            [42, 43, 44, 45, 46],
        ),
        (
            "text,label\n" + "".join(f"Tweet {'x' * row},{row % 2}\n" for row in range(40)),
            "neutral has at least 5.0% of the rows",
            "0 of 40 rows fulfil it",
            [],
        ),
    ],
)
def test_each_fault_is_found_and_told_with_its_rows(  # a table of cases with its two fixtures
    labelled: Path, capsys: pytest.CaptureFixture[str], content: str, expectation: str, seen: str, rows: list[int]
) -> None:
    labelled.write_text(content)

    code = validate(labelled, "--json")

    report = json.loads(capsys.readouterr().out)
    assert (code, report["success"]) == (1, False)
    failed = {outcome["expectation"]: outcome for outcome in report["outcomes"] if not outcome["success"]}
    assert failed[expectation]["seen"] == seen
    assert failed[expectation]["rows"] == rows


def test_words_that_look_like_nothing_are_texts(labelled: Path) -> None:
    labelled.write_text(GOOD + "NA,0\nnull,1\nNone,2\n")

    assert validate(labelled) == 0


def test_no_text_of_a_tweet_is_shown(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labelled.write_text("Secret headline,Secret label\n" * 10 + "x" * 25_001 + ",Secret label\n")

    code = validate(labelled)

    output = capsys.readouterr()
    assert code == 1
    assert "Secret" not in output.out + output.err
    assert "FAIL  the columns are text,label" in output.out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: expected a header"),
        (b"text,label\n\xff\xfe,0\n", "is not UTF-8: byte 0xff"),
        (b"text,label\nUp,0,0\n", "is not what its name says: "),
        (b"text,label\nUp,0\nUp,0,0\n", "is not what its name says: "),
        (b'text,label\n"Up,0\n', "is not what its name says: "),
    ],
)
def test_file_that_is_no_csv_is_one_line_on_standard_error(
    labelled: Path, capsys: pytest.CaptureFixture[str], content: bytes, message: str
) -> None:
    labelled.write_bytes(content)

    code = validate(labelled)

    output = capsys.readouterr()
    assert code == 1
    assert output.out == ""
    assert output.err.startswith(f"python -m monitoring validate: {labelled} {message}")
    assert output.err.count("\n") == 1


@pytest.mark.parametrize(("name", "message"), [("none.csv", "is not there"), (".", "can't be read: Is a directory")])
def test_missing_file_and_folder_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    code = validate(tmp_path / name)

    assert code == 1
    assert message in capsys.readouterr().err


def test_kind_is_required(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_command(COMMANDS, ["validate", str(labelled)], prog="python -m monitoring", failure=TickertapeError)

    assert ended.value.code == 2
    assert "--kind" in capsys.readouterr().err


def test_process_is_quiet_and_writes_no_files(labelled: Path, tmp_path: Path) -> None:
    labelled.write_text(GOOD)
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    ended = subprocess.run(
        [sys.executable, "-m", "monitoring", "validate", str(labelled), "--kind", "sentiment"],
        cwd=Path(monitoring.__file__).parents[1],
        env={"HOME": str(tmp_path), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stderr == ""
    assert ended.stdout.count("ok  ") == 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labelled.csv", "temporary"]
    assert list(temporary.iterdir()) == []
