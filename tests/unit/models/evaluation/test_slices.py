from dataclasses import replace

import numpy as np
import pytest

from models.data.dataset import LabelledTweets
from models.evaluation.slices import slice_performances, unseen_shares
from models.features import feature_ids
from models.weights import Weights

LONG = "the shares of the company rise again on monday"


def tweets(*texts: str, classes: tuple[int, ...] | None = None) -> LabelledTweets:
    return LabelledTweets(texts, np.array(classes or [0] * len(texts)))


@pytest.fixture
def knowing(two_word_weights: Weights) -> Weights:
    """Weights that have a row for each feature of `LONG`."""
    ids = np.array(sorted(feature_ids(LONG)), dtype=np.int32)
    return replace(two_word_weights, ids=ids)


def test_slices_are_measured_on_their_own_tweets(knowing: Weights) -> None:
    held_out = tweets(LONG, f"$TSLA {LONG}", f"RT @cnbc: {LONG}", "Up", classes=(0, 0, 0, 1))
    train = tweets(*["x"] * 201, classes=(0,) * 200 + (1,))

    slices = slice_performances(np.array([True, False, True, False]), held_out, train=train, weights=knowing)

    assert {name: (one.tweets, one.accuracy) for name, one in slices.items()} == {
        "short text": (1, 0.0),
        "no cashtag": (3, pytest.approx(2 / 3)),
        "retweets": (1, 1.0),
        "unseen words": (1, 0.0),
        "rare classes": (1, 0.0),
    }
    assert slices["no cashtag"].accuracy_interval.low < 2 / 3 < slices["no cashtag"].accuracy_interval.high


def test_slice_without_a_tweet_is_left_out(knowing: Weights) -> None:
    slices = slice_performances(np.array([True]), tweets(LONG), train=tweets(*["x"] * 200), weights=knowing)

    assert list(slices) == ["no cashtag"]


def test_unseen_share_counts_features_without_a_row(knowing: Weights) -> None:
    shares = unseen_shares((LONG, "", "qqqq zzzz", "shares"), knowing)

    assert shares.tolist() == [0.0, 1.0, 1.0, 0.0]
