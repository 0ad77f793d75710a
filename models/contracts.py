"""The seams between the parts, as Protocols."""

from collections.abc import Sequence
from typing import Protocol

from models.predictions import Predictions
from models.records import ModelVersion, Tweet


class Predictor(Protocol):
    """Classify tweets; the one inference path that stream, HTTP and evaluation share."""

    @property
    def model(self) -> ModelVersion:
        """The versions that answer now."""

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        """Classify n tweets; n predictions in the same order. Never raises for any text; n may be 0."""
