"""What a model says of n tweets, column by column: no object is made for a tweet until somebody asks for its record."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray
from models.records import ModelVersion, Opinion, Prediction
from models.taxonomy import ANSWERS, LABELS, SENTIMENTS

ANSWERERS = ("batch", "online", "teacher")
"""Who may answer: the registered model alone, it with what was learned online, or it and its teacher together."""


class Columns(NamedTuple):
    """The answers themselves, a row a tweet.

    Attributes:
        labels: int64 of shape (n, k): positions in `LABELS` of the k most probable topics, largest first.
        label_scores: float64 of shape (n, k): their probabilities, six decimals.
        sentiments: int64 of shape (n,): the position in `SENTIMENTS` of the most probable one.
        sentiment_scores: float64 of shape (n,): P(bullish) - P(bearish), six decimals.
        answerers: int64 of shape (n,): the position in `ANSWERERS` of who gave the label.
        sentiment_answerers: the same of the sentiment.
    """

    labels: npt.NDArray[np.int64]
    label_scores: FloatArray
    sentiments: npt.NDArray[np.int64]
    sentiment_scores: FloatArray
    answerers: npt.NDArray[np.int64]
    sentiment_answerers: npt.NDArray[np.int64]


class OpinionColumns(NamedTuple):
    """What one model says by itself, a row a tweet; see `Columns`, but all of shape (n,)."""

    labels: npt.NDArray[np.int64]
    label_scores: FloatArray
    sentiments: npt.NDArray[np.int64]
    sentiment_scores: FloatArray


class Opinions(NamedTuple):
    """What each model says by itself, whoever answers; by the names of `ANSWERERS`."""

    batch: OpinionColumns
    online: OpinionColumns


class Predictions(Sequence[Prediction]):
    """n predictions of one model, in the order of their tweets; a sequence of records over columns.

    Attributes:
        columns: the answers as arrays, for who writes many at once.
        model: see `Prediction`.
        abstain_below: the label is `other` where the largest probability is lower; 0 for never.
        opinions: of batch and online model; None where nothing was learned online.
    """

    def __init__(
        self, columns: Columns, *, model: ModelVersion, abstain_below: float = 0.0, opinions: Opinions | None = None
    ) -> None:
        self.columns = columns
        self.model = model
        self.abstain_below = abstain_below
        self.opinions = opinions

    def answers(self) -> npt.NDArray[np.int64]:
        """Give what each label says; shape (n,), positions in `ANSWERS`."""
        best, scores = self.columns.labels[:, 0], self.columns.label_scores[:, 0]
        return np.where(scores < self.abstain_below, len(LABELS), best) if self.abstain_below else best

    def disputes(self) -> npt.NDArray[np.bool_]:
        """Tell where batch and online model differ in label or sentiment; shape (n,)."""
        if self.opinions is None:
            return np.zeros(len(self), dtype=np.bool_)
        batch, online = self.opinions
        is_disputed: npt.NDArray[np.bool_] = (batch.labels != online.labels) | (batch.sentiments != online.sentiments)
        return is_disputed

    def take(self, places: Sequence[int]) -> "Predictions":
        """Give some of them."""
        return self._part(np.asarray(places, dtype=np.int64))

    def _part(self, places: slice | npt.NDArray[np.int64]) -> "Predictions":
        part = Columns._make(column[places] for column in self.columns)
        opinions = self.opinions and Opinions._make(
            OpinionColumns._make(column[places] for column in opinion) for opinion in self.opinions
        )
        return Predictions(part, model=self.model, abstain_below=self.abstain_below, opinions=opinions)

    def __len__(self) -> int:
        return len(self.columns.sentiments)

    @overload
    def __getitem__(self, place: int) -> Prediction: ...

    @overload
    def __getitem__(self, place: slice) -> "Predictions": ...

    def __getitem__(self, place: int | slice) -> "Prediction | Predictions":
        if isinstance(place, slice):
            return self._part(place)
        place = range(len(self))[place]
        return next(iter(self[place : place + 1]))

    def __iter__(self) -> Iterator[Prediction]:
        rows = zip(*(column.tolist() for column in (self.answers(), *self.columns)), strict=True)
        for (answer, best, chances, sentiment, leaning, answerer, sentiment_answerer), opinions in zip(
            rows, self._opinions(), strict=True
        ):
            yield Prediction(
                label=ANSWERS[answer],
                label_score=chances[0],
                labels={LABELS[column]: chance for column, chance in zip(best, chances, strict=True)},
                sentiment=SENTIMENTS[sentiment],
                sentiment_score=leaning,
                answered_by=ANSWERERS[answerer],
                sentiment_answered_by=ANSWERERS[sentiment_answerer],
                opinions=opinions,
                model=self.model,
            )

    def _opinions(self) -> Iterator[dict[str, Opinion]]:
        said: list[dict[str, Opinion]] = [{} for _ in range(len(self))]
        if self.opinions is not None:
            for place in np.flatnonzero(self.disputes()).tolist():
                said[place] = {
                    name: Opinion(
                        LABELS[opinion.labels[place]],
                        float(opinion.label_scores[place]),
                        SENTIMENTS[opinion.sentiments[place]],
                        float(opinion.sentiment_scores[place]),
                    )
                    for name, opinion in self.opinions._asdict().items()
                }
        return iter(said)
