"""The side of the online model that reads: it answers as the batch model's scorer does, with what was learned."""

from collections.abc import Sequence

from models.compiled.layout import Answers, moved_of
from models.online.weights import OnlineWeights
from models.scorer import Scorer


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
        self._moved = moved_of(weights.words)
        self._weights = weights._replace(words=weights.words[:0])  # of which `moved` has all that is not 0

    def answers(self, texts: Sequence[str], *, top_k: int) -> Answers:
        """Answer n texts, as `Scorer.answers`; the scores are the batch model's."""
        return self.adjust(self._scorer.answers(texts, top_k=1), top_k=top_k)

    def adjust(self, answers: Answers, *, top_k: int) -> Answers:
        """Answer anew what the batch model's scorer has answered."""
        return self._adjust(answers, self._scorer.rows, self._weights, self._moved, top_k)
