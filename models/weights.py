"""The file of exported weights: one table for both heads, written and read without pickle, its hash checked first."""

import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from models.archives import opened_arrays
from models.errors import ModelCorruptError, ModelNotFoundError, described
from models.features import FEATURE_COUNT, FEATURES_VERSION
from models.taxonomy import LABELS, SENTIMENTS

FORMAT = 1
COLUMNS = len(LABELS) + len(SENTIMENTS)
HEAD_COLUMNS = (slice(0, len(LABELS)), slice(len(LABELS), COLUMNS))
"""The columns of the labels, and those of the sentiments."""
LARGEST = 127  # of a signed byte; -128 is left out so that every column is symmetric
WEIGHTS_FILE = "weights.npz"
SHA256_FILE = "weights.sha256"  # one line, as sha256sum writes it
NOTHING_LEARNED = -1
_OPTIONAL = ("coverage", "learned_offset")  # files of the first version have neither


@dataclass(frozen=True, eq=False)
class Weights:
    """All that answers need; nobody changes the arrays. A column is a class: the labels in the order of `LABELS`, then `SENTIMENTS`.

    With F the tweet's features that have a row here, the score of column c is
    `scales[c] * sum(table[f, c] for f in F) / sqrt(sum(table[f, -1] for f in F)) + biases[c]`.

    Attributes:
        ids: int32 of shape (rows,), rising: the feature id of each row.
        table: int8 of shape (rows, `COLUMNS` + 1); the last column is the feature's squared rarity, 1 to 127.
        scales: float32 of shape (`COLUMNS`,).
        biases: float32 of shape (`COLUMNS`,).
        temperatures: float64 of shape (2,): of the labels and of the sentiments, see `models.calibration`.
        coverage: float64 of shape (m, 3): the label head's `models.abstention.coverage_curve` on held-out tweets; m is 0
            where none was measured.
        learned_offset: highest `feedback_offset` of people's labels that these were fitted on, and with it all below;
            `NOTHING_LEARNED` for none. What such a label says of these weights is not worth much.
    """

    ids: npt.NDArray[np.int32]
    table: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    biases: npt.NDArray[np.float32]
    temperatures: npt.NDArray[np.float64]
    coverage: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    learned_offset: int = NOTHING_LEARNED


class _Header(msgspec.Struct, frozen=True):
    format: int
    features_version: int
    feature_count: int
    labels: tuple[str, ...]
    sentiments: tuple[str, ...]


_HEADER = _Header(FORMAT, FEATURES_VERSION, FEATURE_COUNT, LABELS, SENTIMENTS)


def encode_weights(weights: Weights) -> bytes:
    """Write weights as a compressed `.npz`; equal weights give equal bytes."""
    buffer = io.BytesIO()
    header = np.frombuffer(msgspec.json.encode(_HEADER), dtype=np.uint8)
    stored = {**vars(weights), "learned_offset": np.array(weights.learned_offset, dtype=np.int64)}
    if weights.learned_offset == NOTHING_LEARNED:
        del stored["learned_offset"]  # so that the bytes stay those of earlier releases
    np.savez_compressed(buffer, header=header, **stored)
    return buffer.getvalue()


def sha256_of(content: bytes) -> str:
    """Hash the bytes of a file; 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_weights(path: Path, *, sha256: str) -> Weights:
    """Read the weights in a file after its hash was found right.

    Raises:
        ModelNotFoundError: the file can't be read.
        ModelCorruptError: another hash, or a format, feature definition or set of classes that is not this version's.
    """
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise ModelNotFoundError(f"the weights {path} can't be read: {exc.strerror}; train or install again") from exc
    seen = sha256_of(content)
    if seen != sha256:
        raise ModelCorruptError(f"{path} has sha256 {seen}, expected {sha256}; restore the file, or train again")
    try:
        return _decode(content)
    except ModelCorruptError as exc:
        raise ModelCorruptError(f"{path} {exc}; train again with this version") from exc


def _decode(content: bytes) -> Weights:
    try:
        with opened_arrays(content) as arrays:
            header = msgspec.json.decode(arrays["header"].tobytes(), type=_Header)
            if header != _HEADER:
                raise ModelCorruptError(f"was made for another version of features or classes: {_difference(header)}")
            stored = {
                name: arrays[name] for name in Weights.__dataclass_fields__ if name not in _OPTIONAL or name in arrays
            }
            if "learned_offset" in stored:
                stored["learned_offset"] = int(stored["learned_offset"])
            return _checked(Weights(**stored))
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error) as exc:
        raise ModelCorruptError(f"is no weights file ({described(exc)})") from exc


def _difference(header: _Header) -> str:
    seen, expected = msgspec.structs.asdict(header), msgspec.structs.asdict(_HEADER)
    return ", ".join(f"{name} {seen[name]}, expected {expected[name]}" for name in seen if seen[name] != expected[name])


def _checked(weights: Weights) -> Weights:
    rows = len(weights.ids)
    expected: dict[str, tuple[tuple[int, ...], type[np.generic[Any]]]] = {
        "ids": ((rows,), np.int32),
        "table": ((rows, COLUMNS + 1), np.int8),
        "scales": ((COLUMNS,), np.float32),
        "biases": ((COLUMNS,), np.float32),
        "temperatures": ((2,), np.float64),
        "coverage": ((len(weights.coverage), 3), np.float64),
    }
    for name, (shape, dtype) in expected.items():
        array = getattr(weights, name)
        if array.shape != shape or array.dtype != dtype:
            raise ModelCorruptError(f"has {name} of {array.dtype}{array.shape}, expected {np.dtype(dtype)}{shape}")
    is_rising = bool(np.all(np.diff(weights.ids) > 0))
    if rows and not (is_rising and weights.ids[0] >= 0 and weights.ids[-1] < FEATURE_COUNT):
        raise ModelCorruptError(f"has feature ids that are not rising from 0 to {FEATURE_COUNT - 1}")
    floats = (weights.scales, weights.biases, weights.temperatures, weights.coverage)
    finite = all(np.isfinite(array).all() for array in floats)
    is_offset = weights.learned_offset >= NOTHING_LEARNED
    if not (finite and is_offset) or weights.temperatures.min() <= 0 or (rows and weights.table[:, -1].min() < 1):
        raise ModelCorruptError("has numbers that no training gives")
    return weights
