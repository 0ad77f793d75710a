import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]


def test_missing_data_is_one_line_that_says_what_to_do(tickertape: CommandLine) -> None:
    done = tickertape("train", "--data-dir", "nowhere")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "nowhere/topic_train.csv" in done.stderr
    assert "tickertape fetch-data" in done.stderr


@pytest.mark.parametrize("seed", ["-1", "x", "4294967296", "1.5", ""])
def test_seed_that_is_no_whole_number_is_wrong_use(tickertape: CommandLine, seed: str) -> None:
    done = tickertape("train", f"--seed={seed}")

    assert done.returncode == 2
    assert f"{seed!r} is no whole number from 0 to 4294967295" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("library", ["sklearn", "mlflow", "great_expectations"])
def test_without_the_training_libraries_it_says_how_to_get_them(
    tickertape: CommandLine, labelled_folder: Path, library: str
) -> None:
    done = tickertape("train", "--data-dir", str(labelled_folder), before=f"sys.modules[{library!r}] = None; ")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("which is not installed here; run `make venv`")
    assert library in done.stderr


def test_nothing_is_trained_on_a_file_that_breaks_an_expectation(
    tickertape: CommandLine, labelled_folder: Path, tmp_path: Path
) -> None:
    with (labelled_folder / "topic_train.csv").open("a", encoding="utf-8") as file:
        file.write("Headline of no class,99\n")

    done = tickertape("train", "--data-dir", str(labelled_folder), "--export", "export")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "topic_train.csv breaks what is expected, so nothing was trained" in done.stderr
    assert "each label is one of 0 to 19: 1 of 201 rows break it; rows 201" in done.stderr
    assert "Headline" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["labelled"]


def test_of_a_file_that_breaks_much_the_first_findings_are_shown_and_where_the_others_are_listed(
    tickertape: CommandLine, labelled_folder: Path
) -> None:
    file = labelled_folder / "topic_train.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("text,label", "tweet,tag", 1), encoding="utf-8")

    done = tickertape("train", "--data-dir", str(labelled_folder))

    assert "correct it: the columns are text,label: tweet,tag; no text is missing: " in done.stderr
    assert f" more, which `python -m monitoring validate {file} --kind topic` lists\n" in done.stderr
    assert done.stderr.count("the column text is missing") == 2


def test_help_needs_no_training_library(tickertape: CommandLine) -> None:
    done = tickertape(
        "train",
        "--help",
        before="sys.modules.update(sklearn=None, mlflow=None, scipy=None, pandas=None, great_expectations=None); ",
    )

    assert done.returncode == 0
    assert done.stdout.startswith("usage: tickertape train")
    assert "--export DIR" in done.stdout
