"""An archive is read when it is small and plain; a bomb is refused before it costs memory."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from models.archives import MAX_UNPACKED_BYTES, opened_arrays
from models.errors import DriftError, ModelCorruptError
from models.online.snapshot import decode_answering, decode_progress, decode_snapshot
from models.scorer import Scorer
from models.weights import read_weights, sha256_of
from monitoring.drift.references.reference_file import decode_reference


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """An archive of a few hundred kilobytes that unpacks to four times what is allowed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("header.npy", "w") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|u1", "fortran_order": False, "shape": (4 * MAX_UNPACKED_BYTES,)}
        )
        for _ in range(64):
            file.write(bytes(MAX_UNPACKED_BYTES // 16))
    return buffer.getvalue()


def test_arrays_are_read_as_they_were_written() -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, counts=np.array([1, 2, 3]))

    with opened_arrays(buffer.getvalue()) as arrays:
        assert arrays["counts"].tolist() == [1, 2, 3]


def test_bomb_is_refused_with_both_sizes_and_without_its_memory(bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with (
            pytest.raises(ValueError, match=r"unpacks to 268,43\d,\d{3} bytes, and 67,108,864 are"),
            opened_arrays(bomb),
        ):
            pass
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < MAX_UNPACKED_BYTES / 16


def test_bomb_in_the_topic_of_snapshots_is_no_snapshot(bomb: bytes, pretrained_scorer: Scorer) -> None:
    assert len(bomb) < 8_388_608  # so the topic takes it

    with pytest.raises(ModelCorruptError, match="unpacks to"):
        decode_snapshot(bomb, batch=pretrained_scorer.weights)
    with pytest.raises(ModelCorruptError, match="unpacks to"):
        decode_progress(bomb)
    with pytest.raises(ModelCorruptError, match="unpacks to"):
        decode_answering(bomb)


def test_bomb_is_no_weights_file_even_with_its_own_hash(bomb: bytes, tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(bomb)

    with pytest.raises(ModelCorruptError, match="unpacks to"):
        read_weights(path, sha256=sha256_of(bomb))


def test_bomb_is_no_reference_of_drift(bomb: bytes) -> None:
    with pytest.raises(DriftError, match="unpacks to"):
        decode_reference(bomb)


def test_array_that_claims_more_than_it_has_is_an_error(pretrained_scorer: Scorer) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("header.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (1 << 50,)})

    with pytest.raises(ModelCorruptError, match="is no snapshot"):
        decode_snapshot(buffer.getvalue(), batch=pretrained_scorer.weights)
