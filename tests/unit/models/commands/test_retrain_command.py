"""`tickertape retrain` where something is missing; stands here for the fixtures of the other commands that train."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]
NO_KAFKA = "import os; os.environ['KAFKA_BOOTSTRAP_SERVERS'] = '127.0.0.1:9'; "


def test_missing_data_is_one_line_that_says_what_to_do(tickertape: CommandLine) -> None:
    done = tickertape("retrain", "--data-dir", "nowhere")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "nowhere/topic_train.csv" in done.stderr
    assert "tickertape fetch-data" in done.stderr


def test_without_kafka_it_says_how_to_get_one_and_registers_nothing(
    tickertape: CommandLine, labelled_folder: Path, tmp_path: Path
) -> None:
    done = tickertape("retrain", "--data-dir", str(labelled_folder), before=NO_KAFKA)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == (
        "tickertape retrain: no Kafka answers at 127.0.0.1:9: start one with `tickertape broker`, or set "
        "KAFKA_BOOTSTRAP_SERVERS to yours, and KAFKA_SECURITY_PROTOCOL if it wants TLS or a password"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["labelled"]


def test_nothing_is_read_when_a_file_breaks_an_expectation(tickertape: CommandLine, labelled_folder: Path) -> None:
    with (labelled_folder / "topic_train.csv").open("a", encoding="utf-8") as file:
        file.write("Headline of no class,99\n")

    done = tickertape("retrain", "--data-dir", str(labelled_folder), before=NO_KAFKA)

    assert done.returncode == 1
    assert "topic_train.csv breaks what is expected, so nothing was trained" in done.stderr
    assert "Headline" not in done.stderr


@pytest.mark.parametrize("words", [("--seed", "-1"), ("--teacher",), ("--no-promote",), ("extra",)])
def test_wrong_words_are_wrong_use(tickertape: CommandLine, words: tuple[str, ...]) -> None:
    assert tickertape("retrain", *words).returncode == 2


def test_help_needs_no_training_library_and_says_that_no_teacher_takes_part(tickertape: CommandLine) -> None:
    done = tickertape(
        "retrain",
        "--help",
        before="sys.modules.update(sklearn=None, mlflow=None, scipy=None, pandas=None, great_expectations=None); ",
    )

    assert done.returncode == 0
    assert done.stdout.startswith("usage: tickertape retrain")
    assert "No teacher takes part" in done.stdout
