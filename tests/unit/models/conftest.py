"""Small weights, and a folder of labelled tweets that a machine can learn."""

import csv
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from models.features import FEATURE_COUNT
from models.predictor import pretrained_predictor
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import COLUMNS, Weights

Rows = list[tuple[str, int]]


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


@pytest.fixture(scope="session")
def pretrained_scorer() -> Scorer:
    """The batch model that ships with the package."""
    return pretrained_predictor(1).scorer


@pytest.fixture(scope="session")
def tweet_texts() -> list[str]:
    """The texts of the small labelled set: 20 tweets of each topic."""
    with (Path(__file__).parents[2] / "data" / "labelled" / "topic_train.csv").open(
        encoding="utf-8", newline=""
    ) as rows:
        return [row["text"] for row in csv.DictReader(rows)]
