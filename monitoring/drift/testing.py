"""How surprising the distance between a window and the reference is: tests of shares, of numbers, of a limit.

A distance has to stand out in two ways. It must be more than chance, where chance also has what the reference itself
moves from window to window (`between`): a feed of bots and busy days is held to its own restlessness. And it must
matter: at least `MATERIAL_SHARE`, `MATERIAL_TERM` or `MATERIAL_DISTANCE`.

Both become one number, the score: log of the chance over log of the chance that is allowed, and no more than the
distance over the one that matters. So 1 is the threshold.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, hypergeom, norm

FloatArray = NDArray[np.float64]
Counts = NDArray[np.int64]

MATERIAL_SHARE = 0.02  # of all tweets; less is no reason to look, however sure
MATERIAL_TERM = 0.01  # of all texts: a word is one of many of its topic
MATERIAL_DISTANCE = 0.05  # between the distributions of two columns of numbers
_LEAST_CHANCE = 1e-300
_Z_95 = 1.96
_FAR = 2.0  # standard deviations; nearer, the normal distribution is good enough


def share_scores(
    now: Counts,
    tweets_now: int | Counts,
    before: Counts,
    tweets_before: int | Counts,
    *,
    between: float,
    chance: float,
    material: float = MATERIAL_SHARE,
) -> FloatArray:
    """Score the change of each item's share.

    Args:
        now: shape (n,), how many tweets of the window have each item.
        tweets_now: of how many; of each item its own where it is an array.
        before: the same for the reference.
        tweets_before: of how many.
        between: variance of a share p between windows of the reference, in units of p (1 - p).
        chance: of a false alarm that is allowed for each item, 0 to 1.
        material: the smallest change of a share that matters.

    Returns:
        Shape (n,), at least 0; 1 and more has changed.
    """
    of_now, of_before = np.broadcast_to(tweets_now, now.shape), np.broadcast_to(tweets_before, before.shape)
    distance = np.abs(now / of_now - before / of_before)
    both = (now + before) / (of_now + of_before)
    noise = np.sqrt(both * (1 - both) * (1 / of_now + between + 1 / of_before))
    z = np.divide(distance, noise, out=np.zeros(now.shape), where=noise > 0)
    log_chances = math.log(2) + norm.logsf(z)
    far = np.flatnonzero((distance >= material) & (z > _FAR))  # the exact test takes a while: where it can matter
    log_chances[far] = np.log(_chances(now[far], of_now[far], before[far], of_before[far], between))
    scores: FloatArray = np.clip(log_chances / math.log(chance), 0, distance / material)
    return scores


def _chances(now: Counts, of_now: Counts, before: Counts, of_before: Counts, between: float) -> FloatArray:
    """Fisher's exact test, twice the smaller tail, of the tweets that independent ones would be as good as.

    Source: the design effect of clustered samples, Rao and Scott (1981).
    """
    effective = of_now / (1 + of_now * between)
    counted = now * effective / of_now
    total = np.maximum(np.floor(effective), 1)
    more, fewer = np.minimum(np.floor(counted), total), np.minimum(np.ceil(counted), total)
    chance_of_more = hypergeom.sf(more - 1, total + of_before, more + before, total)
    chance_of_fewer = hypergeom.cdf(fewer, total + of_before, fewer + before, total)
    chances: FloatArray = np.clip(2 * np.minimum(chance_of_more, chance_of_fewer), _LEAST_CHANCE, 1.0)
    return chances


def number_score(now: FloatArray, before: FloatArray, *, between: float, chance: float) -> float:
    """Score the change of a column of numbers by the distance of Kolmogorov and Smirnov.

    Args:
        now: the window's numbers in rising order, at least one.
        before: the reference's.
        between: as for shares: what windows of the reference move, in tweets to the power -1.
        chance: of a false alarm that is allowed for the column.

    Source: Smirnov's asymptotic bound; equal values, as in a count, make it safer.
    """
    distance = ks_distance(now, before)
    noise = 1 / len(now) + 1 / len(before) + between
    log_chance = min(0.0, math.log(2) - 2 * distance * distance / noise)
    return min(log_chance / math.log(chance), distance / MATERIAL_DISTANCE)


def ks_distance(now: FloatArray, before: FloatArray) -> float:
    """Give the largest distance between two distribution functions, of numbers in rising order.

    >>> ks_distance(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    1.0
    """
    points = np.concatenate([now, before])
    below_now = np.searchsorted(now, points, side="right") / len(now)
    below_before = np.searchsorted(before, points, side="right") / len(before)
    return float(np.abs(below_now - below_before).max())


def limit_score(count: int, tweets: int, *, limit: float, chance: float) -> float:
    """Score a share that is to stay under a limit, by the exact test of one binomial.

    >>> limit_score(0, 500, limit=0.01, chance=0.001)
    0.0
    """
    log_chance = float(binom.logsf(count - 1, tweets, limit))
    return max(0.0, min(log_chance / math.log(chance), count / tweets / limit))


def log_odds(now: int, tweets_now: int, before: int, tweets_before: int) -> tuple[float, float, float]:
    """Give the log odds ratio of two shares, and its 95 % interval.

    Source: Haldane and Anscombe: half a tweet is added everywhere, so that a share of 0 has one too.
    """
    cells = [now + 0.5, tweets_now - now + 0.5, before + 0.5, tweets_before - before + 0.5]
    value = math.log(cells[0] / cells[1] * cells[3] / cells[2])
    half = _Z_95 * math.sqrt(sum(1 / cell for cell in cells))
    return value, value - half, value + half
