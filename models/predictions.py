"""What a model says of n tweets, column by column: no object is made for a tweet until somebody asks for its record."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray
from models.records import ModelVersion, Prediction
from models.taxonomy import ANSWERS, LABELS, SENTIMENTS

ANSWERERS = ("batch", "teacher")
"""Who may answer: the registered model alone, or it and its teacher together."""


class Columns(NamedTuple):
    """The answers themselves, a row a tweet.

    Attributes:
        labels: int64 of shape (n, k): positions in `LABELS` of the k most probable topics, largest first.
        label_scores: float64 of shape (n, k): their probabilities, six decimals.
        sentiments: int64 of shape (n,): the position in `SENTIMENTS` of the most probable one.
        sentiment_scores: float64 of shape (n,): P(bullish) - P(bearish), six decimals.
        answerers: int64 of shape (n,): the position in `ANSWERERS` of who answered.
    """

    labels: npt.NDArray[np.int64]
    label_scores: FloatArray
    sentiments: npt.NDArray[np.int64]
    sentiment_scores: FloatArray
    answerers: npt.NDArray[np.int64]


class Predictions(Sequence[Prediction]):
    """n predictions of one model, in the order of their tweets; a sequence of records over columns.

    Attributes:
        columns: the answers as arrays, for who writes many at once.
        model: see `Prediction`.
        abstain_below: the label is `other` where the largest probability is lower; 0 for never.
    """

    def __init__(self, columns: Columns, *, model: ModelVersion, abstain_below: float = 0.0) -> None:
        self.columns = columns
        self.model = model
        self.abstain_below = abstain_below

    def answers(self) -> npt.NDArray[np.int64]:
        """Give what each label says; shape (n,), positions in `ANSWERS`."""
        best, scores = self.columns.labels[:, 0], self.columns.label_scores[:, 0]
        return np.where(scores < self.abstain_below, len(LABELS), best) if self.abstain_below else best

    def disputes(self) -> npt.NDArray[np.bool_]:
        """Tell where batch and online model differ in the best label; shape (n,)."""
        return np.zeros(len(self), dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.columns.sentiments)

    @overload
    def __getitem__(self, place: int) -> Prediction: ...

    @overload
    def __getitem__(self, place: slice) -> "Predictions": ...

    def __getitem__(self, place: int | slice) -> "Prediction | Predictions":
        if isinstance(place, slice):
            part = Columns._make(column[place] for column in self.columns)
            return Predictions(part, model=self.model, abstain_below=self.abstain_below)
        place = range(len(self))[place]
        return next(iter(self[place : place + 1]))

    def __iter__(self) -> Iterator[Prediction]:
        rows = zip(*(column.tolist() for column in (self.answers(), *self.columns)), strict=True)
        for answer, best, chances, sentiment, leaning, answerer in rows:
            yield Prediction(
                label=ANSWERS[answer],
                label_score=chances[0],
                labels={LABELS[column]: chance for column, chance in zip(best, chances, strict=True)},
                sentiment=SENTIMENTS[sentiment],
                sentiment_score=leaning,
                answered_by=ANSWERERS[answerer],
                model=self.model,
            )
