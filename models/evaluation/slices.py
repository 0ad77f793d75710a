"""Kinds of tweets that a model may fare worse on than on the whole."""

from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from models.data.dataset import LabelledTweets
from models.evaluation.intervals import Interval, accuracy_interval
from models.features import feature_rows
from models.text import tickers, tokens
from models.weights import Weights

SHORT_TOKENS = 8
RARE_CLASS_TWEETS = 200
UNSEEN_SHARE = 0.25  # of a tweet's features; about one held-out tweet in seven has more

Mask = npt.NDArray[np.bool_]


class SlicePerformance(msgspec.Struct, frozen=True):
    """How one kind of tweets fares; `accuracy` is a share, 0 to 1."""

    tweets: int
    accuracy: float
    accuracy_interval: Interval


def slice_performances(
    is_right: Mask, tweets: LabelledTweets, *, train: LabelledTweets, weights: Weights
) -> dict[str, SlicePerformance]:
    """Measure each slice; one that holds no tweet is left out.

    Args:
        is_right: shape (n,).
        tweets: the n held-out tweets.
        train: the tweets that the weights were fitted on.
        weights: those that answered.
    """
    return {
        name: SlicePerformance(
            tweets=int(chosen.sum()),
            accuracy=float(is_right[chosen].mean()),
            accuracy_interval=accuracy_interval(int(is_right[chosen].sum()), int(chosen.sum())),
        )
        for name, chosen in _slices(tweets, train, weights)
        if chosen.any()
    }


def unseen_shares(texts: tuple[str, ...], weights: Weights) -> npt.NDArray[np.float64]:
    """Give the share of each tweet's features that have no row in the weights; 1 for a tweet without any feature."""
    ids, starts = feature_rows(texts)
    known = np.concatenate([[0], np.cumsum(np.isin(ids, weights.ids))])
    counts = np.diff(starts)
    return 1 - np.divide(np.diff(known[starts]), counts, out=np.zeros(len(counts)), where=counts > 0)


def _slices(tweets: LabelledTweets, train: LabelledTweets, weights: Weights) -> Iterator[tuple[str, Mask]]:
    texts = tweets.texts
    yield "short text", np.array([len(tokens(text)) < SHORT_TOKENS for text in texts])
    yield "no cashtag", np.array([not tickers(text) for text in texts])
    yield "retweets", np.array([text.startswith("RT @") for text in texts])
    yield "unseen words", unseen_shares(texts, weights) > UNSEEN_SHARE
    counts = np.bincount(train.classes, minlength=int(tweets.classes.max()) + 1)
    yield "rare classes", counts[tweets.classes] < RARE_CLASS_TWEETS
