import os
from pathlib import Path

import numpy as np
import pytest

from models.mapped import KEPT_FILES, mapped
from models.predictor import pretrained_predictor
from models.scorer import Scorer
from models.weights import Weights

TEXTS = ["$AAPL up 3% after record deliveries", "Goldman cuts $TSLA to neutral", "", "caf\u00e9 \U0001f680"]


@pytest.fixture(scope="module")
def own() -> Scorer:
    """Give the shipped model, in memory of its own."""
    return pretrained_predictor(3).scorer


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def is_equal(one: Scorer, other: Scorer) -> bool:
    weights = all(np.array_equal(getattr(one.weights, name), value) for name, value in vars(other.weights).items())
    return weights and all(np.array_equal(*pair) for pair in zip(one.rows, other.rows, strict=True))


def test_mapped_weights_are_the_same_and_answer_the_same(own: Scorer, tmp_path: Path) -> None:
    scorer = Scorer(own.weights, mapped_in=tmp_path / "made" / "here")

    assert is_equal(scorer, own)
    for mapped_column, column in zip(scorer.answers(TEXTS, top_k=3), own.answers(TEXTS, top_k=3), strict=True):
        assert np.array_equal(mapped_column, column)
    assert scorer.rows.table.base is not None
    assert all(array.flags.aligned for array in scorer.rows)


def test_pretrained_model_is_mapped_where_it_is_told_to(own: Scorer, tmp_path: Path) -> None:
    scorer = pretrained_predictor(3, mapped_in=tmp_path).scorer

    assert len(files(tmp_path)) == 1
    assert is_equal(scorer, own)


def test_second_process_takes_the_file_of_the_first(own: Scorer, tmp_path: Path) -> None:
    Scorer(own.weights, mapped_in=tmp_path)
    [file] = files(tmp_path)
    written = file.stat().st_ino

    Scorer(own.weights, mapped_in=tmp_path)

    assert [one.stat().st_ino for one in files(tmp_path)] == [written]
    assert file.stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("damage", ["byte", "short", "long", "empty", "link", "writable"])
def test_file_that_is_not_just_the_weights_does_not_count(own: Scorer, tmp_path: Path, damage: str) -> None:
    Scorer(own.weights, mapped_in=tmp_path)
    [file] = files(tmp_path)
    content = bytearray(file.read_bytes())
    file.chmod(0o600)
    if damage == "byte":
        content[5_000_000] ^= 1
        file.write_bytes(content)
    elif damage == "link":
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
    elif damage == "writable":
        file.chmod(0o666)
    else:
        file.write_bytes({"short": content[:-64], "long": content + b"\0", "empty": b""}[damage])

    scorer = Scorer(own.weights, mapped_in=tmp_path)

    assert is_equal(scorer, own)


def test_folder_that_cannot_be_written_costs_the_sharing_alone(
    own: Scorer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()

    scorer = Scorer(own.weights, mapped_in=tmp_path / "file" / "weights")

    assert is_equal(scorer, own)
    assert [record.message for record in caplog.records] == ["weights_not_shared"]


def test_other_weights_have_another_file_and_the_oldest_go(own: Scorer, tmp_path: Path) -> None:
    weights = Weights(own.weights.ids[:2].copy(), own.weights.table[:2], *list(vars(own.weights).values())[2:])
    for number in range(KEPT_FILES + 1):
        weights.ids[0] = number
        Scorer(weights, mapped_in=tmp_path)
        for age, file in enumerate(sorted(files(tmp_path), key=lambda one: one.stat().st_mtime_ns, reverse=True)):
            os.utime(file, (1_000_000 - age, 1_000_000 - age))
    last = len(files(tmp_path))

    weights.ids[0] = 0
    Scorer(weights, mapped_in=tmp_path)

    assert last == KEPT_FILES
    assert len(files(tmp_path)) == KEPT_FILES


def test_what_a_process_writes_there_stays_its_own(own: Scorer, tmp_path: Path) -> None:
    weights, rows = mapped(own.weights, own.rows, tmp_path)
    weights.table[0, 0] ^= 1
    rows.squares[0] ^= 1

    assert is_equal(Scorer(own.weights, mapped_in=tmp_path), own)
