"""The side of the online model that reads: it answers as the batch model's scorer does, with what was learned."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.compiled.layout import Answers
from models.online.weights import OnlineWeights, squares_of
from models.scorer import Scorer

_LINE_BYTES = 64


class OnlineScorer:
    """Answers of both heads by all voices; safe to share between threads, as nothing in it changes."""

    def __init__(self, scorer: Scorer, weights: OnlineWeights) -> None:
        """Keep the parts; the first one of a process loads compiled code.

        Args:
            scorer: of the batch model that the weights belong to.
            weights: that nobody changes, as `OnlineLearner.weights` and `decode_snapshot` give.
        """
        from models.compiled.residual import load_adjust  # noqa: PLC0415  # numba costs 0.4 s, paid here only

        self._adjust = load_adjust()
        self._scorer = scorer
        self._squares = squares_of(scorer.weights)
        self._weights = weights._replace(words=_one_row_a_line(weights.words))

    def answers(self, texts: Sequence[str], *, top_k: int) -> Answers:
        """Answer n texts, as `Scorer.answers`; the scores are the batch model's."""
        return self.adjust(self._scorer.answers(texts, top_k=top_k))

    def adjust(self, answers: Answers) -> Answers:
        """Answer anew what the batch model's scorer has answered."""
        return self._adjust(answers, self._squares, self._weights)


def _one_row_a_line(words: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Copy words so that each row lies in a cache line of its own: fetching rows from memory is most of the work."""
    width = _LINE_BYTES // words.itemsize
    room = np.zeros((len(words) + 1) * width, dtype=np.int16)
    begin = -room.ctypes.data % _LINE_BYTES // words.itemsize
    rows = room[begin : begin + len(words) * width].reshape(-1, width)
    rows[:, : words.shape[1]] = words
    return rows
