"""A reference as a file: NumPy's arrays and one JSON text, no pickle."""

import io
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np

from models.archives import opened_arrays
from models.errors import DriftError, described
from models.files import write_whole
from monitoring.drift.columns import NUMBER_COLUMNS
from monitoring.drift.references.reference import Reference
from monitoring.drift.vocabulary import Vocabulary

FORMAT = 1
REFERENCE_FILE = "drift_reference.npz"


class _Head(msgspec.Struct, frozen=True):
    """All of a reference but its arrays."""

    format: int
    model_name: str
    model_version: str
    source: str
    tweets: int
    shares: dict[str, dict[str, int]]
    sentiments: dict[str, dict[str, int]]
    between: dict[str, float]
    usual: dict[str, float]
    texts: dict[str, int]
    named: dict[str, list[str]]


def save_reference(reference: Reference, path: Path) -> None:
    """Write a reference to a file, whole or not at all.

    Raises:
        DriftError: it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, encode_reference(reference))
    except OSError as exc:
        raise DriftError(f"{path} can't be written: {exc.strerror}; choose another place") from exc


def load_reference(path: Path) -> Reference:
    """Read a reference.

    Raises:
        DriftError: the file is not there, is none, or was written in another format.
    """
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise DriftError(
            f"the reference {path} can't be read: {exc.strerror}; make one with `tickertape drift reference`"
        ) from exc
    try:
        return decode_reference(content)
    except DriftError as exc:
        raise DriftError(f"{path} {exc}; make one with `tickertape drift reference`") from exc


def encode_reference(reference: Reference) -> bytes:
    """Write a reference to bytes; the same reference gives the same bytes."""
    vocabularies = {"terms": reference.terms, "trained": reference.trained}
    head = _Head(
        format=FORMAT,
        model_name=reference.model_name,
        model_version=reference.model_version,
        source=reference.source,
        tweets=reference.tweets,
        shares={name: dict(counts) for name, counts in reference.shares.items()},
        sentiments={ticker: dict(counts) for ticker, counts in reference.sentiments.items()},
        between=dict(reference.between),
        usual=dict(reference.usual),
        texts={name: vocabulary.texts for name, vocabulary in vocabularies.items()},
        named={name: [word.decode("latin-1") for word in one.named] for name, one in vocabularies.items()},
    )
    arrays: dict[str, np.ndarray] = {"head": np.frombuffer(msgspec.json.encode(head), np.uint8)}
    for name, vocabulary in vocabularies.items():
        arrays[f"{name}_hashes"], arrays[f"{name}_counts"] = vocabulary.arrays()
    arrays.update({f"number_{name}": numbers for name, numbers in reference.numbers.items()})
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def _check_format(found: int) -> None:
    if found != FORMAT:
        raise DriftError(f"has format {found} of a reference, this version reads {FORMAT}")


def decode_reference(content: bytes) -> Reference:
    """Read what `encode_reference` wrote.

    Raises:
        DriftError: it is no reference, or one of another format.
    """
    try:
        with opened_arrays(content) as arrays:
            head = msgspec.json.decode(arrays["head"].tobytes(), type=_Head)
            _check_format(head.format)
            vocabularies = {
                name: Vocabulary.of_arrays(
                    head.texts[name],
                    arrays[f"{name}_hashes"],
                    arrays[f"{name}_counts"],
                    [word.encode("latin-1") for word in head.named[name]],
                )
                for name in ("terms", "trained")
            }
            numbers = {
                column.name: arrays[f"number_{column.name}"]
                for column in NUMBER_COLUMNS
                if f"number_{column.name}" in arrays
            }
    except DriftError:
        raise
    except Exception as exc:  # zipfile and NumPy raise a dozen kinds, as the byte wants that is damaged
        raise DriftError(f"is no reference ({described(exc)})") from exc
    return Reference(
        model_name=head.model_name,
        model_version=head.model_version,
        source=head.source,
        tweets=head.tweets,
        shares={name: Counter(counts) for name, counts in head.shares.items()},
        numbers=numbers,
        between=head.between,
        usual=head.usual,
        terms=vocabularies["terms"],
        trained=vocabularies["trained"],
        sentiments={ticker: Counter(counts) for ticker, counts in head.sentiments.items()},
    )
