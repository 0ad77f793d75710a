"""Which tweets have which label already: so that a label counts once, and two that differ are noticed."""

from collections import OrderedDict
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.online.truth import UNKNOWN, truth_of
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment


class Remembered(NamedTuple):
    """The memory as arrays, a row a tweet, the one labelled longest ago first.

    Attributes:
        ids: uint64 of shape (n,).
        truth: int8 of shape (n, 2), see `models.online.truth.Truth`.
    """

    ids: npt.NDArray[np.uint64]
    truth: npt.NDArray[np.int8]


class LabelMemory:
    """The labels of the tweets labelled last; the oldest is forgotten when there are too many."""

    def __init__(self, limit: int, remembered: Remembered | None = None) -> None:
        """Begin with nothing, or with what was remembered.

        Args:
            limit: most tweets.
            remembered: see `arrays`; the latest are kept where it has more than `limit`.
        """
        self._limit = limit
        self._truths: OrderedDict[int, tuple[int, int]] = OrderedDict()
        if remembered is not None:
            for tweet_id, (label, sentiment) in zip(
                remembered.ids[-limit:].tolist(), remembered.truth[-limit:].tolist(), strict=True
            ):
                self._truths[tweet_id] = (label, sentiment)

    def __len__(self) -> int:
        return len(self._truths)

    def known(self, tweet_id: str) -> tuple[Label | None, Sentiment | None]:
        """Give what a tweet was labelled with."""
        label, sentiment = self._truths.get(int(tweet_id), (UNKNOWN, UNKNOWN))
        return (
            None if label == UNKNOWN else LABELS[label],
            None if sentiment == UNKNOWN else SENTIMENTS[sentiment],
        )

    def add(self, tweet_id: str, label: Label | None, sentiment: Sentiment | None) -> None:
        """Remember what a tweet was labelled with; None leaves what is known."""
        key = int(tweet_id)
        before = self._truths.pop(key, (UNKNOWN, UNKNOWN))
        truth = truth_of(label, sentiment)
        self._truths[key] = (
            before[0] if truth[0] == UNKNOWN else truth[0],
            before[1] if truth[1] == UNKNOWN else truth[1],
        )
        if len(self._truths) > self._limit:
            self._truths.popitem(last=False)

    def arrays(self) -> Remembered:
        """Give all that is remembered."""
        count = len(self._truths)
        truths = np.fromiter(chain.from_iterable(self._truths.values()), dtype=np.int8, count=2 * count)
        return Remembered(np.fromiter(self._truths, dtype=np.uint64, count=count), truths.reshape(count, 2))
