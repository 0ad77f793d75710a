"""What the learner knows after a number of records of feedback: weights, figures, labels, and how far it has come."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.calibration import FloatArray
from models.contest import Contest
from models.contest_records import Answerer, ContestEvent
from models.feedback import LabelledTweet
from models.online.learner import OnlineLearner
from models.online.memory import LabelMemory
from models.online.prequential import HeadStandings, Prequential
from models.online.snapshot import Progress, batch_sha256, decode_progress, decode_snapshot, encode_snapshot
from models.online.truth import Scores, Truth, truth_of
from models.online.weights import OnlineWeights
from models.predictor import ScorerPredictor
from models.scorer import Scorer


class Labels(NamedTuple):
    """What was said of n texts, what is true, and with which probability each was chosen for labelling."""

    scores: Scores
    truth: Truth
    selection: FloatArray

    def rows(self, chosen: slice) -> "Labels":
        """Give some of the texts."""
        return Labels(Scores(*(part[chosen] for part in self.scores)), self.truth[chosen], self.selection[chosen])


def _first_after(offset: int, tweets: Sequence[LabelledTweet]) -> int:
    """Find where the tweets begin whose feedback came after an offset."""
    return bisect_right(tweets, offset, key=lambda tweet: tweet.feedback_offset)


class OnlineTraining:
    """The state of the learner; the same records of feedback in the same order give the same state.

    Not safe from two threads.

    Attributes:
        batch_sha256: names the batch model that is corrected.
        offset: of the last record of feedback that is accounted for, learned or refused; -1 for none.
        memory: the labels of the tweets learned last.
    """

    def __init__(self, scorer: Scorer, *, remembered_labels: int) -> None:
        """Begin before the first record of feedback.

        Args:
            scorer: of the batch model.
            remembered_labels: most tweets in `memory`.
        """
        self._scorer = scorer
        self._learner = OnlineLearner(scorer)
        self._figures = Prequential()
        self._contest = Contest()
        self.batch_sha256 = batch_sha256(scorer.weights)
        self.memory = LabelMemory(remembered_labels)
        self.offset = -1

    @classmethod
    def restored(cls, scorer: Scorer, snapshot: bytes, *, remembered_labels: int) -> "OnlineTraining":
        """Go on from a snapshot exactly as the one that made it would.

        Raises:
            SnapshotRefusedError: it belongs to another batch model, or to another version of the learner.
            ModelCorruptError: it is no snapshot, or a damaged one.
        """
        training = cls(scorer, remembered_labels=remembered_labels)
        training._learner = OnlineLearner(scorer, decode_snapshot(snapshot, batch=scorer.weights))
        progress = decode_progress(snapshot)
        training._figures = Prequential.restored(progress.figures)
        training._contest = Contest(progress.contest)
        training.memory = LabelMemory(remembered_labels, progress.remembered)
        training.offset = progress.offset
        return training

    @property
    def weights(self) -> OnlineWeights:
        """A copy of what was learned."""
        return self._learner.weights

    @property
    def answering(self) -> tuple[Answerer, Answerer]:
        """Who answers by the contest: topics, sentiments."""
        return self._contest.answering

    def learn(
        self, tweets: Sequence[LabelledTweet], *, challenger: ScorerPredictor | None = None
    ) -> tuple[ContestEvent, ...]:
        """Score each tweet, then learn its labels; those that the batch model was fitted on count in no comparison.

        Args:
            tweets: of feedback beyond `offset`, in its order; `memory` has their labels, as judging puts them there.
            challenger: scores the tweets that it was not fitted on either, for the contest alone.

        Returns:
            What the contest has to tell, in order.
        """
        if not tweets:
            return ()
        truth = np.array([truth_of(tweet.label, tweet.sentiment) for tweet in tweets], dtype=np.int64)
        scores = self._learner.learn([tweet.text for tweet in tweets], truth)
        self.offset = tweets[-1].feedback_offset
        selection = np.array([tweet.probability for tweet in tweets])
        first = _first_after(self._scorer.weights.learned_offset, tweets)
        labels = Labels(scores, truth, selection).rows(slice(first, None))
        self._figures.add(*labels)
        if challenger is None:
            return self._contest.add(*labels)
        return self._compared(tweets[first:], labels, challenger)

    def _compared(
        self, tweets: Sequence[LabelledTweet], labels: Labels, challenger: ScorerPredictor
    ) -> tuple[ContestEvent, ...]:
        self._contest.meet_challenger(challenger.model.version)
        first = _first_after(challenger.scorer.weights.learned_offset, tweets)
        events = self._contest.add(*labels.rows(slice(None, first)))
        said = challenger.scorer.answers([tweet.text for tweet in tweets[first:]], top_k=1).probabilities
        return events + self._contest.add(*labels.rows(slice(first, None)), challenger=said)

    def relearn(self, tweets: Sequence[LabelledTweet]) -> None:
        """Learn and remember what another learner has learned before; repeats, which are accounted for, are passed over."""
        new, offset = [], self.offset
        for tweet in tweets:
            if tweet.feedback_offset > offset:
                new.append(tweet)
                offset = tweet.feedback_offset
                self.memory.add(tweet.id, tweet.label, tweet.sentiment)
        self.learn(new)

    def pass_over(self, offset: int) -> None:
        """Note that all records of feedback up to this one are accounted for."""
        self.offset = max(self.offset, offset)

    def standings(self) -> dict[str, HeadStandings]:
        """Give each head's figures, see `Prequential.standings`."""
        return self._figures.standings()

    def snapshot(self) -> bytes:
        """Give the whole state as bytes."""
        progress = Progress(self.offset, self.memory.arrays(), self._figures.states(), self._contest.state)
        return encode_snapshot(self._learner.weights, batch=self._scorer.weights, progress=progress)
