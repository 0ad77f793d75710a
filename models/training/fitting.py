"""Labelled tweets, and what a teacher adds to them, to one set of weights for both heads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.calibration import FloatArray, fit_temperature, softmax
from models.data.dataset import Classes, LabelledTweets
from models.features import IntArray, feature_rows
from models.taxonomy import LABELS, SENTIMENTS
from models.training import batch
from models.training.arguments import TrainingArguments
from models.training.scaling import Scaling, fit_scaling, scaled
from models.training.soft_labels import SoftLabels
from models.weights import HEAD_COLUMNS, Weights

Begin = Callable[[str], None]
"""Told of each step as it begins."""

FIT_STEPS = 2
_CLASS_COUNTS = (len(LABELS), len(SENTIMENTS))
_TEACHER_SHARE = 0.7  # of the mean of the teacher's and the linear model's log-probabilities
_TINY = 1e-6


def fit(
    labelled: LabelledTweets,
    with_sentiment: LabelledTweets,
    soft_labels: SoftLabels | None,
    arguments: TrainingArguments,
    *,
    begin: Begin,
    scalings: Sequence[Scaling] | None = None,
) -> Weights:
    """Fit both heads; equal input gives equal weights.

    Args:
        labelled: tweets with topics, at least two classes.
        with_sentiment: tweets with sentiments, at least two classes.
        soft_labels: of a teacher, for just these tweets; or None to learn from the labels alone.
        arguments: see there.
        begin: told of each of the `FIT_STEPS` steps.
        scalings: of both heads' scores; None to fit them out of fold, which takes a fit for each fold.
    """
    texts = [labelled.texts, with_sentiment.texts, soft_labels.further.texts if soft_labels else ()]
    if soft_labels:
        arguments = arguments.taught()
    begin(f"hashing {sum(map(len, texts)):,} texts")
    hashed = [batch.HashedTweets(*feature_rows(part)) for part in texts]
    space = batch.feature_space(
        np.sum([part.counts() for part in hashed], axis=0),
        tweet_count=sum(map(len, texts)),
        min_tweets=arguments.min_tweets_per_feature,
    )
    begin(f"fitting both heads on {len(space.ids):,} features")
    matrices = [space.matrix(part) for part in hashed]
    known = [None, None] if scalings is None else scalings
    (labels, of_labels), (sentiments, of_sentiments) = (
        _fitted(_Head(place, tweets, matrices, soft_labels, arguments), known[place])
        for place, tweets in enumerate((labelled, with_sentiment))
    )
    return scaled(batch.export_weights(space, (labels, sentiments)), [of_labels, of_sentiments])


def certain_targets(classes: Classes, *, place: int) -> batch.Targets:
    """Give what the head at a place should say of n tweets whose classes are certain."""
    shares = batch.one_hot(classes, class_count=_CLASS_COUNTS[place])
    return batch.Targets(shares, np.ones(len(shares)))


def solve(
    matrix: batch.Matrix, targets: batch.Targets, classes: Classes, *, place: int, arguments: TrainingArguments
) -> batch.LinearHead:
    """Fit the head at a place: 0 for the labels, 1 for the sentiments.

    Args:
        matrix: shape (n, rows), from `FeatureSpace.matrix`.
        targets: of these n tweets.
        classes: of the tweets that are labelled for this head; they say how much each class counts.
        place: of the head.
        arguments: see there.
    """
    strengths = arguments.label_inverse_regularisation, arguments.sentiment_inverse_regularisation
    powers = arguments.label_balance_power, arguments.sentiment_balance_power
    balance = batch.class_balance(classes, class_count=_CLASS_COUNTS[place], power=powers[place])
    return batch.fit_soft_head(matrix, targets, balance, inverse_regularisation=strengths[place], seed=arguments.seed)


@dataclass(frozen=True)
class _Head:
    """What one head is fitted on.

    Attributes:
        place: 0 for the labels, 1 for the sentiments.
        tweets: labelled for this head.
        matrices: of the tweets with topics, those with sentiments, and the further texts.
        soft_labels: see `fit`.
        arguments: see `fit`.
    """

    place: int
    tweets: LabelledTweets
    matrices: list[batch.Matrix]
    soft_labels: SoftLabels | None
    arguments: TrainingArguments

    @property
    def own(self) -> batch.Matrix:
        return self.matrices[self.place]

    @property
    def other(self) -> batch.Matrix:
        return self.matrices[1 - self.place]

    def solve(self, material: "_Material") -> batch.LinearHead:
        return solve(material.matrix, material.targets, self.tweets.classes, place=self.place, arguments=self.arguments)

    def out_of_fold(self, material: "_Material") -> FloatArray:
        """Score the head's own tweets, each by a fit that has seen nothing made of it; shape (tweets, classes)."""
        scores = np.empty((len(self.tweets), _CLASS_COUNTS[self.place]))
        folds = batch.folds(self.tweets.classes, fold_count=self.arguments.fold_count, seed=self.arguments.seed)
        for _, score_rows in folds:
            scores[score_rows] = self.solve(material.without(score_rows)).scores(self.own[score_rows])
        return scores


