"""How well the batch model, the online model and what is served do on labels as they come: scored first, learned then.

Labels that were asked for because a tweet was uncertain say too little good of a model. Each label therefore weighs one
over the probability with which its tweet was chosen, which makes the figures those of the whole feed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from models.calibration import FloatArray
from models.errors import ModelCorruptError
from models.evaluation.intervals import Interval, accuracy_interval, f1_scores, macro_f1_interval
from models.online.truth import Scores, Truth
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import HEAD_COLUMNS

WINDOW_LABELS = 1_000
FADING = 0.999  # a label counts half as much after 700 others
_LEAST = 1e-6  # probability for the log loss: a single surprise must not drown all else
_Z = 1.96  # 95 % of a normal distribution lie within this many standard deviations
HEAD_NAMES = ("topic", "sentiment")
_ANSWERERS = Scores._fields
_COUNT = len(_ANSWERERS)


class HeadState(NamedTuple):
    """All that is kept of one head's labels.

    Attributes:
        window: float64 of shape (n, 8): a row a label: truth, the answers, their losses, and the weight.
        confusion: see `_Sums`, of the faded sums.
        losses: as above.
        weights: as above.
    """

    window: FloatArray
    confusion: FloatArray
    losses: FloatArray
    weights: FloatArray


class Figure(msgspec.Struct, frozen=True):
    """A measured value and its 95 % interval."""

    value: float
    interval: Interval


class Standing(msgspec.Struct, frozen=True):
    """How one answerer does.

    Attributes:
        labels: how many labels of equal weight would say as much: fewer than were seen, where weights differ.
        accuracy: share that is right, 0 to 1.
        macro_f1: mean of the F1 of the classes that occur, 0 to 1.
        log_loss: mean of -log of the probability of the true class, in nats.
        f1: by class; None where a class is neither in labels nor in answers.
    """

    labels: float
    accuracy: Figure
    macro_f1: Figure
    log_loss: Figure
    f1: dict[str, float | None]


class HeadStandings(msgspec.Struct, frozen=True):
    """How all answerers do, by `Scores`' names: over the last labels, and over all with older ones fading."""

    window: dict[str, Standing]
    fading: dict[str, Standing]


class Prequential:
    """Keeps the last labels of both heads and faded sums of all; memory is bounded by the window."""

    def __init__(self, *, window_labels: int = WINDOW_LABELS, fading: float = FADING) -> None:
        """Begin with no label.

        Args:
            window_labels: how many labels of each head the window keeps.
            fading: what a label's weight is multiplied by with each further one, above 0 and below 1.
        """
        self._heads = [_Head(names, window_labels, fading) for names in (LABELS, SENTIMENTS)]

    def add(self, scores: Scores, truth: Truth, selection: FloatArray | None = None) -> None:
        """Count n texts.

        Args:
            scores: what was said before the labels were learned.
            truth: shape (n, 2); a head counts the texts that have a label for it.
            selection: shape (n,): the probability with which each text was chosen for labelling, above 0, at most 1;
                None where all were as probable.
        """
        weights = label_weights(selection, len(truth))
        for place, head in enumerate(self._heads):
            has_label = truth[:, place] >= 0
            if not has_label.any():
                continue
            said = np.stack([part[has_label, HEAD_COLUMNS[place]] for part in scores])
            head.add(said, truth[has_label, place], weights[has_label])

    @classmethod
    def restored(cls, states: Sequence[HeadState]) -> "Prequential":
        """Go on from `states`, with the window and the fading that a new one has.

        Raises:
            ModelCorruptError: they are no states.
        """
        restored = cls()
        for head, state in zip(restored._heads, states, strict=True):
            head.restore(state)
        return restored

    def states(self) -> tuple[HeadState, ...]:
        """Give all that is kept, a head each."""
        return tuple(head.state() for head in self._heads)

    def standings(self) -> dict[str, HeadStandings]:
        """Give each head's figures by its name; heads without any label are left out."""
        return {name: head.standings() for name, head in zip(HEAD_NAMES, self._heads, strict=True) if len(head.window)}


def label_weights(selection: FloatArray | None, count: int) -> FloatArray:
    """Give each label's weight: one over the probability with which its text was chosen.

    Args:
        selection: shape (count,), None where all were as probable.
        count: of labels.
    """
    chances = np.ones(count) if selection is None else selection
    if chances.shape != (count,) or not np.all((chances > 0) & (chances <= 1)):
        raise ValueError(f"a selection probability is not above 0 and at most 1, or there are not {count} of them")
    return 1 / chances


