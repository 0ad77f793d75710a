"""What was learned as bytes: exact, small, without pickle, and refused where it does not belong."""

import hashlib
import io
import zipfile
import zlib
from typing import Any

import msgspec
import numpy as np

from models.errors import ModelCorruptError, SnapshotRefusedError
from models.features import FEATURE_COUNT, FEATURES_VERSION
from models.online.rules import STEPS_PER_UNIT, WORD_ROWS
from models.online.weights import OnlineWeights, fresh_weights
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import Weights

FORMAT = 2
"""Raise it whenever a rule or a constant of `models.online.rules` changes: what was learned by others means little."""

_SMALL = ("label_confusions", "sentiment_confusions", "votes", "learned", "alarms")


class _Header(msgspec.Struct, frozen=True):
    format: int
    batch_sha256: str
    features_version: int
    feature_count: int
    word_rows: int
    steps_per_unit: int
    labels: tuple[str, ...]
    sentiments: tuple[str, ...]


def encode_snapshot(weights: OnlineWeights, *, batch: Weights) -> bytes:
    """Write weights as a compressed `.npz`; equal weights give equal bytes.

    Nearly all words are 0, so only the others are stored, and one bit for each that says which they are.

    Args:
        weights: of the online model.
        batch: the weights of the batch model that they correct.
    """
    buffer = io.BytesIO()
    is_moved = weights.words != 0
    arrays = {name: getattr(weights, name) for name in _SMALL}
    arrays["header"] = np.frombuffer(msgspec.json.encode(_header(batch)), dtype=np.uint8)
    arrays["is_moved"] = np.packbits(is_moved)
    arrays["moved_words"] = weights.words[is_moved]
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def decode_snapshot(content: bytes, *, batch: Weights) -> OnlineWeights:
    """Read what `encode_snapshot` wrote.

    Args:
        content: of the snapshot.
        batch: the weights of the batch model that answers now.

    Raises:
        SnapshotRefusedError: another batch model, feature definition, set of classes or format.
        ModelCorruptError: no snapshot, or a damaged one.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            _check_header(msgspec.json.decode(arrays["header"].tobytes(), type=_Header), _header(batch))
            weights = fresh_weights()
            is_moved = np.unpackbits(arrays["is_moved"], count=weights.words.size).reshape(weights.words.shape)
            weights.words[is_moved.astype(bool)] = arrays["moved_words"]
            return _checked(weights._replace(**{name: arrays[name] for name in _SMALL}))
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error) as exc:
        raise ModelCorruptError(
            f"this is no snapshot of the online model ({type(exc).__name__}): take an earlier one, or learn anew"
        ) from exc


def _header(batch: Weights) -> _Header:
    return _Header(
        FORMAT, _sha256_of(batch), FEATURES_VERSION, FEATURE_COUNT, WORD_ROWS, STEPS_PER_UNIT, LABELS, SENTIMENTS
    )


def _sha256_of(batch: Weights) -> str:
    """Hash all numbers that answers depend on: it names a model wherever it is stored, and as which version."""
    digest = hashlib.sha256()
    for array in (batch.ids, batch.table, batch.scales, batch.biases, batch.temperatures):
        digest.update(array.tobytes())
    return digest.hexdigest()


def _check_header(seen: _Header, expected: _Header) -> None:
    for name in _Header.__struct_fields__:
        if getattr(seen, name) != getattr(expected, name):
            raise SnapshotRefusedError(
                f"this snapshot of the online model has {name} {getattr(seen, name)}, expected "
                f"{getattr(expected, name)}: it corrects another model; learn anew from the labels"
            )


def _checked(weights: OnlineWeights) -> OnlineWeights:
    for name, expected in fresh_weights()._asdict().items():
        array = getattr(weights, name)
        if array.shape != expected.shape or array.dtype != expected.dtype:
            raise ModelCorruptError(
                f"this snapshot has {name} of {_kind(array)}, expected {_kind(expected)}: take an earlier one"
            )
    floats = (weights.label_confusions, weights.sentiment_confusions, weights.votes, weights.alarms)
    counts = (weights.learned, weights.alarms[:, [0, -1]])
    is_finite = all(np.isfinite(array).all() for array in floats)
    if not is_finite or weights.votes.min() <= 0 or any(array.min() < 0 for array in counts):
        raise ModelCorruptError("this snapshot has numbers that no learning gives: take an earlier one, or learn anew")
    return weights


def _kind(array: "np.ndarray[Any, Any]") -> str:
    return f"{array.dtype}{array.shape}"
