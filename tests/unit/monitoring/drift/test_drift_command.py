"""`tickertape drift report` between two files: what it prints and writes, and how it ends."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

import tickertape
from models.records import ClassifiedTweet, ModelVersion
from models.taxonomy import Label
from monitoring.drift.describing import Description
from monitoring.drift.references.reference import Reference
from monitoring.drift.references.reference_file import save_reference
from monitoring.drift.reports.store import ReportStore

Make = Callable[..., ClassifiedTweet]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, make_classified: Make) -> Write:
    def write(name: str, *labels: tuple[Label, int], last: bytes = b"", **fields: object) -> Path:
        tweets = [
            make_classified(label=label, text=f"$TSLA up word{place}x", **fields)
            for label, count in labels
            for place in range(count)
        ]
        path = tmp_path / name
        path.write_bytes(b"".join(msgspec.json.encode(tweet) + b"\n" for tweet in tweets) + last)
        return path

    return write


@pytest.fixture(autouse=True)
def reference_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: Callable[..., list[Description]],
    refer: Callable[[Sequence[Description]], Reference],
) -> None:
    """The reference whose words count as known to the model."""
    save_reference(refer(rows(200, seed=1)), tmp_path / "reference.npz")
    monkeypatch.setenv("DRIFT_REFERENCE", str(tmp_path / "reference.npz"))


def drift(reference: Path, current: Path, *options: str) -> int:
    return tickertape.main(["drift", "report", "--reference", str(reference), "--current", str(current), *options])


def test_drift_is_told_with_the_labels_that_moved_and_ends_well(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = write("reference.jsonl", (Label.IPO, 150), (Label.MACRO, 50))
    current = write("current.jsonl", (Label.IPO, 50), (Label.MACRO, 150), last=b"{\n{\n")
    reports = tmp_path / "new" / "reports"

    code = drift(reference, current, "--output", str(reports))

    output = capsys.readouterr()
    rows = output.out.splitlines()
    assert code == 0
    assert rows[0].split() == ["column", "score", "moved"]
    assert rows[1].split()[::2] == ["label", "yes"]
    assert {row.split()[2] for row in rows[2 : rows.index("")]} == {"no"}
    causes = [row.rsplit(maxsplit=3)[:3] for row in rows if row.startswith("label=")]
    assert sorted(causes) == [["label=IPO", "75.0%", "25.0%"], ["label=Macro", "25.0%", "75.0%"]]
    assert any(row.startswith("drift: 1 of ") and row.endswith("(200 tweets before, 200 tweets after)") for row in rows)
    assert rows[-2] == "current: no classified tweet, so left out: 2 (line 201, 202)"
    (event,) = ReportStore(reports, 1).events()
    assert rows[-1] == f"report: {reports / str(event.report) / 'report.html'}"
    assert (event.outcome, event.kinds, event.window.tweets) == ("drift", ("prediction",), 200)
    assert event.replay == f"tickertape drift report --reference {reference} --current {current}"
    assert sorted(path.name for path in reports.iterdir()) == [event.report, "index.html"]
    assert output.err == ""


def test_no_drift_as_json_is_false_and_ends_as_well(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tweets = write("tweets.jsonl", (Label.IPO, 200), last=b"{\n")

    code = drift(tweets, tweets, "--output", str(tmp_path / "reports"), "--json")

    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (answer["drift"], answer["kinds"], answer["causes"]) == (False, [], [])
    assert answer["scores"]["label"] == 0.0
    assert answer["current"] == {
        "tweets": 200,
        "compared_tweets": 200,
        "unreadable_lines": 1,
        "unreadable_line_numbers": [201],
        "models": ["tickertape 1"],
    }
    assert Path(answer["report"]).stat().st_size > 100_000


def test_same_files_replace_their_report_and_others_do_not(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write("first.jsonl", (Label.IPO, 200))
    other = write("other.jsonl", (Label.IPO, 300))

    for current in (first, first, other):
        drift(first, current, "--output", str(tmp_path / "reports"))

    assert capsys.readouterr().err == ""
    assert len(ReportStore(tmp_path / "reports", 9).events()) == 2


def test_files_of_different_models_are_told(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = write("before.jsonl", (Label.IPO, 200))
    after = write("after.jsonl", (Label.IPO, 200), model=ModelVersion("tickertape", "2"))

    drift(before, after, "--output", str(tmp_path / "reports"))

    assert (
        "answered by different models, which differ in their answers: tickertape 1, tickertape 2\n"
        in capsys.readouterr().out
    )


def test_window_that_is_too_small_is_one_line_and_exit_code_1(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tweets = write("tweets.jsonl", (Label.IPO, 200))
    few = write("few.jsonl", (Label.IPO, 3), last=b"{\n")

    code = drift(tweets, few, "--output", str(tmp_path / "reports"))

    output = capsys.readouterr()
    assert code == 1
    assert output.out == ""
    assert output.err == (
        "tickertape drift: the current window has 3 tweets (lines that are no classified tweet: 1, the first is line 4); "
        "at least 200 are needed: take a longer one\n"
    )
    assert not (tmp_path / "reports").exists()


def test_missing_file_is_one_line_and_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = drift(tmp_path / "none.jsonl", tmp_path / "none.jsonl")

    error = capsys.readouterr().err
    assert code == 1
    assert error.startswith(f"tickertape drift: {tmp_path / 'none.jsonl'} is not there: give a file")
    assert error.count("\n") == 1


def test_output_that_is_no_folder_is_one_line_and_exit_code_1(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    tweets = write("tweets.jsonl", (Label.IPO, 200))

    code = drift(tweets, tweets, "--output", str(tweets))

    error = capsys.readouterr().err
    assert code == 1
    assert error.startswith(f"tickertape drift: the folder of reports {tweets} can't be written: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", [["report"], ["report", "--reference", "a"], ["report", "--current", "a"]])
def test_wrong_use_exits_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        tickertape.main(["drift", *words])

    assert left.value.code == 2


def test_missing_library_is_one_line_that_says_what_to_do(write: Write) -> None:
    tweets = write("tweets.jsonl", (Label.IPO, 200))
    code = f"""
import sys
sys.modules["evidently"] = None
import tickertape
sys.exit(tickertape.main(["drift", "report", "--reference", {str(tweets)!r}, "--current", {str(tweets)!r}]))
"""

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert answer.returncode == 1
    assert answer.stderr == "tickertape drift: reports need evidently, which is not installed: run `make venv`\n"


def test_door_and_help_do_not_import_evidently() -> None:
    code = """
import sys, tickertape
try: tickertape.main(["drift", "report", "--help"])
except SystemExit: pass
sys.exit("evidently" in sys.modules or "pandas" in sys.modules)
"""

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert "--reference FILE" in answer.stdout
