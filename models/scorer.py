"""Tweets -> scores, probabilities and answers of both heads, from exported weights, by the compiled kernel."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.calibration import FloatArray
from models.compiled.layout import Answers, PackedTexts, Texts, heads_of, rows_of
from models.mapped import mapped
from models.weights import HEAD_COLUMNS, Weights


@dataclass(frozen=True)
class HeadScores:
    """Scores, or probabilities, of n tweets: `labels` of shape (n, 20), `sentiments` of shape (n, 3)."""

    labels: FloatArray
    sentiments: FloatArray


class Scorer:
    """Answers of both heads from one table; safe to share between threads, as nothing in it changes."""

    def __init__(self, weights: Weights, *, mapped_in: Path | None = None) -> None:
        """Lay the weights out; the first scorer of a process also loads the kernel, or compiles it for seconds.

        Args:
            weights: of both heads.
            mapped_in: where processes share weights, see `models.mapped`; None for a copy of one's own.
        """
        from models.compiled.kernel import load_kernel, pack  # noqa: PLC0415  # numba costs 0.4 s, paid here only

        self._pack, self._kernel = pack, load_kernel()
        self.weights, self.rows = weights, rows_of(weights)
        if mapped_in is not None:
            self.weights, self.rows = mapped(weights, self.rows, mapped_in)
        self._heads = heads_of(weights)

    def answers(self, texts: Texts, *, top_k: int) -> Answers:
        """Answer n texts; an answer depends on its text alone, not on the others.

        Args:
            texts: any; n may be 0.
            top_k: labels to name for each text, 1 to 20.
        """
        content = texts.content if isinstance(texts, PackedTexts) else self._pack(texts)
        return self._kernel(content, len(texts), self.rows, self._heads, top_k)

    def scores(self, texts: Sequence[str]) -> HeadScores:
        """Score n texts against every class; margins of linear classifiers, without bounds."""
        return _by_head(self.answers(texts, top_k=1).scores)

    def probabilities(self, texts: Sequence[str]) -> HeadScores:
        """Give each class of both heads its calibrated probability; every row of either head sums to 1."""
        return _by_head(self.answers(texts, top_k=1).probabilities)


def _by_head(columns: FloatArray) -> HeadScores:
    return HeadScores(*(columns[:, head] for head in HEAD_COLUMNS))
