"""The scikit-learn estimators that are trained, and their export to scorer weights; the only importer of sklearn."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.svm import LinearSVC

from models.calibration import FloatArray
from models.data.dataset import Classes
from models.features import FEATURE_COUNT, IntArray
from models.weights import LARGEST, Weights

Matrix: TypeAlias = sparse.csr_matrix
"""Rows are tweets, columns the features of a `FeatureSpace`."""

_ABSENT_BIAS = -1.0  # what a linear SVC says of a class that no training tweet has
_NO_SHARE = 0.02  # smaller shares are left out: each would cost a row for its tweet and class
_TOLERANCE = 1e-3  # of the solver; ten times scikit-learn's own, with the same accuracies on held-out tweets


@dataclass(frozen=True)
class HashedTweets:
    """What `models.features.feature_rows` gives for n tweets."""

    ids: IntArray
    starts: IntArray

    def counts(self) -> IntArray:
        """Count the tweets that have each feature; shape (`FEATURE_COUNT`,)."""
        return np.bincount(self.ids, minlength=FEATURE_COUNT)

    def take(self, rows: IntArray) -> "HashedTweets":
        """Copy the tweets of the given rows, in their order."""
        shape = (len(self.starts) - 1, FEATURE_COUNT)
        taken = sparse.csr_matrix((np.ones(len(self.ids)), self.ids, self.starts), shape=shape)[rows]
        return HashedTweets(taken.indices, taken.indptr)


@dataclass(frozen=True)
class FeatureSpace:
    """The features that are frequent enough to learn from, and how rare each is.

    Attributes:
        ids: int32 of shape (rows,), rising.
        squared_rarities: int8 of shape (rows,), 1 to 127: the squared inverse document frequency, scaled and rounded.
            Training uses these rounded numbers too, so that serving from signed bytes loses nothing.
    """

    ids: npt.NDArray[np.int32]
    squared_rarities: npt.NDArray[np.int8]

    def matrix(self, tweets: HashedTweets) -> Matrix:
        """Weigh each known feature of n tweets by its rarity, each row to length 1; shape (n, rows)."""
        ones = np.ones(len(tweets.ids))
        shape = (len(tweets.starts) - 1, FEATURE_COUNT)
        known = sparse.csr_matrix((ones, tweets.ids, tweets.starts), shape=shape)[:, self.ids]
        squares = self.squared_rarities.astype(np.float64)
        lengths = np.sqrt(np.maximum(known @ squares, 1.0))
        weighed: Matrix = (sparse.diags(1 / lengths) @ known @ sparse.diags(np.sqrt(squares))).tocsr()
        return weighed


@dataclass(frozen=True)
class LinearHead:
    """A fitted head: `weights` of shape (classes, rows of the feature space), `biases` of shape (classes,)."""

    weights: FloatArray
    biases: FloatArray

    def scores(self, matrix: Matrix) -> FloatArray:
        """Score n tweets against every class; shape (n, classes)."""
        return np.asarray(matrix @ self.weights.T + self.biases)


def feature_space(counts: IntArray, *, tweet_count: int, min_tweets: int) -> FeatureSpace:
    """Keep the features that at least `min_tweets` of the training tweets have.

    Args:
        counts: tweets with each feature, shape (`FEATURE_COUNT`,).
        tweet_count: tweets that were counted.
        min_tweets: at least 1.
    """
    ids = np.flatnonzero(counts >= min_tweets)
    squares = (np.log((1 + tweet_count) / (1 + counts[ids])) + 1) ** 2
    rounded = np.maximum(1, np.round(squares / squares.max(initial=1.0) * LARGEST))
    return FeatureSpace(ids.astype(np.int32), rounded.astype(np.int8))


@dataclass(frozen=True)
class Targets:
    """What a head should say of n tweets.

    Attributes:
        shares: shape (n, classes), each row sums to 1: all on one class for a label that is certain.
        weights: shape (n,): how much each tweet counts.
    """

    shares: FloatArray
    weights: FloatArray


def one_hot(classes: Classes, *, class_count: int) -> FloatArray:
    """Write certain labels as shares; shape (n, class_count)."""
    return np.eye(class_count)[classes]


def fit_head(
    matrix: Matrix, classes: Classes, *, class_count: int, inverse_regularisation: float, seed: int
) -> LinearHead:
    """Fit a head to certain labels, each class weighing the same in sum.

    Args:
        matrix: shape (n, rows), from `FeatureSpace.matrix`.
        classes: shape (n,), at least two different ones; those that don't occur get no weights and a low bias.
        class_count: columns of the head.
        inverse_regularisation: the C of support vector machines; positive.
        seed: of the order in which the solver takes the tweets.
    """
    targets = Targets(one_hot(classes, class_count=class_count), np.ones(len(classes)))
    balance = class_balance(classes, class_count=class_count)
    return fit_soft_head(matrix, targets, balance, inverse_regularisation=inverse_regularisation, seed=seed)


def class_balance(classes: Classes, *, class_count: int, power: float = 1.0) -> FloatArray:
    """Give the factors that make each class weigh the same in sum, raised to a power; 0 for a class that doesn't occur.

    Args:
        classes: shape (n,).
        class_count: factors to give.
        power: 0 to 1; 0 leaves each tweet its weight.
    """
    counts = np.bincount(classes, minlength=class_count)
    return np.where(counts > 0, (len(classes) / (class_count * np.maximum(counts, 1))) ** power, 0.0)


def fit_soft_head(
    matrix: Matrix, targets: Targets, balance: FloatArray, *, inverse_regularisation: float, seed: int
) -> LinearHead:
    """Fit one linear SVC a class against all others, to shares: a tweet stands on both sides, with its share on each.

    Args:
        matrix: shape (n, rows), from `FeatureSpace.matrix`.
        targets: what the head should say of these n tweets.
        balance: shape (classes,): how much being of a class counts, 0 or more; being of none of the others counts 1.
        inverse_regularisation: the C of support vector machines; positive.
        seed: of the order in which the solver takes the tweets.
    """
    class_count = targets.shares.shape[1]
    weights, biases = np.zeros((class_count, matrix.shape[1])), np.full(class_count, _ABSENT_BIAS)
    for column, shares in enumerate(targets.shares.T):
        inside = targets.weights * balance[column] * np.where(shares > _NO_SHARE, shares, 0)
        outside = targets.weights * np.where(shares < 1 - _NO_SHARE, 1 - shares, 0)
        rows = np.concatenate([np.flatnonzero(inside), np.flatnonzero(outside)])
        is_inside = np.arange(len(rows)) < np.count_nonzero(inside)
        if is_inside.all() or not is_inside.any():  # of this class, or not of it: there is nothing to tell apart
            biases[column] = -_ABSENT_BIAS if is_inside.any() else _ABSENT_BIAS
            continue
        estimator = LinearSVC(C=inverse_regularisation, random_state=seed, max_iter=10_000, tol=_TOLERANCE)
        estimator.fit(matrix[rows], is_inside, np.concatenate([inside[inside > 0], outside[outside > 0]]))
        weights[column], biases[column] = estimator.coef_[0], estimator.intercept_[0]
    return LinearHead(weights, biases)


def folds(classes: Classes, *, fold_count: int, seed: int) -> Iterator[tuple[IntArray, IntArray]]:
    """Deal the rows of each class evenly into folds; yields (rows to fit on, rows to score) for each fold.

    Unlike scikit-learn's it takes classes that are smaller than the number of folds without a warning.
    """
    chooser = np.random.default_rng(seed)
    order = chooser.permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    fold_of = np.empty(len(classes), dtype=np.int64)
    fold_of[order] = np.arange(len(classes)) % fold_count
    for fold in range(fold_count):
        yield np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)


def export_weights(space: FeatureSpace, heads: tuple[LinearHead, LinearHead]) -> Weights:
    """Round both heads into one table of signed bytes, each column with a scale of its own.

    Args:
        space: the features of both heads.
        heads: labels, then sentiments; their scores are not scaled yet.
    """
    rarities = np.sqrt(space.squared_rarities.astype(np.float64))
    columns = np.vstack([head.weights for head in heads]).T * rarities[:, None]
    scales = np.maximum(np.abs(columns).max(axis=0, initial=0.0), np.finfo(np.float32).tiny) / LARGEST
    rounded = np.round(columns / scales).astype(np.int8)
    return Weights(
        ids=space.ids,
        table=np.hstack([rounded, space.squared_rarities[:, None]]),
        scales=scales.astype(np.float32),
        biases=np.concatenate([head.biases for head in heads]).astype(np.float32),
        temperatures=np.ones(len(heads)),
    )
