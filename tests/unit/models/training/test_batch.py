# ruff: noqa: PLC0415 -- scikit-learn costs seconds, which only these tests pay
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from models.features import FEATURE_COUNT, IntArray, feature_rows

pytestmark = pytest.mark.training

WORDS = ("oil", "gold", "rates", "merger")


class Corpus(NamedTuple):
    """Texts and their classes."""

    texts: list[str]
    classes: IntArray


class Fitted(NamedTuple):
    """The module, a feature space, a matrix and a head."""

    batch: ModuleType
    space: Any
    matrix: Any
    head: Any


@pytest.fixture
def corpus() -> Corpus:
    """Two hundred tweets of four classes: mostly a class's own word, sometimes another's."""
    chooser = np.random.default_rng(2)
    classes = np.repeat(np.arange(4), 50)
    said = np.where(chooser.random(200) < 0.9, classes, chooser.integers(0, 4, 200))
    texts = [f"{WORDS[word]} news number{chr(97 + int(chooser.integers(0, 20)))} moves" for word in said]
    return Corpus(texts, classes)


@pytest.fixture
def fitted(corpus: Corpus) -> Fitted:
    """The space, the matrix and a head of the corpus."""
    from models.training import batch

    texts, classes = corpus
    hashed = batch.HashedTweets(*feature_rows(texts))
    space = batch.feature_space(hashed.counts(), tweet_count=len(texts), min_tweets=2)
    matrix = space.matrix(hashed)
    head = batch.fit_head(matrix, classes, class_count=20, inverse_regularisation=1.0, seed=0)
    return Fitted(batch, space, matrix, head)


def test_scorer_gives_the_scores_of_the_fitted_estimator(corpus: Corpus, fitted: Fitted) -> None:
    from models.scorer import Scorer

    texts, _ = corpus
    batch, space, matrix, head = fitted
    mood = batch.LinearHead(head.weights[:3], head.biases[:3])

    exported = Scorer(batch.export_weights(space, (head, mood))).scores(texts)

    wanted = head.scores(matrix)
    assert np.abs(exported.labels - wanted).max() < 0.05  # a dozen weights, each rounded to 1/254 of the largest
    assert exported.labels.argmax(axis=1).tolist() == wanted.argmax(axis=1).tolist()
    assert np.abs(exported.sentiments - wanted[:, :3]).max() < 0.05


def test_rows_of_the_matrix_have_length_one(fitted: Fitted) -> None:
    _, _, matrix, _ = fitted

    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))

    assert np.asarray(lengths).ravel() == pytest.approx(np.ones(200))


def test_class_without_tweets_is_never_the_answer(fitted: Fitted) -> None:
    _, _, matrix, head = fitted

    assert set(head.scores(matrix).argmax(axis=1).tolist()) == {0, 1, 2, 3}
    assert head.biases[4:].tolist() == [-1.0] * 16


def test_two_classes_are_told_apart_like_many(corpus: Corpus, fitted: Fitted) -> None:
    batch, _, matrix, _ = fitted
    _, classes = corpus
    rows = classes < 2

    head = batch.fit_head(matrix[rows], classes[rows] + 1, class_count=3, inverse_regularisation=1.0, seed=0)

    assert (head.scores(matrix[rows]).argmax(axis=1) == classes[rows] + 1).mean() > 0.9


def test_rare_features_are_left_out_and_rarer_ones_weigh_more() -> None:
    from models.training import batch

    counts = np.zeros(FEATURE_COUNT, dtype=np.int64)
    counts[[3, 7, 9]] = 1, 2, 100

    space = batch.feature_space(counts, tweet_count=100, min_tweets=2)

    assert space.ids.tolist() == [7, 9]
    assert space.squared_rarities.tolist() == [127, 6]


@pytest.mark.parametrize("fold_count", [2, 5])
def test_folds_score_each_row_once_and_share_each_class(fold_count: int) -> None:
    from models.training import batch

    classes = np.array([0] * 20 + [1] * 10 + [2])

    dealt = list(batch.folds(classes, fold_count=fold_count, seed=1))

    assert sorted(np.concatenate([score for _, score in dealt]).tolist()) == list(range(31))
    for fit, score in dealt:
        assert sorted(np.r_[fit, score].tolist()) == list(range(31))
        assert abs((classes[score] == 0).sum() - 20 / fold_count) <= 1


@pytest.mark.parametrize(("power", "factor"), [(1.0, 0.25), (0.5, 0.5), (0.0, 1.0)])
def test_power_says_how_far_classes_weigh_the_same(power: float, factor: float) -> None:
    from models.training import batch

    classes = np.array([0] * 16 + [1, 2, 3] * 4)  # 28 tweets of 7 classes: 4 would be even

    balance = batch.class_balance(classes, class_count=7, power=power)

    assert balance.tolist() == [factor, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
