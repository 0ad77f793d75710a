"""Find the model that is to answer: the registry's version, or the pretrained one; with its teacher, where one is asked."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.abstention import NEVER, Abstention
from models.careful.predictor import Care, CarefulPredictor
from models.errors import ModelNotFoundError
from models.predictor import ScorerPredictor, pretrained_predictor
from models.scorer import Scorer

if TYPE_CHECKING:
    from models.careful.teacher import ServedTeacher
    from models.registry import Store

logger = logging.getLogger(__name__)

LoadedPredictor = ScorerPredictor | CarefulPredictor

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class RegistryStore:
    """Implements `models.contracts.ModelStore` with the MLflow registry; what is not there is asked for cheaply.

    Attributes:
        tracking_uri: the MLflow store; without one, or with a `sqlite:///` file that is not there, MLflow is not
            even imported.
        model_name: name of the registered model.
        model_alias: alias of the version that answers.
        top_k: labels with their probability in each prediction, 1 to 20.
        abstention: when the label is `other`.
        care: how much the teacher is asked; None for never. A version without one, or a machine that lacks the extra
            `careful`, is told in the log, and the fast model answers alone.
        mapped_in: where processes share weights, see `models.mapped`; None for a copy of one's own.
    """

    tracking_uri: str
    model_name: str
    model_alias: str
    top_k: int
    abstention: Abstention = NEVER
    care: Care | None = None
    mapped_in: Path | None = None

    @property
    def is_there(self) -> bool:
        """Tell whether there may be a registry: one is named, and if it is a file, the file is there."""
        return bool(self.tracking_uri) and not _is_missing_sqlite(self.tracking_uri)

    def alias_version(self) -> str | None:
        """Give the version that the alias points at; None where no registry, model or alias is yet.

        Raises:
            ModelNotFoundError: the registry can't be reached.
        """
        if not self.is_there:
            return None
        with _needing_mlflow():
            from models.registry import alias_version  # noqa: PLC0415  # costs seconds
        return alias_version(self._open(), self.model_alias)

    def versions(self) -> tuple[str, ...]:
        """Give the numbers of all versions, the oldest first; none where there is no registry or model yet.

        Raises:
            ModelNotFoundError: the registry can't be reached.
        """
        if not self.is_there:
            return ()
        with _needing_mlflow():
            from models.registry import versions_of  # noqa: PLC0415  # costs seconds
        return tuple(versions_of(self._open()))

    def load(self, version: str) -> LoadedPredictor:
        """Load a version; its sha256 is checked.

        Raises:
            ModelNotFoundError: the registry can't be reached, or lacks the version's weights.
            ModelCorruptError: the weights or the teacher are not what their hash or format says.
            ModelError: the model can't reach the error rate that `abstention` asks for.
        """
        with _needing_mlflow():
            from models.registry import load_weights  # noqa: PLC0415  # costs seconds
        store = self._open()
        registered = load_weights(store, version)
        scorer = Scorer(registered.weights, mapped_in=self.mapped_in)
        fast = ScorerPredictor(scorer, registered.model, self.top_k, abstention=self.abstention)
        teacher = _teacher(store, version) if self.care else None
        return CarefulPredictor(fast, teacher, self.care) if teacher and self.care else fast

    def named(self, name: str) -> LoadedPredictor:
        """Load the version of a number or an alias.

        Raises:
            ModelNotFoundError: there is none of that name, or see `load`.
            ModelCorruptError: see `load`.
            ModelError: see `load`.
        """
        with _needing_mlflow():
            from models.registry import find_version  # noqa: PLC0415  # costs seconds
        return self.load(find_version(self._open(), name))

    def file(self, version: str, *, path: str) -> bytes | None:
        """Load one file of a version's run; None where none was kept.

        Raises:
            ModelNotFoundError: the registry can't be reached, or lacks the version or the file.
            ModelCorruptError: the file is not what its sha256 says.
        """
        with _needing_mlflow():
            from models.registry import load_file  # noqa: PLC0415  # costs seconds
        return load_file(self._open(), version, path=path)

    def add_drift(
        self, version: str, *, step: int, time_ms: int, metrics: Mapping[str, float], files: Mapping[str, bytes]
    ) -> None:
        """Log a report of drift to the run of a version; see `models.registry.add_drift`.

        Raises:
            ModelNotFoundError: the registry can't be reached, or lacks the version.
        """
        with _needing_mlflow():
            from models.registry import add_drift  # noqa: PLC0415  # costs seconds
        add_drift(self._open(), version, step=step, time_ms=time_ms, metrics=metrics, files=files)

    def _open(self) -> "Store":
        with _needing_mlflow():
            from models.registry import existing_store  # noqa: PLC0415  # costs seconds
        return existing_store(tracking_uri=self.tracking_uri, model_name=self.model_name)


def load_predictor(store: RegistryStore) -> LoadedPredictor:
    """Load the model that answers now: the registry's, or the pretrained one where no registry or alias is yet.

    Raises:
        ModelNotFoundError: the registry can't be reached, or lacks the version's weights.
        ModelCorruptError: the weights are not what their hash or format says.
        ModelError: the model can't reach the error rate that the store's abstention asks for.
    """
    version = store.alias_version()
    if version is not None:
        return store.load(version)
    if store.is_there:
        logger.warning(
            "alias_not_found_pretrained_answers", extra={"model": store.model_name, "alias": store.model_alias}
        )
    fast = pretrained_predictor(store.top_k, abstention=store.abstention, mapped_in=store.mapped_in)
    if store.care:
        _warn_fast(fast.model.version, "the pretrained model has no teacher; `tickertape train --teacher` makes one")
    return fast


@contextmanager
def _needing_mlflow() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as exc:
        raise ModelNotFoundError(
            f"the model registry needs {exc.name}, which is not installed here; run `make venv`, or "
            "take the pretrained model: leave MLFLOW_TRACKING_URI empty and let TICKERTAPE_HOME have no mlflow.db"
        ) from exc


def _teacher(store: "Store", version: str) -> "ServedTeacher | None":
    """Load the teacher of a version; None, and a word in the log, where there is none or it can't be used here."""
    with _needing_mlflow():
        from models.registry import load_teacher  # noqa: PLC0415  # costs seconds
    try:
        from models.careful.teacher import ServedTeacher  # noqa: PLC0415  # an extra, may be absent
    except ModuleNotFoundError as exc:
        _warn_fast(version, f"a teacher needs {exc.name}, which is not installed; install the extra careful")
        return None
    content = load_teacher(store, version)
    if content is None:
        _warn_fast(version, "this version has no teacher; `tickertape train --teacher` registers one that has")
        return None
    return ServedTeacher(content)


def _warn_fast(version: str, reason: str) -> None:
    logger.warning("no_teacher_fast_model_answers", extra={"model": version, "reason": reason})


def _is_missing_sqlite(tracking_uri: str) -> bool:
    return tracking_uri.startswith(_SQLITE) and not Path(tracking_uri.removeprefix(_SQLITE)).exists()