@dataclass(frozen=True)
class _Material:
    """What one head is fitted to, n rows.

    Attributes:
        matrix: their features.
        targets: what the head should say of them.
        origins: the head's own tweets that each row was made of, -1 for none; shape (n, 2).
    """

    matrix: batch.Matrix
    targets: batch.Targets
    origins: IntArray

    def without(self, tweets: IntArray) -> "_Material":
        """Leave out what was made of some of the head's own tweets."""
        rows = np.flatnonzero(~np.isin(self.origins, tweets).any(axis=1))
        targets = batch.Targets(self.targets.shares[rows], self.targets.weights[rows])
        return _Material(self.matrix[rows], targets, self.origins[rows])


def _fitted(head: _Head, scaling: Scaling | None) -> tuple[batch.LinearHead, Scaling]:
    """Fit a head, and the scaling of its scores where none is given."""
    material = _from_labels(head)
    if head.soft_labels is not None:
        material = _from_soft_labels(head, head.soft_labels, material)
    if scaling is None:
        scaling = fit_scaling(head.out_of_fold(material), head.tweets.classes)
    return head.solve(material), scaling


def _from_labels(head: _Head) -> _Material:
    rows = np.arange(len(head.tweets))
    targets = certain_targets(head.tweets.classes, place=head.place)
    return _Material(head.own, targets, np.column_stack([rows, rows]))


def _from_soft_labels(head: _Head, soft_labels: SoftLabels, labels: _Material) -> _Material:
    """Mix the given labels with what the teacher and a linear model fitted to the labels think."""
    out_of_fold = head.out_of_fold(labels)
    temperature = fit_temperature(out_of_fold, head.tweets.classes)
    arguments, columns = head.arguments, HEAD_COLUMNS[head.place]
    answers = soft_labels.labelled, soft_labels.with_sentiment
    own_answers, other_answers = answers[head.place][:, columns], answers[1 - head.place][:, columns]
    thought = _mean(own_answers, softmax(out_of_fold, temperature=temperature))
    own_shares = arguments.hard_share * labels.targets.shares + (1 - arguments.hard_share) * thought
    other_shares = _mean(other_answers, softmax(head.solve(labels).scores(head.other), temperature=temperature))
    matrix = sparse.vstack([head.own, head.other, head.matrices[-1]]).tocsr()
    targets = batch.Targets(
        np.vstack([own_shares, other_shares, soft_labels.further_probabilities[:, columns]]),
        np.concatenate(
            [
                np.ones(len(own_shares)),
                np.full(len(other_shares), arguments.other_head_weight),
                soft_labels.further.weights[:, head.place],
            ]
        ),
    )
    return _Material(matrix, targets, _origins(head, soft_labels))


def _origins(head: _Head, soft_labels: SoftLabels) -> IntArray:
    """Name for each row of the joined matrix the head's own tweets that it was made of; -1 for none; shape (n, 2)."""
    own_count, other_count = head.own.shape[0], head.other.shape[0]
    first_own = other_count if head.place else 0  # the soft labels have the tweets with topics first
    own = soft_labels.further.origins - first_own
    own = np.where((soft_labels.further.origins < first_own) | (own >= own_count), -1, own)
    rows = np.arange(own_count)
    return np.vstack([np.column_stack([rows, rows]), np.full((other_count, 2), -1), own])


def _mean(first: FloatArray, second: FloatArray) -> FloatArray:
    """Average two sets of probabilities in their logarithms."""
    logarithms = _TEACHER_SHARE * np.log(first + _TINY) + (1 - _TEACHER_SHARE) * np.log(second + _TINY)
    return softmax(logarithms, temperature=1.0)
