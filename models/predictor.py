"""Tweets -> predictions: the one inference path of stream, HTTP and evaluation."""

import logging
from collections.abc import Sequence
from pathlib import Path

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

    def __init__(self, scorer: Scorer, model: ModelVersion, top_k: int) -> None:
        """Keep the parts.

        Args:
            scorer: gives the probabilities.
            model: the versions that each prediction names.
            top_k: labels with their probability in each prediction, 1 to 20.
        """
        if not 1 <= top_k <= len(LABELS):
            raise ValueError(f"top_k is {top_k}, allowed are 1 to {len(LABELS)}")
        self.model = model
        self.scorer = scorer
        self._top_k = top_k

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        """Classify n tweets by their texts, in the same order. Never raises for any text; n may be 0."""
        answers = self.scorer.answers([tweet.text for tweet in tweets], top_k=self._top_k)
        columns = Columns(answers.labels, answers.label_scores, answers.sentiments, answers.sentiment_scores)
        return Predictions(columns, answered_by="batch", model=self.model)


def pretrained_predictor(top_k: int, *, folder: Path = PRETRAINED) -> ScorerPredictor:
    """Load the model that ships with the package; needs no network, no registry and no training libraries.

    Raises:
        ModelNotFoundError: the folder lacks the weights or their hash.
        ModelCorruptError: the weights are not what their hash or format says.
    """
    sha256 = _stated_sha256(folder / SHA256_FILE)
    weights = read_weights(folder / WEIGHTS_FILE, sha256=sha256)
    model = ModelVersion(PRETRAINED_NAME, f"pretrained-{sha256[:_VERSION_DIGITS]}")
    return ScorerPredictor(Scorer(weights), model, top_k)


def load_predictor(*, tracking_uri: str, model_name: str, model_alias: str, top_k: int) -> ScorerPredictor:
    """Load the model that answers now: the registry's, or the pretrained one where no registry or alias is yet.

    Args:
        tracking_uri: the MLflow store; without one, or with a `sqlite:///` file that is not there, MLflow is not
            even imported.
        model_name: name of the registered model.
        model_alias: alias of the version that answers.
        top_k: labels with their probability in each prediction, 1 to 20.

    Raises:
        ModelNotFoundError: the registry can't be reached, or lacks the version's weights.
        ModelCorruptError: the weights are not what their hash or format says.
    """
    if not tracking_uri or _is_missing_sqlite(tracking_uri):
        return pretrained_predictor(top_k)
    try:
        from models.registry import load_version  # noqa: PLC0415  # MLflow costs seconds, which only its users pay
    except ModuleNotFoundError as exc:
        raise ModelNotFoundError(
            f"the model registry needs {exc.name}, which is not installed here; run `make venv`, or "
            "take the pretrained model: leave MLFLOW_TRACKING_URI empty and let TICKERTAPE_HOME have no mlflow.db"
        ) from exc
    registered = load_version(tracking_uri=tracking_uri, model_name=model_name, model_alias=model_alias)
    if registered is None:
        logger.warning("alias_not_found_pretrained_answers", extra={"model": model_name, "alias": model_alias})
        return pretrained_predictor(top_k)
    return ScorerPredictor(Scorer(registered.weights), registered.model, top_k)


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
