"""The stated limits for labelled tweets, by what their labels mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from models.taxonomy import LABELS, SENTIMENTS


class Kind(StrEnum):
    """What the labels of a file mean."""

    TOPIC = "topic"
    SENTIMENT = "sentiment"


@dataclass(frozen=True)
class Limits:
    """The stated limits for one kind of labels.

    Attributes:
        classes: the class names; position = label id in the file.
        duplicate_share: most rows, 0 to 1, whose text stands in an earlier row once links are gone.
        class_share: fewest rows of each class, 0 to 1 of all rows.
    """

    classes: tuple[StrEnum, ...]
    duplicate_share: float
    class_share: float


# The public training files have 9.9 % and 1.4 % duplicates; their rarest classes have 0.26 % and 15 % of the rows.
LIMITS: Mapping[Kind, Limits] = {
    Kind.TOPIC: Limits(LABELS, duplicate_share=0.15, class_share=0.001),
    Kind.SENTIMENT: Limits(SENTIMENTS, duplicate_share=0.05, class_share=0.05),
}

# The feed of 74,849 real tweets has 14 % duplicates and 87 % English ones; its most frequent label has 64 %.
STREAM_DUPLICATE_SHARE = 0.25
ENGLISH_SHARE = 0.75
LARGEST_CLASS_SHARE = 0.9
