"""Tweets -> predictions: the one inference path of stream, HTTP and evaluation."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from models.abstention import NEVER, Abstention
from models.compiled.layout import Answers, Texts
from models.errors import ModelNotFoundError
from models.predictions import ANSWERERS, Columns, Opinions, Predictions
from models.records import ModelVersion, Tweet
from models.scorer import Scorer
from models.taxonomy import LABELS
from models.weights import SHA256_FILE, WEIGHTS_FILE, read_weights

PRETRAINED = Path(__file__).parent / "pretrained"
PRETRAINED_NAME = "tickertape"

_VERSION_DIGITS = 8
_BATCH = ANSWERERS.index("batch")


class Said(NamedTuple):
    """What is said of n texts, before it is signed.

    Attributes:
        answers: of whoever answers.
        answerers: of label and sentiment: the position in `ANSWERERS` of who answers.
        opinions: see `Predictions`.
    """

    answers: Answers
    answerers: tuple[int, int] = (_BATCH, _BATCH)
    opinions: Opinions | None = None


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
        self.top_k = top_k
        self._abstain_below = abstention.threshold(scorer.weights.coverage)

    def with_top_k(self, top_k: int) -> "ScorerPredictor":
        """Give one that names another number of labels, 1 to 20, and answers the same."""
        other = copy.copy(self)
        other.top_k = top_k
        return other

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        """Classify n tweets by their texts, in the same order. Never raises for any text; n may be 0."""
        return self.predict_texts([tweet.text for tweet in tweets])

    def predict_texts(self, texts: Texts) -> Predictions:
        """Classify n texts, in the same order. Never raises for any text; n may be 0."""
        return self.signed(self.say(texts))

    def say(self, texts: Texts) -> Said:
        """Answer n texts."""
        return Said(self.scorer.answers(texts, top_k=self.top_k))

    def signed(self, said: Said, *, model: ModelVersion | None = None) -> Predictions:
        """Say in whose name the answers are, by default this model's, and when to abstain."""
        answers, (labels_by, sentiments_by) = said.answers, said.answerers
        count = len(answers.sentiments)
        columns = Columns(
            answers.labels,
            answers.label_scores,
            answers.sentiments,
            answers.sentiment_scores,
            np.full(count, labels_by),
            np.full(count, sentiments_by),
        )
        return Predictions(
            columns, model=model or self.model, abstain_below=self._abstain_below, opinions=said.opinions
        )


def pretrained_predictor(
    top_k: int, *, folder: Path = PRETRAINED, abstention: Abstention = NEVER, mapped_in: Path | None = None
) -> ScorerPredictor:
    """Load the model that ships with the package; needs no network, no registry and no training libraries.

    Args:
        top_k: see `ScorerPredictor`.
        folder: with the weights and their hash.
        abstention: see `ScorerPredictor`.
        mapped_in: see `Scorer`.

    Raises:
        ModelNotFoundError: the folder lacks the weights or their hash.
        ModelCorruptError: the weights are not what their hash or format says.
    """
    sha256 = _stated_sha256(folder / SHA256_FILE)
    weights = read_weights(folder / WEIGHTS_FILE, sha256=sha256)
    scorer = Scorer(weights, mapped_in=mapped_in)
    return ScorerPredictor(scorer, pretrained_version(sha256), top_k, abstention=abstention)


def pretrained_version(sha256: str) -> ModelVersion:
    """Give the name of a model that no registry knows, by the sha256 of its weights."""
    return ModelVersion(PRETRAINED_NAME, f"pretrained-{sha256[:_VERSION_DIGITS]}")


def _stated_sha256(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").split()[0]
    except (OSError, IndexError, UnicodeDecodeError) as exc:
        raise ModelNotFoundError(f"{path} states no sha256; install again, or run `tickertape train`") from exc
