"""Training tweets dealt into folds, and what a linear model says of each tweet when it has not learned from it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import msgspec
import numpy as np

from models.data.dataset import Classes, LabelledTweets
from models.evaluation.differences import MetricDifference, joint_difference, paired_gains
from models.evaluation.intervals import confusion_counts, f1_scores
from models.features import IntArray, feature_rows
from models.taxonomy import LABELS, SENTIMENTS
from models.training import batch
from models.training.arguments import TrainingArguments
from models.training.fitting import certain_targets, solve

Answers: TypeAlias = tuple[Classes, Classes]
"""A column for each tweet with a topic, then for each with a sentiment; `UNANSWERED` where its fold is still to come."""
Rows: TypeAlias = tuple[tuple[tuple[IntArray, IntArray], ...], ...]
"""For each fold and head: rows to fit on, rows to answer."""

FOLD_COUNT = 5  # a trial then takes 3 to 6 s, and its models learn from four fifths of the training tweets
UNANSWERED = -1
_CLASS_COUNTS = (len(LABELS), len(SENTIMENTS))


class Figures(msgspec.Struct, frozen=True):
    """How both heads fare on the tweets that are answered; all are 0 to 1."""

    label_accuracy: float
    label_macro_f1: float
    sentiment_accuracy: float
    sentiment_macro_f1: float

    @property
    def mean(self) -> float:
        """What the search maximises."""
        return float(np.mean(msgspec.structs.astuple(self)))


@dataclass(frozen=True)
class Folds:
    """Both heads' tweets, hashed and dealt once, so that all arguments are measured on the same folds.

    Attributes:
        heads: tweets with topics, tweets with sentiments; deduplicated, so that no repeat is on both sides of a fold.
        hashed: their features.
        rows: how they are dealt.
    """

    heads: tuple[LabelledTweets, LabelledTweets]
    hashed: tuple[batch.HashedTweets, batch.HashedTweets]
    rows: Rows

    def dealt_anew(self, *, seed: int) -> "Folds":
        """Deal the same tweets in another way."""
        return replace(self, rows=_rows(self.heads, seed))

    def answers(self, arguments: TrainingArguments) -> Iterator[Answers]:
        """Fit each fold's model and let it answer the fold; gives all answers so far, after each fold.

        They are the same two arrays each time, filled further. As in a training, which features are kept and how rare they
        are is counted on the tweets to fit on alone.
        """
        said = tuple(np.full(len(head), UNANSWERED) for head in self.heads)
        for fold in self.rows:
            fit_parts = [hashed.take(rows) for hashed, (rows, _) in zip(self.hashed, fold, strict=True)]
            space = batch.feature_space(
                np.sum([part.counts() for part in fit_parts], axis=0),
                tweet_count=sum(len(rows) for rows, _ in fold),
                min_tweets=arguments.min_tweets_per_feature,
            )
            for place, (fit_rows, score_rows) in enumerate(fold):
                classes = self.heads[place].classes[fit_rows]
                head = solve(
                    space.matrix(fit_parts[place]),
                    certain_targets(classes, place=place),
                    classes,
                    place=place,
                    arguments=arguments,
                )
                scores = head.scores(space.matrix(self.hashed[place].take(score_rows)))
                said[place][score_rows] = scores.argmax(axis=1)
            yield said[0], said[1]

    def figures(self, said: Answers) -> Figures:
        """Measure the tweets that are answered, of each head at least one."""
        found: list[float] = []
        for head, columns, class_count in zip(self.heads, said, _CLASS_COUNTS, strict=True):
            rows = columns != UNANSWERED
            counts = confusion_counts(columns[rows], head.classes[rows], class_count=class_count)
            found += [float(np.trace(counts) / counts.sum()), float(np.nanmean(f1_scores(counts)))]
        return Figures(*found)

    def gain(self, ours: Answers, theirs: Answers) -> MetricDifference:
        """Give how much greater the mean of the figures is, both having answered every tweet."""
        return joint_difference(
            "mean of the figures",
            [
                gain
                for place, head in enumerate(self.heads)
                for gain in paired_gains(
                    ours[place], theirs[place], truth=head.classes, class_count=_CLASS_COUNTS[place], seed=place
                )
            ],
        )


def deal(labelled: LabelledTweets, with_sentiment: LabelledTweets, *, seed: int) -> Folds:
    """Hash both heads' tweets and deal those of each class evenly into folds.

    Args:
        labelled: tweets with topics, deduplicated.
        with_sentiment: tweets with sentiments, deduplicated.
        seed: of the folds.
    """
    heads = labelled, with_sentiment
    labelled_rows, sentiment_rows = (batch.HashedTweets(*feature_rows(head.texts)) for head in heads)
    return Folds(heads, (labelled_rows, sentiment_rows), _rows(heads, seed))


def _rows(heads: tuple[LabelledTweets, LabelledTweets], seed: int) -> Rows:
    dealt = (batch.folds(head.classes, fold_count=FOLD_COUNT, seed=seed) for head in heads)
    return tuple(zip(*dealt, strict=True))
