import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]


def test_missing_data_is_one_line_that_says_what_to_do(tickertape: CommandLine) -> None:
    done = tickertape("evaluate", "--data-dir", "nowhere")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].count("tickertape fetch-data") == 1


def test_card_is_looked_at_before_anything_is_trained(tickertape: CommandLine, labelled_folder: Path) -> None:
    done = tickertape("evaluate", "--data-dir", str(labelled_folder), "--card", "nowhere.md")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "tickertape evaluate: nowhere.md can't be read (FileNotFoundError): give the Markdown file of a model card\n"
    )


def test_careful_quality_without_a_teacher_is_refused_before_anything_is_trained(
    tickertape: CommandLine, labelled_folder: Path
) -> None:
    done = tickertape("evaluate", "--data-dir", str(labelled_folder), "--quality", "careful")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tickertape evaluate: --quality careful needs a teacher: add --teacher\n"


@pytest.mark.parametrize("library", ["sklearn", "matplotlib"])
def test_without_the_training_libraries_it_says_how_to_get_them(tickertape: CommandLine, library: str) -> None:
    done = tickertape("evaluate", before=f"sys.modules[{library!r}] = None; ")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("which is not installed here; run `make venv`")
    assert library in done.stderr


def test_help_needs_no_training_library(tickertape: CommandLine) -> None:
    done = tickertape("evaluate", "--help", before="sys.modules.update(sklearn=None, matplotlib=None, scipy=None); ")

    assert done.returncode == 0
    assert "--protocol {predecessor}" in done.stdout


@pytest.mark.training
def test_findings_are_one_json_object_and_nothing_is_registered(
    tickertape: CommandLine, labelled_folder: Path, tmp_path: Path
) -> None:
    done = tickertape("evaluate", "--data-dir", str(labelled_folder), "--learning-curve", "--json")

    found = json.loads(done.stdout)
    assert (done.returncode, found["held_out"], found["predecessor"]) == (0, "split off", None)
    assert [point["share"] for point in found["learning_curve"]] == [0.25, 0.5, 0.75, 1.0]
    assert found["learning_curve"][-1]["label_accuracy"] == found["evaluation"]["labels"]["performance"]["accuracy"]
    assert not (tmp_path / "mlflow.db").exists()
