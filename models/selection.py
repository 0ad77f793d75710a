"""Which tweets are worth a label: some drawn by chance, some that the models are unsure of, within a budget a minute."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.calibration import FloatArray
from models.feedback import Why

BoolArray = npt.NDArray[np.bool_]

_SECONDS_PER_MINUTE = 60
_WINDOW_TWEETS = 2_000  # a share of 1 % is twenty doubts of it: few, but a change of the feed is seen within seconds
_LEAST_TWEETS = 200  # before so many were seen, nobody knows what is uncertain


class Choice(NamedTuple):
    """A tweet that is sent out for labelling.

    Attributes:
        place: of the tweet in its chunk.
        why: what it was chosen for.
        probability: with which it was chosen, above 0 and at most 1.
    """

    place: int
    why: Why
    probability: float


class Selection:
    """Chooses tweets of a feed, each by a draw of its own whose probability is known before it is drawn.

    Half of the budget goes to tweets drawn at random, a quarter each to disputed and to uncertain ones, so that no kind
    takes another's part; what the one of these two leaves, the other may use. A draw spends its probability and not a
    whole tweet. So the budget holds on average, no probability depends on an earlier draw, and none falls to 0 because
    earlier draws were lucky: sums weighed by one over the probability stay unbiased, as if the budget were endless.

    Not to be called by two threads at once.

    Args:
        per_minute: most tweets to choose in a minute, on average; 0 for none. The first minute has half as many more.
        random_share: of all tweets that is drawn at random where the budget allows it, 0 to 1.
        uncertain_share: of all tweets that counts as uncertain, those of the largest doubts; 0 to 1. One in 2,000 is
            the least that can be told from none.
        rng: draws; None for one that nobody can foresee.

    Source: Poisson sampling, Hajek (1964); weights by Horvitz and Thompson (1952).
    """

    def __init__(
        self,
        *,
        per_minute: float,
        random_share: float,
        uncertain_share: float,
        rng: np.random.Generator | None = None,
    ) -> None:
        self._quarter_per_second = per_minute / 4 / _SECONDS_PER_MINUTE
        self._random_share = random_share
        self._random = _Bucket(per_minute / 2)
        self._disputed = _Bucket(per_minute / 4)
        self._uncertain = _Bucket(per_minute / 4)
        self._recent = _RecentDoubts(uncertain_share)
        self._rng = np.random.default_rng(rng)
        self._seen: float | None = None

    def choose(self, doubts: FloatArray, is_disputed: BoolArray, *, time: float) -> list[Choice]:
        """Choose among the next n tweets.

        Args:
            doubts: 1 minus the probability of the best label; shape (n,), n may be 0.
            is_disputed: where two models differ; shape (n,).
            time: when the tweets are classified, in seconds from any start. A clock that goes back adds nothing.

        Returns:
            The tweets chosen, by place.
        """
        self._fill(time)
        is_uncertain = (doubts >= self._recent.threshold()) & ~is_disputed
        self._recent.add(doubts)
        disputed, uncertain = np.flatnonzero(is_disputed), np.flatnonzero(is_uncertain)
        by_chance = self._random.probability(len(doubts), share=self._random_share)
        if_disputed = self._disputed.probability(len(disputed), share=1)
        if_uncertain = self._uncertain.probability(len(uncertain), share=1)
        whys = {int(uncertain[row]): Why.UNCERTAIN for row in self._draw(len(uncertain), if_uncertain)}
        whys |= {int(disputed[row]): Why.DISPUTED for row in self._draw(len(disputed), if_disputed)}
        whys |= dict.fromkeys(self._draw(len(doubts), by_chance), Why.RANDOM)
        choices = []
        for place, why in sorted(whys.items()):
            by_doubt = if_disputed if is_disputed[place] else if_uncertain if is_uncertain[place] else 0.0
            choices.append(Choice(place, why, by_chance + by_doubt * (1 - by_chance)))
        return choices

    def _fill(self, time: float) -> None:
        quarter = 0.0 if self._seen is None else max(0.0, time - self._seen) * self._quarter_per_second
        self._seen = time
        self._random.fill(2 * quarter)
        left_over = self._disputed.fill(quarter)
        self._disputed.fill(self._uncertain.fill(quarter + left_over))

    def _draw(self, count: int, probability: float) -> list[int]:
        """Draw from so many tweets, each with the same probability; gives the places of those drawn.

        How many it hits is drawn first, and which ones after that: the same as a draw for each, in a fraction of the
        time, as most chunks have no hit.
        """
        hits = self._rng.binomial(count, probability)
        return self._rng.choice(count, size=hits, replace=False).tolist() if hits else []


class _Bucket:
    """What one kind may spend: filled as time goes by up to a minute's worth, half full at the start."""

    def __init__(self, per_minute: float) -> None:
        self._most = per_minute
        self._left = per_minute / 2
        self._reserve = per_minute / 4

    def fill(self, tweets: float) -> float:
        """Put in what may be spent more; gives what found no room."""
        filled = self._left + tweets
        self._left = min(filled, self._most)
        return filled - self._left

    def probability(self, count: int, *, share: float) -> float:
        """Give each of so many tweets the same chance, at most `share`, and spend it.

        A half-full bucket gives the whole share to a chunk that wants no more than the reserve. An emptier one, or a
        larger chunk, gets a part of what is left and never all of it: the chance is then about the same from chunk to
        chunk, however many tweets each has, and never 0.
        """
        wanted = count * share
        if not wanted:
            return 0.0
        spent = min(wanted, self._left * (wanted / (wanted + self._reserve)))
        self._left -= spent
        return spent / count


class _RecentDoubts:
    """The doubts of the latest tweets, and where their largest share begins."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._doubts = np.empty(_WINDOW_TWEETS)
        self._added = 0
        self._threshold = np.inf
        self._refresh_at = _LEAST_TWEETS

    def threshold(self) -> float:
        """Give the doubt from which a tweet is uncertain; infinite while too few were seen."""
        if self._share and self._added >= self._refresh_at:
            known = self._doubts[: self._added]
            rank = len(known) - max(1, round(len(known) * self._share))
            self._threshold = float(np.partition(known, rank)[rank])
            self._refresh_at = self._added + len(known) // 2  # to find it costs more than all the rest
        return self._threshold

    def add(self, doubts: FloatArray) -> None:
        """Remember the next tweets' doubts in place of the oldest."""
        latest = doubts[-_WINDOW_TWEETS:]
        start = self._added % _WINDOW_TWEETS
        upper = latest[: _WINDOW_TWEETS - start]
        self._doubts[start : start + len(upper)] = upper
        self._doubts[: len(latest) - len(upper)] = latest[len(upper) :]
        self._added += len(latest)
