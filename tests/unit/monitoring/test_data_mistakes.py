"""`tickertape data`: what it says of wrong use, and of files that can't be used."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:great_expectations"),  # its own imports are behind Python's
]

Data = Callable[..., int]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run",), "there is no checkpoint: add one with"),
        (("run", "it"), "has no checkpoint it; it has none"),
        (("checkpoint", "it", "--source", "it", "--suite", "raw"), "has no source it; it has none"),
        (("suite", "raw", "--by-hand"), "has a suite raw already: choose another name"),
        (("suite", "mine", "--profile", "it"), "has no source it; it has none"),
        (("source", "it", "nowhere.csv"), "nowhere.csv is not there"),
        (("source", "it", __file__), "has the ending .py: give a file that ends in .csv"),
    ],
)
def test_wrong_name_is_one_line_that_says_what_there_is(
    data: Data, project: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    del project

    code = data(*words)

    error = capsys.readouterr().err
    assert code == 1
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("it.csv", b"", "is empty"),
        ("it.csv", b"text\n\xff\n", "is not UTF-8: byte 0xff"),
        ("it.csv.gz", b"text\n", "is no whole gzip file"),
        ("it.jsonl.gz", b"{}\n", "is no whole gzip file"),
        ("it.parquet", b"text\n", "is no whole parquet file"),
    ],
)
def test_file_that_is_spoiled_later_is_one_line(
    checked: Callable[..., int],
    data: Data,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    message: str,
) -> None:
    good = {
        "it.csv": b"text\nup\n",
        "it.csv.gz": gzip.compress(b"text\nup\n"),
        "it.jsonl.gz": gzip.compress(b"{}\n"),
        "it.parquet": pd.DataFrame({"text": ["up"]}).to_parquet(),
    }
    checked(name, good[name], "tags")
    (tmp_path / name).write_bytes(content)
    capsys.readouterr()

    code = data("run", "it")

    error = capsys.readouterr().err
    assert code == 1
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "content",
    [
        '{"name": "tags", "expectations": [',
        "[]",
        '{"name": "tags", "expectations": [{"type": "expect_column_values_to_be_unique"}]}',
        '{"name": "tags", "expectations": [{"type": "expect_nothing", "kwargs": {}}]}',
    ],
)
@pytest.mark.parametrize(
    "words", [("run", "it"), ("docs",), ("checkpoint", "new", "--source", "it", "--suite", "tags")]
)
def test_edited_suite_that_can_not_be_used_is_one_line(
    checked: Callable[..., int],
    data: Data,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    words: tuple[str, ...],
) -> None:
    checked("tags.csv", b"tag,name\n0,Analyst Update\n", "tags")
    (project / "expectations" / "tags.json").write_text(content)
    capsys.readouterr()

    code = data(*words)

    error = capsys.readouterr().err
    assert code == 1
    assert "correct" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("content", ["{", "a: b", "nothing", ""])
def test_settings_that_can_not_be_read_are_one_line(
    data: Data, project: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (project / "great_expectations.yml").write_text(content)

    code = data("run")

    error = capsys.readouterr().err
    assert code == 1
    assert "great_expectations.yml can't be read: correct it, or delete" in error
    assert error.count("\n") == 1


def test_without_a_project_it_says_how_to_make_one(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    code = data("run")

    assert code == 1
    assert "make it with `tickertape data init`" in capsys.readouterr().err


def test_name_that_would_leave_the_folder_is_wrong_use(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        data("suite", "../mine", "--by-hand")

    assert ended.value.code == 2
    assert "'../mine' is not 1 to 60 letters" in capsys.readouterr().err
