"""The streams of the benchmark of online learning: labelled tweets that a batch model has not seen, then the world moves.

Half of the deduplicated tweets train a batch model, the other half is the stream; what changes, changes in its middle.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.compiled.layout import Answers
from models.data.dataset import HeadSplit, LabelledTweets, deduplicated, read_split, read_topics
from models.scorer import Scorer
from models.taxonomy import LABELS, Label
from models.training.arguments import TrainingArguments
from models.training.fitting import fit

SWAPPED = (Label.COMPANY_PRODUCT_NEWS, Label.STOCK_COMMENTARY)  # the two largest
NEW = (
    Label.FED_CENTRAL_BANKS,
    Label.EARNINGS,
    Label.GENERAL_NEWS_OPINION,
    Label.M_AND_A_INVESTMENTS,
    Label.POLITICS,
)
NOISE = 0.3
LATE = 1_000
BURST = 500
FELT_CASES = {
    "no drift": (0.0, 0.0),
    "noise from the middle on": (NOISE, 0.5),
    "nothing but noise from the middle on": (1.0, 0.5),
    "noise": (NOISE, 0.0),
}
"""Of sentiments: which share of labels is random, and after which part of the stream."""

Array = np.ndarray


@dataclass(frozen=True)
class Stream:
    """One case of one seed.

    Attributes:
        case: its name.
        scorer: of the batch model.
        texts: n tweets in order.
        truth: shape (n,): the true topics.
        labels: shape (n,): the topics that the learner is told.
        middle: the first tweet after the change.
        with_sentiment: tweets with sentiments that the batch model has not seen.
        delay: after how many further tweets a label is learned.
    """

    case: str
    scorer: Scorer
    texts: tuple[str, ...]
    truth: Array
    labels: Array
    middle: int
    with_sentiment: LabelledTweets
    delay: int = 0

    def answers(self) -> Answers:
        """What the batch model says."""
        return self.scorer.answers(self.texts, top_k=1)


def streams(folder: Path, seed: int) -> Iterator[Stream]:
    """Give all cases of a seed."""
    chooser = np.random.default_rng(seed)
    tweets = deduplicated(read_topics(folder))
    order = chooser.permutation(len(tweets))
    history, stream = tweets.take(order[: len(order) // 2]), tweets.take(order[len(order) // 2 :])
    with_sentiment = read_split(folder, held_out_share=0.5, seed=seed).sentiments
    shuffled = np.random.default_rng(seed).permutation(len(with_sentiment.held_out))  # the file is sorted by class
    with_sentiment = replace(with_sentiment, held_out=with_sentiment.held_out.take(shuffled))
    truth, middle = stream.classes, len(stream) // 2
    calm = Stream(
        "no drift", _scorer(history, with_sentiment), stream.texts, truth, truth, middle, with_sentiment.held_out
    )
    swap = replace(calm, case="swap", truth=_swapped(truth, middle), labels=_swapped(truth, middle))
    fresh = _with_new_labels(history, with_sentiment, stream)
    yield calm
    yield _long(tweets.take(order), with_sentiment)
    yield swap
    yield fresh
    for one in (calm, swap, fresh):
        yield replace(one, case=f"{one.case}, late", delay=LATE)
    noise = chooser.integers(0, len(LABELS), len(truth))
    is_noise = chooser.random(len(truth)) < NOISE
    yield replace(calm, case="noise", middle=0, labels=np.where(is_noise, noise, truth))
    is_noise[:middle] = False
    yield replace(calm, case="noise from the middle on", labels=np.where(is_noise, noise, truth))
    yield replace(calm, case="one class from the middle on", labels=np.where(is_noise, LABELS.index(SWAPPED[0]), truth))
    is_after = np.arange(len(truth)) >= middle
    yield replace(calm, case="nothing but noise from the middle on", labels=np.where(is_after, noise, truth))
    is_after[middle + BURST :] = False
    yield replace(calm, case="a burst of noise", labels=np.where(is_after, noise, truth))


def _long(tweets: LabelledTweets, with_sentiment: HeadSplit) -> Stream:
    """Train on a third, so that 10,000 labels follow."""
    history, stream = tweets.take(range(len(tweets) // 3)), tweets.take(range(len(tweets) // 3, len(tweets)))
    scorer = _scorer(history, with_sentiment)
    return Stream("10,000 labels", scorer, stream.texts, stream.classes, stream.classes, 0, with_sentiment.held_out)


def _scorer(history: LabelledTweets, with_sentiment: HeadSplit) -> Scorer:
    return Scorer(fit(history, with_sentiment.train, None, TrainingArguments(), begin=lambda _: None))


def _swapped(truth: Array, middle: int) -> Array:
    one, other = (LABELS.index(label) for label in SWAPPED)
    moved = truth.copy()
    moved[middle:][truth[middle:] == one] = other
    moved[middle:][truth[middle:] == other] = one
    return moved


def _with_new_labels(history: LabelledTweets, with_sentiment: HeadSplit, stream: LabelledTweets) -> Stream:
    """Take five topics out of the training and of the first half of the stream."""
    new = [LABELS.index(label) for label in NEW]
    middle = len(stream) // 2
    is_kept = ~np.isin(stream.classes, new)
    is_kept[middle:] = True
    scorer = _scorer(history.take(np.flatnonzero(~np.isin(history.classes, new))), with_sentiment)
    kept = stream.take(np.flatnonzero(is_kept))
    middle = int(is_kept[:middle].sum())
    return Stream("new labels", scorer, kept.texts, kept.classes, kept.classes, middle, with_sentiment.held_out)
