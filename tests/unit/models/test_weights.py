import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import ModelCorruptError, ModelNotFoundError
from models.weights import Weights, encode_weights, read_weights, sha256_of

Arrays = dict[str, "np.ndarray[Any, Any]"]
Store = Callable[[bytes], tuple[Path, str]]


@pytest.fixture
def stored(tmp_path: Path) -> Store:
    """Write bytes as a weights file; gives its path and true hash."""

    def store(content: bytes) -> tuple[Path, str]:
        path = tmp_path / "weights.npz"
        path.write_bytes(content)
        return path, sha256_of(content)

    return store


def arrays_of(content: bytes) -> Arrays:
    with np.load(io.BytesIO(content)) as arrays:
        return dict(arrays)


def encoded(arrays: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_weights_read_are_the_weights_written(two_word_weights: Weights, stored: Store) -> None:
    path, sha256 = stored(encode_weights(two_word_weights))

    read = read_weights(path, sha256=sha256)

    for name, written in vars(two_word_weights).items():
        assert np.asarray(getattr(read, name)).dtype == np.asarray(written).dtype
        assert np.asarray(getattr(read, name)).tolist() == np.asarray(written).tolist()


def test_file_without_a_coverage_curve_is_read_as_one_with_an_empty_curve(
    two_word_weights: Weights, stored: Store
) -> None:
    arrays = arrays_of(encode_weights(two_word_weights))
    del arrays["coverage"]
    path, sha256 = stored(encoded(arrays))

    assert read_weights(path, sha256=sha256).coverage.shape == (0, 3)


def test_coverage_curve_is_kept(two_word_weights: Weights, stored: Store) -> None:
    curve = np.array([[0.0, 1.0, 0.2], [0.5, 0.8, 0.1]])
    path, sha256 = stored(encode_weights(replace(two_word_weights, coverage=curve)))

    assert read_weights(path, sha256=sha256).coverage.tolist() == curve.tolist()


def test_first_and_last_feature_id_may_be_used(two_word_weights: Weights, stored: Store) -> None:
    ids = np.array([0, (1 << 20) - 1], dtype=np.int32)
    path, sha256 = stored(encode_weights(replace(two_word_weights, ids=ids)))

    assert read_weights(path, sha256=sha256).ids.tolist() == ids.tolist()


def test_equal_weights_give_equal_bytes(two_word_weights: Weights) -> None:
    assert encode_weights(two_word_weights) == encode_weights(replace(two_word_weights))


def test_one_changed_byte_is_refused_with_both_hashes(two_word_weights: Weights, stored: Store) -> None:
    content = encode_weights(two_word_weights)
    path, seen = stored(content[:-30] + bytes([content[-30] ^ 1]) + content[-29:])

    with pytest.raises(ModelCorruptError) as caught:
        read_weights(path, sha256=sha256_of(content))

    assert seen in str(caught.value)
    assert sha256_of(content) in str(caught.value)
    assert "weights.npz" in str(caught.value)


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_truncated_file_is_refused_even_with_its_own_hash(two_word_weights: Weights, stored: Store, cut: int) -> None:
    path, sha256 = stored(encode_weights(two_word_weights)[:cut])

    with pytest.raises(ModelCorruptError, match="is no weights file"):
        read_weights(path, sha256=sha256)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"absent\.npz"):
        read_weights(tmp_path / "absent.npz", sha256="")


def test_pickled_objects_are_refused(two_word_weights: Weights, stored: Store) -> None:
    arrays = arrays_of(encode_weights(two_word_weights)) | {"scales": np.array([{"a": 1}], dtype=object)}
    path, sha256 = stored(encoded(arrays))

    with pytest.raises(ModelCorruptError, match="is no weights file"):
        read_weights(path, sha256=sha256)


def test_weights_of_another_feature_definition_are_refused(two_word_weights: Weights, stored: Store) -> None:
    arrays = arrays_of(encode_weights(two_word_weights))
    header = json.loads(arrays["header"].tobytes()) | {"features_version": 99}
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    path, sha256 = stored(encoded(arrays))

    with pytest.raises(ModelCorruptError, match="features_version 99, expected 1"):
        read_weights(path, sha256=sha256)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ids", np.array([5, 3], dtype=np.int32), "not rising"),
        ("ids", np.array([-1, 3], dtype=np.int32), "not rising"),
        ("ids", np.array([3, 1 << 20], dtype=np.int32), "not rising"),
        ("ids", np.array([3], dtype=np.int32), "has table"),
        ("ids", np.array(3, dtype=np.int32), "is no weights file"),
        ("scales", np.zeros(22, dtype=np.float32), "has scales"),
        ("biases", np.zeros(23, dtype=np.float64), "has biases"),
        ("biases", np.full(23, np.nan, dtype=np.float32), "no training gives"),
        ("temperatures", np.array([0.0, 1.0]), "no training gives"),
        ("table", np.zeros((2, 24), dtype=np.int8), "no training gives"),
    ],
)
def test_numbers_that_would_give_wrong_answers_are_refused(
    two_word_weights: Weights, stored: Store, name: str, value: object, message: str
) -> None:
    path, sha256 = stored(encode_weights(replace(two_word_weights, **{name: value})))

    with pytest.raises(ModelCorruptError, match=message):
        read_weights(path, sha256=sha256)


def test_weights_say_up_to_which_label_of_people_they_were_fitted(two_word_weights: Weights, stored: Store) -> None:
    path, sha256 = stored(encode_weights(replace(two_word_weights, learned_offset=41)))

    assert read_weights(path, sha256=sha256).learned_offset == 41


def test_weights_of_no_such_label_have_the_bytes_of_earlier_releases(two_word_weights: Weights) -> None:
    assert two_word_weights.learned_offset == -1
    assert "learned_offset" not in arrays_of(encode_weights(two_word_weights))


@pytest.mark.parametrize("offset", [-2, [1, 2], "x"])
def test_offset_that_is_none_is_refused(two_word_weights: Weights, stored: Store, offset: object) -> None:
    path, sha256 = stored(encoded(arrays_of(encode_weights(two_word_weights)) | {"learned_offset": np.array(offset)}))

    with pytest.raises(ModelCorruptError, match="train again"):
        read_weights(path, sha256=sha256)
