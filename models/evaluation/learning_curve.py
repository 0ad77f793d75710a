"""What more labelled tweets would give: the same evaluation after training on a part of them."""

from dataclasses import replace

import msgspec

from models.data.dataset import HeadSplit, Split, split_off
from models.evaluation.metrics import evaluate
from models.training.arguments import TrainingArguments
from models.training.fitting import fit
from models.training.trainer import Progress, scalings_to_measure

SHARES = (0.25, 0.5, 0.75, 1.0)


class LearningPoint(msgspec.Struct, frozen=True):
    """Both heads after training on a share of each class's training tweets; all but the counts are 0 to 1."""

    share: float
    label_tweets: int
    label_accuracy: float
    label_macro_f1: float
    sentiment_tweets: int
    sentiment_accuracy: float
    sentiment_macro_f1: float


def learning_curve(split: Split, arguments: TrainingArguments, *, progress: Progress) -> tuple[LearningPoint, ...]:
    """Train on each of `SHARES`, chosen by the arguments' seed, and measure on the same held-out tweets.

    No teacher takes part: one would have to be fine-tuned for each share.
    """
    points = []
    for done, share in enumerate(SHARES):
        progress(f"training on {share:.0%} of the tweets", done, len(SHARES))
        points.append(_point(split, arguments, share))
    progress("done", len(SHARES), len(SHARES))
    return tuple(points)


def _point(split: Split, arguments: TrainingArguments, share: float) -> LearningPoint:
    part = replace(
        split,
        labels=_part(split.labels, share, arguments.seed),
        sentiments=_part(split.sentiments, share, arguments.seed),
    )
    scalings = scalings_to_measure(split)
    weights = fit(part.labels.train, part.sentiments.train, None, arguments, begin=_say_nothing, scalings=scalings)
    evaluation = evaluate(weights, part)
    labels, sentiments = evaluation.labels.performance, evaluation.sentiments.performance
    return LearningPoint(
        share=share,
        label_tweets=len(part.labels.train),
        label_accuracy=labels.accuracy,
        label_macro_f1=labels.macro_f1,
        sentiment_tweets=len(part.sentiments.train),
        sentiment_accuracy=sentiments.accuracy,
        sentiment_macro_f1=sentiments.macro_f1,
    )


def _part(head: HeadSplit, share: float, seed: int) -> HeadSplit:
    if share == 1:
        return head
    return HeadSplit(split_off(head.train, share=1 - share, seed=seed).train, head.held_out)


def _say_nothing(step: str) -> None:
    """The steps within a training are not told: the curve has its own."""
