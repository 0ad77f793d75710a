"""What a teacher adds to labelled tweets: its probabilities of their classes, and further texts with theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.calibration import FloatArray
from models.data.dataset import LabelledTweets
from models.features import IntArray

NO_ORIGIN = -1


@dataclass(frozen=True)
class FurtherTexts:
    """Texts to learn from that nobody has labelled.

    Attributes:
        texts: n texts.
        origins: shape (n, 2): the labelled tweets that a text was made of, as rows of the tweets with a topic followed
            by the tweets with a sentiment; `NO_ORIGIN` where there is none.
        weights: shape (n, 2): how much a text counts, for the labels and for the sentiments; a labelled tweet counts 1.
    """

    texts: tuple[str, ...]
    origins: IntArray
    weights: FloatArray

    def joined(self, other: "FurtherTexts") -> "FurtherTexts":
        """Append other texts."""
        return FurtherTexts(
            self.texts + other.texts,
            np.concatenate([self.origins, other.origins]),
            np.concatenate([self.weights, other.weights]),
        )


@dataclass(frozen=True)
class SoftLabels:
    """A teacher's probabilities; columns are the labels in the order of `LABELS`, then `SENTIMENTS`, each head sums to 1.

    Attributes:
        labelled: shape (tweets with a topic, 23).
        with_sentiment: shape (tweets with a sentiment, 23).
        further: texts beside those.
        further_probabilities: shape (further texts, 23).
    """

    labelled: FloatArray
    with_sentiment: FloatArray
    further: FurtherTexts
    further_probabilities: FloatArray


class Distillation(Protocol):
    """The part of `models.teacher.distiller.Distiller` that is used where PyTorch need not be."""

    def teach(self, labelled: LabelledTweets, with_sentiment: LabelledTweets) -> SoftLabels:
        """See `Teach`."""

    def served(self, doubts: FloatArray) -> bytes:
        """Give the teacher as a file to serve.

        Args:
            doubts: see `models.careful.doubt.doubt_quantiles`.

        Returns:
            The file that `models.careful.teacher.ServedTeacher` loads.
        """


Teach = Callable[[LabelledTweets, LabelledTweets], SoftLabels]
"""(tweets with a topic, tweets with a sentiment) -> soft labels of a teacher that has seen no held-out tweet's label."""
