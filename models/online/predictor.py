"""The predictor that answers with what was learned."""

from collections.abc import Sequence

import msgspec
import numpy as np

from models.compiled.layout import Answers, Texts
from models.online.scores import OnlineScorer
from models.predictions import ANSWERERS, OpinionColumns, Opinions, Predictions
from models.predictor import Said, ScorerPredictor
from models.records import Tweet
from models.weights import HEAD_COLUMNS

_ONLINE = ANSWERERS.index("online")


class OnlinePredictor:
    """Implements `models.contracts.Predictor` with batch and online model; safe to share between threads.

    Attributes:
        batch: what is corrected.
        answering: `batch` or `online`, for topics and for sentiments: whose answer counts.
    """

    def __init__(
        self, batch: ScorerPredictor, online: OnlineScorer, *, version: int, answering: tuple[str, str]
    ) -> None:
        """Keep the parts.

        Args:
            batch: what is corrected.
            online: of the same batch model.
            version: see `ModelVersion.online_version`.
            answering: see the attribute.
        """
        self.batch = batch
        self.model = msgspec.structs.replace(batch.model, online_version=version)
        self.answering = answering
        self._online = online
        self._answerers = tuple(ANSWERERS.index(name) for name in answering)

    def with_top_k(self, top_k: int) -> "OnlinePredictor":
        """Give one that names another number of labels, 1 to 20, and answers the same."""
        return self._of(self.batch.with_top_k(top_k), self.answering)

    def with_online_answers(self) -> "OnlinePredictor":
        """Give one whose answers are all those of the online model, whoever wins the contest."""
        return self._of(self.batch, ("online", "online"))

    def _of(self, batch: ScorerPredictor, answering: tuple[str, str]) -> "OnlinePredictor":
        return OnlinePredictor(batch, self._online, version=self.model.online_version, answering=answering)

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        """Classify n tweets by their texts, in the same order. Never raises for any text; n may be 0."""
        return self.predict_texts([tweet.text for tweet in tweets])

    def predict_texts(self, texts: Texts) -> Predictions:
        """Classify n texts, in the same order. Never raises for any text; n may be 0."""
        return self.signed(self.say(texts))

    def say(self, texts: Texts) -> Said:
        """Answer n texts."""
        labels_by, sentiments_by = self._answerers
        batch_k, online_k = (1, self.batch.top_k) if labels_by == _ONLINE else (self.batch.top_k, 1)
        batch = self.batch.scorer.answers(texts, top_k=batch_k)
        online = self._online.adjust(batch, top_k=online_k)
        labels, sentiments = (online if by == _ONLINE else batch for by in (labels_by, sentiments_by))
        return Said(
            _of_both(labels, sentiments), (labels_by, sentiments_by), Opinions(_opinion(batch), _opinion(online))
        )

    def signed(self, said: Said) -> Predictions:
        """Say in whose name the answers are, and when to abstain."""
        return self.batch.signed(said, model=self.model)


def _of_both(labels: Answers, sentiments: Answers) -> Answers:
    """Take the labels of the one and the sentiments of the other."""
    if labels is sentiments:
        return labels
    parts = (labels, sentiments)
    probabilities = [part.probabilities[:, head] for part, head in zip(parts, HEAD_COLUMNS, strict=True)]
    return labels._replace(
        probabilities=np.concatenate(probabilities, axis=1),
        sentiments=sentiments.sentiments,
        sentiment_scores=sentiments.sentiment_scores,
    )


def _opinion(answers: Answers) -> OpinionColumns:
    return OpinionColumns(
        answers.labels[:, 0], answers.label_scores[:, 0], answers.sentiments, answers.sentiment_scores
    )
