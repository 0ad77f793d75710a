"""What a model says of n tweets, column by column: no object is made for a tweet until somebody asks for its record."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray
from models.records import ModelVersion, Prediction
from models.taxonomy import LABELS, SENTIMENTS


class Columns(NamedTuple):
    """The answers themselves, a row a tweet.

    Attributes:
        labels: int64 of shape (n, k): positions in `LABELS` of the k most probable topics, largest first.
        label_scores: float64 of shape (n, k): their probabilities, six decimals.
        sentiments: int64 of shape (n,): the position in `SENTIMENTS` of the most probable one.
        sentiment_scores: float64 of shape (n,): P(bullish) - P(bearish), six decimals.
    """

    labels: npt.NDArray[np.int64]
    label_scores: FloatArray
    sentiments: npt.NDArray[np.int64]
    sentiment_scores: FloatArray


class Predictions(Sequence[Prediction]):
    """n predictions of one model, in the order of their tweets; a sequence of records over columns.

    Attributes:
        columns: the answers as arrays, for who writes many at once.
        answered_by: see `Prediction`.
        model: see `Prediction`.
    """

    def __init__(self, columns: Columns, *, answered_by: str, model: ModelVersion) -> None:
        self.columns = columns
        self.answered_by = answered_by
        self.model = model

    def __len__(self) -> int:
        return len(self.columns.sentiments)

    @overload
    def __getitem__(self, place: int) -> Prediction: ...

    @overload
    def __getitem__(self, place: slice) -> "Predictions": ...

    def __getitem__(self, place: int | slice) -> "Prediction | Predictions":
        if isinstance(place, slice):
            labels, label_scores, sentiments, sentiment_scores = self.columns
            part = Columns(labels[place], label_scores[place], sentiments[place], sentiment_scores[place])
            return Predictions(part, answered_by=self.answered_by, model=self.model)
        place = range(len(self))[place]
        return next(iter(self[place : place + 1]))

    def __iter__(self) -> Iterator[Prediction]:
        rows = zip(*(column.tolist() for column in self.columns), strict=True)
        for best, chances, sentiment, leaning in rows:
            yield Prediction(
                label=LABELS[best[0]],
                label_score=chances[0],
                labels={LABELS[column]: chance for column, chance in zip(best, chances, strict=True)},
                sentiment=SENTIMENTS[sentiment],
                sentiment_score=leaning,
                answered_by=self.answered_by,
                model=self.model,
            )
