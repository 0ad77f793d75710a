"""Small weights, a folder of labelled tweets that a machine can learn, and the command line."""

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from models.features import FEATURE_COUNT
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import COLUMNS, Weights

Rows = list[tuple[str, int]]
CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]
FRONT_DOOR = "import sys; {before}from tickertape import main; sys.exit(main({words!r}))"


@pytest.fixture
def write_csv() -> Callable[[Path, Rows], Path]:
    """Write labelled tweets as the public sets do."""

    def write(path: Path, rows: Rows) -> Path:
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("text", "label"), *rows])
        return path

    return write


@pytest.fixture
def labelled_folder(tmp_path: Path, write_csv: Callable[[Path, Rows], Path]) -> Path:
    """A folder with ten tweets of each class, each class with words of its own."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    write_csv(folder / "topic_train.csv", learnable_rows("topic", len(LABELS)))
    write_csv(folder / "sent_train.csv", learnable_rows("mood", len(SENTIMENTS)))
    return folder


def learnable_rows(word: str, class_count: int) -> Rows:
    numerals = [chr(ord("a") + number) for number in range(20)]
    return [
        (f"{word}{numerals[column]} news item{numerals[row]} today https://example.org/{row}", column)
        for column in range(class_count)
        for row in range(10)
    ]


@pytest.fixture
def tickertape(tmp_path: Path) -> CommandLine:
    """Run the command line in a process of its own, in a folder without anything."""

    def call(*words: str, before: str = "") -> "subprocess.CompletedProcess[str]":
        code = FRONT_DOOR.format(words=list(words), before=before)
        environment = {"PYTHONPATH": ":".join(sys.path), "TICKERTAPE_HOME": str(tmp_path), "COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )

    return call


@pytest.fixture
def two_word_weights() -> Weights:
    """Weights that know two words: "good" speaks for column 0, "bad" for column 1, twice as rare."""
    ids = {word: crc32(word.encode()) % FEATURE_COUNT for word in ("good", "bad")}
    order = sorted(ids, key=ids.__getitem__)
    table = np.zeros((2, COLUMNS + 1), dtype=np.int8)
    table[order.index("good"), [0, -1]] = 100, 4
    table[order.index("bad"), [1, -1]] = 50, 12
    return Weights(
        ids=np.array([ids[word] for word in order], dtype=np.int32),
        table=table,
        scales=np.full(COLUMNS, 0.5, dtype=np.float32),
        biases=np.arange(COLUMNS, dtype=np.float32),
        temperatures=np.array([1.0, 2.0]),
    )
