"""The seams between the parts, as Protocols."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from models.compiled.layout import Texts
from models.predictions import Predictions
from models.records import ModelVersion, Tweet

CHALLENGER = "challenger"
"""Alias of the newest version that was trained."""


class Predictor(Protocol):
    """Classify tweets; the one inference path that stream, HTTP and evaluation share."""

    @property
    def model(self) -> ModelVersion:
        """The versions that answer now."""

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        """Classify n tweets; n predictions in the same order. Never raises for any text; n may be 0."""


@runtime_checkable
class TextPredictor(Predictor, Protocol):
    """A predictor that needs the texts alone."""

    def predict_texts(self, texts: Texts) -> Predictions:
        """Classify n texts; n predictions in the same order. Never raises for any text; n may be 0."""


class ModelStore(Protocol):
    """Where versions of the model are, and which of them is to answer."""

    @property
    def model_name(self) -> str:
        """Name of the registered model."""

    def alias_version(self) -> str | None:
        """Give the version that is to answer; None where nothing says so."""

    def load(self, version: str) -> Predictor:
        """Load a version, checked to be what was stored.

        Raises:
            ModelNotFoundError: it is not there, or can't be reached just now.
            ModelError: it can't be used, whenever one asks.
        """
