"""The models behind the other HTTP servers: two scikit-learn pipelines, and our scorer as MLflow's kind of model."""

from collections.abc import Sequence
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from models.predictor import pretrained_predictor
from models.records import Tweet

Row = dict[str, Any]
BULLISH, BEARISH = "bullish", "bearish"


class Pipelines:
    """Words and pairs to probabilities of topic and sentiment, the way most tutorials build it.

    Args:
        topics: texts and their topics.
        sentiments: texts and their sentiments.
    """

    def __init__(self, topics: Sequence[tuple[str, str]], sentiments: Sequence[tuple[str, str]]) -> None:
        self._topic, self._sentiment = fitted(topics), fitted(sentiments)

    def answers(self, texts: Sequence[str]) -> list[Row]:
        """Give the columns of our MLflow signature."""
        topics, sentiments = self._topic.predict_proba(texts), self._sentiment.predict_proba(texts)
        classes = list(self._sentiment.classes_)
        scores = sentiments[:, -1] - sentiments[:, 0]
        return [
            {
                "label": str(label),
                "label_score": float(score),
                "sentiment": str(classes[best]),
                "sentiment_score": float(difference),
            }
            for label, score, best, difference in zip(
                self._topic.classes_[topics.argmax(axis=1)],
                topics.max(axis=1),
                sentiments.argmax(axis=1),
                scores,
                strict=True,
            )
        ]


def fitted(rows: Sequence[tuple[str, str]]) -> Pipeline:
    """Fit one pipeline."""
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), SGDClassifier(loss="log_loss", random_state=0))
    return pipeline.fit([text for text, _ in rows], np.array([label for _, label in rows]))


class PipelinesInMlflow(mlflow.pyfunc.PythonModel):
    """The pipelines as a model of MLflow.

    Args:
        pipelines: fitted.
    """

    def __init__(self, pipelines: Pipelines) -> None:
        self._pipelines = pipelines

    def predict(self, context, model_input: pd.DataFrame):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG002  # MLflow wants these
        """Answer the rows of a table."""
        return self._pipelines.answers(model_input["text"].tolist())


class ScorerInMlflow(mlflow.pyfunc.PythonModel):
    """Our scorer as a model of MLflow: what remains is its server."""

    def load_context(self, context: Any) -> None:  # noqa: ARG002  # as above
        """Load the model that ships."""
        self._predictor = pretrained_predictor(3)

    def predict(self, context, model_input: pd.DataFrame):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG002  # MLflow wants these
        """Answer the rows of a table."""
        return [
            {
                "label": answer.label,
                "label_score": answer.label_score,
                "sentiment": answer.sentiment,
                "sentiment_score": answer.sentiment_score,
            }
            for answer in self._predictor.predict([Tweet(text) for text in model_input["text"].tolist()])
        ]
