"""The protocol of this project's predecessor, for comparison: six topics and the rest, split 70/15/15 by class.

Kept are six topics; all else, and each of the six with fewer than 750 rows, becomes `other`. What its description leaves
open is done as follows. It does not drop repeats, so rows are taken as they are; the same without repeats is measured
beside it. The 15 % for validation are left out, as nothing is chosen on them. Figures are means over three splits.
"""

from statistics import fmean

import msgspec
import numpy as np

from models.calibration import softmax
from models.data.dataset import LabelledTweets, deduplicated, split_off
from models.evaluation.metrics import head_performance
from models.features import feature_rows
from models.taxonomy import LABELS, Label
from models.training import batch
from models.training.arguments import TrainingArguments
from models.training.trainer import Progress

KEPT = (
    Label.COMPANY_PRODUCT_NEWS,
    Label.STOCK_COMMENTARY,
    Label.MACRO,
    Label.GENERAL_NEWS_OPINION,
    Label.STOCK_MOVEMENT,
    Label.M_AND_A_INVESTMENTS,
)
MIN_ROWS = 750
TEST_SHARE = VALIDATION_SHARE = 0.15
SPLITS = 3


class WeightedScores(msgspec.Struct, frozen=True):
    """Means over the classes, weighted by their test tweets; 0 to 1."""

    precision: float
    recall: float
    f1: float


PREDECESSOR = WeightedScores(precision=0.736, recall=0.731, f1=0.729)
"""What it reached, as it was handed down."""


class ProtocolScores(msgspec.Struct, frozen=True):
    """Our features and linear head under the predecessor's protocol.

    Attributes:
        classes: names of the classes that were left, `other` last.
        rows: labelled tweets, repeats and all.
        predecessor: what it reached.
        ours: on the same rows.
        ours_without_repeats: with each text once, links aside.
    """

    classes: tuple[str, ...]
    rows: int
    predecessor: WeightedScores
    ours: WeightedScores
    ours_without_repeats: WeightedScores


def predecessor_protocol(tweets: LabelledTweets, arguments: TrainingArguments, *, progress: Progress) -> ProtocolScores:
    """Train and measure on three splits with and three without repeats.

    Args:
        tweets: with topics, repeats and all, see `models.data.dataset.read_topics`.
        arguments: of the training; the splits take its seed and the next two.
        progress: told of each step.
    """
    counts = np.bincount(tweets.classes, minlength=len(LABELS))
    kept = [label for label in KEPT if counts[LABELS.index(label)] >= MIN_ROWS]
    merged = _merged(tweets, kept)
    names = (*kept, "other")
    seeds = range(arguments.seed, arguments.seed + SPLITS)
    variants = [(rows, seed) for rows in (merged, deduplicated(merged)) for seed in seeds]
    scores = []
    for done, (rows, seed) in enumerate(variants):
        progress("training by the predecessor's protocol", done, len(variants))
        scores.append(_scores(rows, names, msgspec.structs.replace(arguments, seed=seed)))
    progress("done", len(variants), len(variants))
    return ProtocolScores(names, len(tweets), PREDECESSOR, _mean(scores[:SPLITS]), _mean(scores[SPLITS:]))


def _merged(tweets: LabelledTweets, kept: list[Label]) -> LabelledTweets:
    column_of = np.full(len(LABELS), len(kept))
    column_of[[LABELS.index(label) for label in kept]] = np.arange(len(kept))
    return LabelledTweets(tweets.texts, column_of[tweets.classes])


def _scores(tweets: LabelledTweets, names: tuple[str, ...], arguments: TrainingArguments) -> WeightedScores:
    rest_and_test = split_off(tweets, share=TEST_SHARE, seed=arguments.seed)
    rest, test = rest_and_test.train, rest_and_test.held_out
    train = split_off(rest, share=VALIDATION_SHARE / (1 - TEST_SHARE), seed=arguments.seed).train
    hashed = batch.HashedTweets(*feature_rows(train.texts))
    space = batch.feature_space(hashed.counts(), tweet_count=len(train), min_tweets=arguments.min_tweets_per_feature)
    head = batch.fit_head(
        space.matrix(hashed),
        train.classes,
        class_count=len(names),
        inverse_regularisation=arguments.label_inverse_regularisation,
        seed=arguments.seed,
    )
    scores = head.scores(space.matrix(batch.HashedTweets(*feature_rows(test.texts))))
    performance = head_performance(softmax(scores, temperature=1.0), test.classes, names)
    shares = np.array([(one.precision, one.recall, one.f1) for one in performance.classes.values()])
    weights = np.array([one.tweets for one in performance.classes.values()])
    return WeightedScores(*np.average(shares, axis=0, weights=weights).tolist())


def _mean(scores: list[WeightedScores]) -> WeightedScores:
    return WeightedScores(*(fmean(column) for column in zip(*map(msgspec.structs.astuple, scores), strict=True)))
