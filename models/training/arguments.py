"""What a training depends on besides the data; needs no training library."""

from typing import Annotated

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class TrainingArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a training depends on besides the data; `config/args.json` in a checkout.

    The arguments below `sentiment_balance_power` count only with a teacher; see `taught`. A balance power says how far the classes
    are made to weigh the same: 1 wholly, 0 not at all. A weight says how much a text counts where a labelled tweet
    counts 1.

    Attributes:
        seed: of the split, the folds, the solver and the teacher.
        held_out_share: of each class, to measure on where no validation files are published.
        fold_count: parts for the out-of-fold scores that a scaling is fitted on.
        min_tweets_per_feature: features of fewer training tweets are left out.
        label_inverse_regularisation: C of the label head.
        sentiment_inverse_regularisation: C of the sentiment head.
        label_balance_power: of the label head.
        sentiment_balance_power: of the sentiment head.
        taught_min_texts_per_feature: as `min_tweets_per_feature`; a teacher's further texts count as tweets do.
        taught_label_balance_power: as `label_balance_power`.
        taught_sentiment_balance_power: as `sentiment_balance_power`.
        teacher_epochs: times that the teacher sees each labelled tweet.
        teacher_learning_rate: of the teacher's layers, at its highest.
        teacher_consistency: how much it counts that the teacher answers the same whatever is dropped out of it.
        hard_share: of the given label in what a labelled tweet should be answered with; the rest is the teacher's.
        other_head_weight: of tweets that are labelled for the other head.
        augmented_copies: changed copies of each labelled tweet.
        augmented_label_weight: of a copy, for the label head.
        augmented_sentiment_weight: of a copy, for the sentiment head.
        unlabelled_weight: of a text in the file of unlabelled tweets.
    """

    seed: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] = 7
    held_out_share: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.15
    fold_count: Annotated[int, msgspec.Meta(ge=2, le=20)] = 5
    min_tweets_per_feature: Annotated[int, msgspec.Meta(ge=1)] = 2
    label_inverse_regularisation: Positive = 1.0
    sentiment_inverse_regularisation: Positive = 1.0
    label_balance_power: Share = 1.0
    sentiment_balance_power: Share = 1.0
    taught_min_texts_per_feature: Annotated[int, msgspec.Meta(ge=1)] = 4
    taught_label_balance_power: Share = 0.5
    taught_sentiment_balance_power: Share = 0.75
    teacher_epochs: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
    teacher_learning_rate: Positive = 1.2e-4
    teacher_consistency: NotNegative = 1.0
    hard_share: Share = 0.8
    other_head_weight: NotNegative = 0.8
    augmented_copies: Annotated[int, msgspec.Meta(ge=0, le=20)] = 8
    augmented_label_weight: NotNegative = 0.35
    augmented_sentiment_weight: NotNegative = 0.25
    unlabelled_weight: NotNegative = 0.3

    def taught(self) -> "TrainingArguments":
        """Give the arguments for a fit that learns from a teacher too, with what replaces others then in its place."""
        return msgspec.structs.replace(
            self,
            min_tweets_per_feature=self.taught_min_texts_per_feature,
            label_balance_power=self.taught_label_balance_power,
            sentiment_balance_power=self.taught_sentiment_balance_power,
        )
