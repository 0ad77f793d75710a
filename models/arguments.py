"""What a training depends on besides the data; needs no training library."""

from typing import Annotated

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0)]


class TrainingArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a training depends on besides the data; `config/args.json` in a checkout.

    Attributes:
        seed: of the split, the folds and the solver.
        held_out_share: of each class, to measure on where no validation files are published.
        fold_count: parts for the out-of-fold scores that the temperatures are fitted on.
        min_tweets_per_feature: features of fewer training tweets are left out.
        label_inverse_regularisation: C of the label head.
        sentiment_inverse_regularisation: C of the sentiment head.
    """

    seed: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] = 7
    held_out_share: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.15
    fold_count: Annotated[int, msgspec.Meta(ge=2, le=20)] = 5
    min_tweets_per_feature: Annotated[int, msgspec.Meta(ge=1)] = 2
    label_inverse_regularisation: Positive = 1.0
    sentiment_inverse_regularisation: Positive = 1.0
