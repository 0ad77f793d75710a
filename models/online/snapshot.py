"""What was learned as bytes: exact, small, without pickle, and refused where it does not belong."""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import numpy as np

from models.archives import opened_arrays
from models.contest_records import Answerer, ContestState
from models.errors import ModelCorruptError, ModelError, SnapshotRefusedError, described
from models.features import FEATURE_COUNT, FEATURES_VERSION
from models.online.memory import LabelMemory, Remembered
from models.online.prequential import HeadState, Prequential
from models.online.rules import STEPS_PER_UNIT, WORD_ROWS
from models.online.weights import OnlineWeights, fresh_weights
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import Weights

FORMAT = 3
"""Raise it whenever a rule or a constant of `models.online.rules` changes: what was learned by others means little."""

_HEADS = (LABELS, SENTIMENTS)
_ZLIB_LEVEL = 1  # the usual level, 6, takes four times as long, for a tenth fewer bytes
_SMALL = ("label_confusions", "sentiment_confusions", "votes", "learned", "alarms")


class Progress(NamedTuple):
    """How far the learner has come, and what it needs to go on beside the weights.

    Attributes:
        offset: of the last record of feedback that is in the snapshot, whether it was learned or refused; -1 for none.
        remembered: the labels of the last tweets.
        figures: of each head, see `models.online.prequential`.
        contest: who answers, and the evidence so far.
    """

    offset: int
    remembered: Remembered
    figures: tuple[HeadState, ...]
    contest: ContestState


def fresh_progress() -> Progress:
    """Begin before the first record."""
    return Progress(-1, LabelMemory(1).arrays(), Prequential().states(), ContestState())


class _Header(msgspec.Struct, frozen=True):
    format: int
    batch_sha256: str
    features_version: int
    feature_count: int
    word_rows: int
    steps_per_unit: int
    labels: tuple[str, ...]
    sentiments: tuple[str, ...]


def encode_snapshot(weights: OnlineWeights, *, batch: Weights, progress: Progress | None = None) -> bytes:
    """Write weights and progress as a compressed `.npz`; equal ones give equal bytes.

    Nearly all words are 0, so only the others are stored, and one bit for each that says which they are.

    Args:
        weights: of the online model.
        batch: the weights of the batch model that they correct.
        progress: None for that of a learner that nobody feeds from a topic.
    """
    progress = fresh_progress() if progress is None else progress
    buffer = io.BytesIO()
    is_moved = weights.words != 0
    arrays = {name: getattr(weights, name) for name in _SMALL}
    arrays["header"] = np.frombuffer(msgspec.json.encode(_header(batch)), dtype=np.uint8)
    arrays["is_moved"] = np.packbits(is_moved)
    arrays["moved_words"] = weights.words[is_moved]
    arrays |= progress.remembered._asdict() | {"offset": np.array(progress.offset, dtype=np.int64)}
    arrays["contest"] = np.frombuffer(msgspec.json.encode(progress.contest), dtype=np.uint8)
    for place, state in enumerate(progress.figures):
        arrays |= {f"{name}_{place}": array for name, array in state._asdict().items()}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_ZLIB_LEVEL) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
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
    with _told(), opened_arrays(content) as arrays:
        _check_header(msgspec.json.decode(arrays["header"].tobytes(), type=_Header), _header(batch))
        weights = fresh_weights()
        is_moved = np.unpackbits(arrays["is_moved"], count=weights.words.size)
        weights.words.reshape(-1)[np.flatnonzero(is_moved.view(np.bool_))] = arrays["moved_words"]
        return _checked(weights._replace(**{name: arrays[name] for name in _SMALL}))


def decode_progress(content: bytes) -> Progress:
    """Read the other part of what `encode_snapshot` wrote.

    Args:
        content: of a snapshot that `decode_snapshot` did not refuse.

    Raises:
        ModelCorruptError: no snapshot, or a damaged one.
    """
    with _told(), opened_arrays(content) as arrays:
        remembered = Remembered(*(arrays[name] for name in Remembered._fields))
        figures = tuple(
            HeadState(*(arrays[f"{name}_{place}"] for name in HeadState._fields)) for place in range(len(_HEADS))
        )
        Prequential.restored(figures)
        classes = tuple(len(head) for head in _HEADS)
        ids, truth = remembered
        if ids.dtype != np.uint64 or truth.shape != (len(ids), len(classes)) or np.any(truth >= classes):
            raise ModelCorruptError("this snapshot remembers labels that there are not: take an earlier one")
        return Progress(int(arrays["offset"]), remembered, figures, _contest(arrays))


def decode_answering(content: bytes) -> tuple[Answerer, Answerer]:
    """Read who answers, topics and sentiments, from what `encode_snapshot` wrote.

    Raises:
        ModelCorruptError: no snapshot, or a damaged one.
    """
    with _told(), opened_arrays(content) as arrays:
        contest = _contest(arrays)
        return contest.topic.answers, contest.sentiment.answers


def _contest(arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> ContestState:
    return msgspec.json.decode(arrays["contest"].tobytes(), type=ContestState)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ModelError:
        raise
    except Exception as exc:  # zipfile and NumPy raise a dozen kinds, as the byte wants that is damaged
        raise ModelCorruptError(
            f"this is no snapshot of the online model ({described(exc)}): take an earlier one, or learn anew"
        ) from exc


def _header(batch: Weights) -> _Header:
    return _Header(
        FORMAT, batch_sha256(batch), FEATURES_VERSION, FEATURE_COUNT, WORD_ROWS, STEPS_PER_UNIT, LABELS, SENTIMENTS
    )


@lru_cache(maxsize=4)  # it is asked at every snapshot, and takes some milliseconds
def batch_sha256(batch: Weights) -> str:
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
