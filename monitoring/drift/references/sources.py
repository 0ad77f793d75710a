"""Where the reference of a model comes from: a file, the shipped model, or the registry."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from models.errors import DriftError, ModelCorruptError, ModelError, ReferenceNotFoundError
from models.loading import RegistryStore
from models.predictor import PRETRAINED
from models.records import ModelVersion
from monitoring.drift.references.reference import Reference
from monitoring.drift.references.reference_file import REFERENCE_FILE, decode_reference, load_reference

REGISTRY_PATH = f"model/{REFERENCE_FILE}"
"""Where a registered version keeps its reference, among the files of its run."""


class References(Protocol):
    """Gives each model's reference."""

    def of(self, model: ModelVersion) -> Reference:
        """Give the reference of a model version; what it has learned online makes no difference.

        Raises:
            ReferenceNotFoundError: there is none.
            DriftError: it can't be read.
        """


class FileReference:
    """Implements `References` with one file, for the model that answered its tweets.

    Args:
        path: of the file, which is read at once.

    Raises:
        DriftError: it can't be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reference = load_reference(path)

    def of(self, model: ModelVersion) -> Reference:
        """Give the file's reference where it is of this model."""
        return _checked(self._reference, model, str(self._path))


class ShippedReference:
    """Implements `References` with the file beside the shipped model."""

    def of(self, model: ModelVersion) -> Reference:
        """Give the shipped model's reference."""
        path = PRETRAINED / REFERENCE_FILE
        if not path.exists():
            raise ReferenceNotFoundError(f"no {REFERENCE_FILE} ships with the model")
        return _checked(load_reference(path), model, "the shipped reference")


class RegistryReferences:
    """Implements `References` with the files of registered versions."""

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    def of(self, model: ModelVersion) -> Reference:
        """Give a registered version's reference."""
        if not self._store.is_there:
            raise ReferenceNotFoundError("there is no model registry")
        if model.name != self._store.model_name:
            raise ReferenceNotFoundError(f"the registry is asked for {self._store.model_name} alone")
        try:
            content = self._store.file(model.version, path=REGISTRY_PATH)
        except ModelCorruptError as exc:
            raise DriftError(str(exc)) from exc
        except ModelError as exc:
            raise ReferenceNotFoundError(str(exc)) from exc
        if content is None:
            raise ReferenceNotFoundError("the registered version has none: it was trained before there were any")
        try:
            reference = decode_reference(content)
        except DriftError as exc:
            raise DriftError(f"the reference of version {model.version} {exc}") from exc
        return reference


class FirstReference:
    """Implements `References` with the first of several that has one."""

    def __init__(self, sources: Sequence[References]) -> None:
        self._sources = sources

    def of(self, model: ModelVersion) -> Reference:
        """Ask one after the other."""
        reasons = []
        for source in self._sources:
            try:
                return source.of(model)
            except ReferenceNotFoundError as exc:
                reasons.append(str(exc))
        raise ReferenceNotFoundError("; ".join(reasons))


def references_of(file: Path | None, store: RegistryStore) -> References:
    """Give where references come from: the file if one is named, then the shipped model, then the registry.

    Raises:
        DriftError: the file can't be read.
    """
    first = [] if file is None else [FileReference(file)]
    return FirstReference([*first, ShippedReference(), RegistryReferences(store)])


def _checked(reference: Reference, model: ModelVersion, where: str) -> Reference:
    if (reference.model_name, reference.model_version) != (model.name, model.version):
        raise ReferenceNotFoundError(f"{where} is of {reference.model_name} {reference.model_version}")
    return reference
