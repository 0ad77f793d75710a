"""Tweets -> predictions: the one inference path of stream, HTTP and evaluation."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.abstention import NEVER, Abstention
from models.errors import ModelNotFoundError
from models.predictions import Columns, Predictions
from models.records import ModelVersion, Tweet
from models.scorer import Scorer
from models.taxonomy import LABELS
from models.weights import SHA256_FILE, WEIGHTS_FILE, read_weights

logger = logging.getLogger(__name__)

PRETRAINED = Path(__file__).parent / "pretrained"
PRETRAINED_NAME = "tickertape"

_VERSION_DIGITS = 8
_SQLITE = "sqlite:///"


class ScorerPredictor:
    """Implements `models.contracts.Predictor` with one set of weights; safe to share between threads."""

    def __init__(self, scorer: Scorer, model: ModelVersion, top_k: int, *, abstention: Abstention = NEVER) -> None:
        """Keep the parts.

        Args:
            scorer: gives the probabilities.
            model: the versions that each prediction names.
            top_k: labels with their probability in each prediction, 1 to 20.
            abstention: when the label is `other`.

        Raises:
            ModelError: the model can't reach the error rate that `abstention` asks for.
        """
        if not 1 <= top_k <= len(LABELS):
            raise ValueError(f"top_k is {top_k}, allowed are 1 to {len(LABELS)}")
        self.model = model
        self.scorer = scorer
        self._top_k = top_k
        self._abstain_below = abstention.threshold(scorer.weights.coverage)

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        """Classify n tweets by their texts, in the same order. Never raises for any text; n may be 0."""
        answers = self.scorer.answers([tweet.text for tweet in tweets], top_k=self._top_k)
        columns = Columns(answers.labels, answers.label_scores, answers.sentiments, answers.sentiment_scores)
        return Predictions(columns, answered_by="batch", model=self.model, abstain_below=self._abstain_below)


def pretrained_predictor(top_k: int, *, folder: Path = PRETRAINED, abstention: Abstention = NEVER) -> ScorerPredictor:
    """Load the model that ships with the package; needs no network, no registry and no training libraries.

    Raises:
        ModelNotFoundError: the folder lacks the weights or their hash.
        ModelCorruptError: the weights are not what their hash or format says.
    """
    sha256 = _stated_sha256(folder / SHA256_FILE)
    weights = read_weights(folder / WEIGHTS_FILE, sha256=sha256)
    model = ModelVersion(PRETRAINED_NAME, f"pretrained-{sha256[:_VERSION_DIGITS]}")
    return ScorerPredictor(Scorer(weights), model, top_k, abstention=abstention)


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
    """

    tracking_uri: str
    model_name: str
    model_alias: str
    top_k: int
    abstention: Abstention = NEVER

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
            from models.registry import alias_version, existing_store  # noqa: PLC0415  # costs seconds
        store = existing_store(tracking_uri=self.tracking_uri, model_name=self.model_name)
        return alias_version(store, self.model_alias)

    def load(self, version: str) -> ScorerPredictor:
        """Load a version; its sha256 is checked.

        Raises:
            ModelNotFoundError: the registry can't be reached, or lacks the version's weights.
            ModelCorruptError: the weights are not what their hash or format says.
            ModelError: the model can't reach the error rate that `abstention` asks for.
        """
        with _needing_mlflow():
            from models.registry import existing_store, load_weights  # noqa: PLC0415  # costs seconds
        store = existing_store(tracking_uri=self.tracking_uri, model_name=self.model_name)
        registered = load_weights(store, version)
        return ScorerPredictor(Scorer(registered.weights), registered.model, self.top_k, abstention=self.abstention)


def load_predictor(
    *, tracking_uri: str, model_name: str, model_alias: str, top_k: int, abstention: Abstention = NEVER
) -> ScorerPredictor:
    """Load the model that answers now: the registry's, or the pretrained one where no registry or alias is yet.

    The arguments are those of `RegistryStore`.

    Raises:
        ModelNotFoundError: the registry can't be reached, or lacks the version's weights.
        ModelCorruptError: the weights are not what their hash or format says.
        ModelError: the model can't reach the error rate that `abstention` asks for.
    """
    store = RegistryStore(tracking_uri, model_name, model_alias, top_k, abstention)
    version = store.alias_version()
    if version is not None:
        return store.load(version)
    if store.is_there:
        logger.warning("alias_not_found_pretrained_answers", extra={"model": model_name, "alias": model_alias})
    return pretrained_predictor(top_k, abstention=abstention)


@contextmanager
def _needing_mlflow() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as exc:
        raise ModelNotFoundError(
            f"the model registry needs {exc.name}, which is not installed here; run `make venv`, or "
            "take the pretrained model: leave MLFLOW_TRACKING_URI empty and let TICKERTAPE_HOME have no mlflow.db"
        ) from exc


def named_predictor(name: str, *, tracking_uri: str, model_name: str, top_k: int) -> ScorerPredictor:
    """Load the model of a name: `pretrained`, or a version's number or alias in the registry.

    Raises:
        ModelNotFoundError: there is none of that name, or the registry can't be reached.
        ModelCorruptError: the weights are not what their hash or format says.
    """
    if name == "pretrained":
        return pretrained_predictor(top_k)
    try:
        from models import registry  # noqa: PLC0415  # as above
    except ModuleNotFoundError as exc:
        raise ModelNotFoundError(f"version {name} needs {exc.name}, which is not installed; run `make venv`") from exc
    store = registry.existing_store(tracking_uri=tracking_uri, model_name=model_name)
    registered = registry.load_weights(store, registry.find_version(store, name))
    return ScorerPredictor(Scorer(registered.weights), registered.model, top_k)


def _is_missing_sqlite(tracking_uri: str) -> bool:
    return tracking_uri.startswith(_SQLITE) and not Path(tracking_uri.removeprefix(_SQLITE)).exists()


def _stated_sha256(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").split()[0]
    except (OSError, IndexError, UnicodeDecodeError) as exc:
        raise ModelNotFoundError(f"{path} states no sha256; install again, or run `tickertape train`") from exc