class _Sums(msgspec.Struct, frozen=True):
    """Weighed sums over labels; all that figures need.

    Attributes:
        confusion: shape (3, classes, classes): weights by answerer, truth and answer.
        losses: shape (2, 3): of the log losses, and of their squares.
        weights: shape (2,): of the weights, and of their squares.
    """

    confusion: FloatArray
    losses: FloatArray
    weights: FloatArray

    def faded(self, factor: float, newer: "_Sums") -> "_Sums":
        """Multiply all weights by a factor and add others."""
        return _Sums(
            self.confusion * factor + newer.confusion,
            self.losses * factor + newer.losses,
            self.weights * (factor, factor**2) + newer.weights,
        )


class _Head:
    """One head's window, a row a label: truth, the answers, their losses, and the weight."""

    def __init__(self, names: tuple[str, ...], window_labels: int, fading: float) -> None:
        self.window = np.empty((0, 2 * _COUNT + 2))
        self._names = names
        self._window_labels = window_labels
        self._fading = fading
        self._faded = self._sums(self.window, np.empty(0))

    def add(self, said: FloatArray, truth: Truth, weights: FloatArray) -> None:
        losses = -np.log(np.maximum(said[:, np.arange(len(truth)), truth], _LEAST))
        rows = np.column_stack([truth, said.argmax(axis=2).T, losses.T, weights])
        ages = np.arange(len(rows))[::-1]
        self._faded = self._faded.faded(self._fading ** len(rows), self._sums(rows, weights * self._fading**ages))
        self.window = np.concatenate([self.window, rows])[-self._window_labels :]

    def state(self) -> HeadState:
        return HeadState(self.window, self._faded.confusion, self._faded.losses, self._faded.weights)

    def restore(self, state: HeadState) -> None:
        for array, expected in zip(state, self.state(), strict=True):
            if array.dtype != expected.dtype or array.shape[1:] != expected.shape[1:] or not np.isfinite(array).all():
                raise ModelCorruptError("this snapshot has figures that no labels give: take an earlier one")
        classes = state.window[:, : 1 + _COUNT]
        if np.any((classes < 0) | (classes >= len(self._names))):
            raise ModelCorruptError("this snapshot has classes that there are not: take an earlier one")
        self.window = state.window[-self._window_labels :]
        self._faded = _Sums(state.confusion, state.losses, state.weights)

    def standings(self) -> HeadStandings:
        window = self._sums(self.window, self.window[:, -1])
        return HeadStandings(self._by_answerer(window), self._by_answerer(self._faded))

    def _sums(self, rows: FloatArray, weights: FloatArray) -> _Sums:
        size = len(self._names)
        truth, losses = rows[:, 0].astype(np.int64), rows[:, 1 + _COUNT : -1]
        confusion = [
            np.bincount(truth * size + rows[:, 1 + place].astype(np.int64), weights, size**2).reshape(size, size)
            for place in range(_COUNT)
        ]
        return _Sums(
            np.stack(confusion, dtype=np.float64),  # of no rows at all, bincount gives integers
            np.stack([weights @ losses, weights @ losses**2]),
            np.array([weights.sum(), (weights**2).sum()]),
        )

    def _by_answerer(self, sums: _Sums) -> dict[str, Standing]:
        total, squares = sums.weights
        labels = total**2 / squares
        return {
            name: self._standing(labels, sums.confusion[place] / total, sums.losses[:, place] / total)
            for place, name in enumerate(_ANSWERERS)
        }

    def _standing(self, labels: float, confusion: FloatArray, moments: FloatArray) -> Standing:
        accuracy, f1 = float(np.trace(confusion)), f1_scores(confusion)
        mean, half = float(moments[0]), _Z * float(np.sqrt(max(moments[1] - moments[0] ** 2, 0) / labels))
        count = max(round(labels), 1)
        return Standing(
            labels=float(labels),
            accuracy=Figure(accuracy, accuracy_interval(min(accuracy, 1.0) * count, count)),
            macro_f1=Figure(float(np.nanmean(f1)), macro_f1_interval(confusion * count)),
            log_loss=Figure(mean, Interval(max(mean - half, 0.0), mean + half)),
            f1={
                str(name): None if np.isnan(share) else float(share)
                for name, share in zip(self._names, f1, strict=True)
            },
        )
