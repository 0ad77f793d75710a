"""The side of the online model that writes: it scores texts, then learns their labels."""

from collections.abc import Sequence

import numpy as np

from models.online.snapshot import decode_snapshot, encode_snapshot
from models.online.truth import Scores, Truth
from models.online.weights import OnlineWeights, copied, fresh_weights
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS


class OnlineLearner:
    """The one writer of the online model; not safe from two threads."""

    def __init__(self, scorer: Scorer, weights: OnlineWeights | None = None) -> None:
        """Begin with nothing learned, or go on from weights; the first learner of a process loads compiled code.

        Args:
            scorer: of the batch model, which stays as it is.
            weights: are copied.
        """
        from models.compiled.residual import load_learn  # noqa: PLC0415  # numba costs 0.4 s, paid here only

        self._learn = load_learn()
        self._scorer = scorer
        self._weights = fresh_weights() if weights is None else copied(weights)

    @classmethod
    def restored(cls, scorer: Scorer, snapshot: bytes) -> "OnlineLearner":
        """Go on from a snapshot exactly as the learner that made it would.

        Raises:
            SnapshotRefusedError: it belongs to another batch model, or to another version of the learner.
            ModelCorruptError: it is no snapshot, or a damaged one.
        """
        return cls(scorer, decode_snapshot(snapshot, batch=scorer.weights))

    @property
    def weights(self) -> OnlineWeights:
        """A copy of what was learned."""
        return copied(self._weights)

    def learn(self, texts: Sequence[str], truth: Truth) -> Scores:
        """Score each text, then learn its labels, one text after the other.

        In how many calls the texts come makes no difference to what is learned. A head learns from its own labels alone.

        Args:
            texts: n, any.
            truth: shape (n, 2).

        Returns:
            What was said of each text just before its labels were learned.
        """
        if truth.shape != (len(texts), 2) or np.any(truth >= (len(LABELS), len(SENTIMENTS))):
            raise ValueError(f"truth has shape {truth.shape} or a class that is none, expected ({len(texts)}, 2)")
        answers = self._scorer.answers(texts, top_k=1)
        scores = Scores(*(answers.probabilities.copy() for _ in Scores._fields))
        self._learn(answers, self._scorer.rows, self._weights, truth, scores.online, scores.served)
        return scores

    def snapshot(self) -> bytes:
        """Give all that was learned as bytes; equal states give equal bytes."""
        return encode_snapshot(self._weights, batch=self._scorer.weights)
