"""Where a model's reference comes from."""

from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import DriftError, ModelCorruptError, ModelNotFoundError, ReferenceNotFoundError
from models.loading import RegistryStore
from models.records import ClassifiedTweet, ModelVersion
from monitoring.drift.describing import describe
from monitoring.drift.references import sources as references
from monitoring.drift.references.making import reference_of
from monitoring.drift.references.reference import Reference
from monitoring.drift.references.reference_file import encode_reference, save_reference
from monitoring.drift.references.sources import FileReference, FirstReference, RegistryReferences, ShippedReference
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import window_of

MODEL = ModelVersion("tickertape", "7", online_version=3)


@pytest.fixture
def reference(make_classified: Callable[..., ClassifiedTweet]) -> Reference:
    rows = [describe(make_classified(), Vocabulary.of([]))] * 300
    return reference_of(
        [window_of(rows)], trained=Vocabulary.of([]), model_name="tickertape", model_version="7", source="a test"
    )


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[object], RegistryReferences]:
    """A registry whose versions have a file of these bytes, or give this error."""

    def make(kept: object) -> RegistryReferences:
        def file(_store: RegistryStore, _version: str, *, path: str) -> object:
            assert path == "model/drift_reference.npz"
            if isinstance(kept, Exception):
                raise kept
            return kept

        monkeypatch.setattr(RegistryStore, "file", file)
        there = tmp_path / "mlflow.db"
        there.touch()
        return RegistryReferences(RegistryStore(f"sqlite:///{there}", "tickertape", "champion", 1))

    return make


def test_file_is_the_reference_of_its_version_whatever_was_learned_online(reference: Reference, tmp_path: Path) -> None:
    save_reference(reference, tmp_path / "it.npz")

    assert FileReference(tmp_path / "it.npz").of(MODEL).id == reference.id


def test_file_is_no_reference_of_another_version(reference: Reference, tmp_path: Path) -> None:
    save_reference(reference, tmp_path / "it.npz")

    with pytest.raises(ReferenceNotFoundError, match=r"it\.npz is of tickertape 7"):
        FileReference(tmp_path / "it.npz").of(ModelVersion("tickertape", "8"))


@pytest.mark.parametrize("content", [None, b"", b"not a zip file"])
def test_file_that_can_not_be_read_is_an_error_at_once(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "it.npz"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DriftError, match="tickertape drift reference"):
        FileReference(path)


def test_shipped_model_may_have_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(references, "PRETRAINED", tmp_path)

    with pytest.raises(ReferenceNotFoundError):
        ShippedReference().of(MODEL)


def test_registered_version_keeps_its_reference(
    reference: Reference, registry: Callable[[object], RegistryReferences]
) -> None:
    assert registry(encode_reference(reference)).of(MODEL).id == reference.id


@pytest.mark.parametrize(
    ("kept", "error"),
    [
        (None, ReferenceNotFoundError),
        (ModelNotFoundError("away"), ReferenceNotFoundError),
        (ModelCorruptError("damaged"), DriftError),
        (b"damaged", DriftError),
    ],
)
def test_registered_version_without_a_good_reference_says_why(
    kept: object, error: type[Exception], registry: Callable[[object], RegistryReferences]
) -> None:
    with pytest.raises(error):
        registry(kept).of(MODEL)


def test_registry_that_is_not_there_has_none() -> None:
    with pytest.raises(ReferenceNotFoundError, match="no model registry"):
        RegistryReferences(RegistryStore("", "tickertape", "champion", 1)).of(MODEL)


def test_first_that_has_one_gives_it_and_all_reasons_are_told(
    reference: Reference, registry: Callable[[object], RegistryReferences], tmp_path: Path
) -> None:
    save_reference(reference, tmp_path / "it.npz")
    first = FirstReference([FileReference(tmp_path / "it.npz"), registry(None)])

    assert first.of(MODEL).id == reference.id
    with pytest.raises(ReferenceNotFoundError, match=r"is of tickertape 7; .* trained before"):
        first.of(ModelVersion("tickertape", "8"))
