"""The machine code is kept between processes, belongs to its sources, and its loss or damage costs time only."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import models
from models.predictor import pretrained_predictor
from models.records import Tweet

PROGRAM = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
from models.predictor import pretrained_predictor
from models.records import Tweet
print(pretrained_predictor(1).predict([Tweet("Fed raises rates")])[0].label_score)
"""


def run(package: Path, *, home: Path, program: str = PROGRAM) -> list[str]:
    """Answer one tweet in a process that has its home and cache in a folder; gives what it logged, then the score.

    A copy of the package in the first folder is taken rather than the installed one.
    """
    paths = {
        "HOME": home,
        "XDG_CACHE_HOME": home / "user",
        "NUMBA_CACHE_DIR": home / "cache",
        "PYTHONPATH": package,
    }
    environment = {**os.environ, **{name: str(path) for name, path in paths.items()}}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment, cwd=package
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def copy_package(folder: Path) -> Path:
    source = Path(models.__file__).parent
    return shutil.copytree(source, folder / "models", ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture(scope="module")
def score() -> str:
    (prediction,) = pretrained_predictor(1).predict([Tweet("Fed raises rates")])
    return str(prediction.label_score)


@pytest.fixture(scope="module")
def started_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder with the package and a cache, and the lines of the start that filled it."""
    folder = tmp_path_factory.mktemp("started")
    copy_package(folder)
    return folder, run(folder, home=folder)


@pytest.mark.slow
def test_second_start_reads_what_the_first_compiled(started_once: tuple[Path, list[str]], score: str) -> None:
    folder, first = started_once

    second = run(folder, home=folder)

    assert first == ["kernel_compiling", "kernel_ready", score]
    assert second == ["kernel_ready", score]


@pytest.fixture
def changed_sources(started_once: tuple[Path, list[str]]) -> Iterator[Path]:
    """The folder with the package, one of whose sources is another until the test ends."""
    folder, _ = started_once
    source = folder / "models" / "text.py"
    before = source.read_bytes()
    source.write_bytes(before + b"# changed\n")
    yield folder
    source.write_bytes(before)


@pytest.mark.slow
def test_code_of_changed_sources_is_not_used(changed_sources: Path, tmp_path: Path, score: str) -> None:
    shutil.copytree(changed_sources / "cache", tmp_path / "cache")

    lines = run(changed_sources, home=tmp_path)

    assert lines == ["kernel_compiling", "kernel_ready", score]


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "content"), [("*.nbi", b"garbage"), ("*.nbc", b"")])
def test_damaged_cache_is_told_and_passed_over(
    started_once: tuple[Path, list[str]], score: str, tmp_path: Path, pattern: str, content: bytes
) -> None:
    shutil.copytree(started_once[0] / "cache", tmp_path / "cache")
    (damaged,) = (tmp_path / "cache").rglob(pattern)
    damaged.write_bytes(content)

    lines = run(started_once[0], home=tmp_path)

    assert lines == ["kernel_cache_not_usable", "kernel_compiling", "kernel_ready", score]


@pytest.mark.slow
def test_without_a_place_for_the_cache_the_kernel_is_compiled_all_the_same(tmp_path: Path, score: str) -> None:
    package = copy_package(tmp_path)
    for file_where_a_folder_is_wanted in (package / "compiled" / "__pycache__", tmp_path / "cache", tmp_path / "user"):
        file_where_a_folder_is_wanted.touch()

    lines = run(tmp_path, home=tmp_path)

    assert lines == ["kernel_cache_not_usable", "kernel_compiling", "kernel_ready", score]


def test_importing_predictor_and_command_line_does_not_import_numba(tmp_path: Path) -> None:
    lines = run(
        tmp_path, home=tmp_path, program="import models.predictor, tickertape, sys; print('numba' in sys.modules)"
    )

    assert lines == ["False"]
