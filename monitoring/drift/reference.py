"""What a feed is compared with: the tweets of a time when all was well, as counts, without texts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import Numbers, Window


@dataclass(frozen=True)
class Reference:
    """A reference.

    Attributes:
        id: what events call it: hash of its content.
        model_name: name of the registered model that answered.
        model_version: its version; windows of another one are compared with another reference.
        source: where its tweets come from, a sentence.
        tweets: how many.
        shares: of each column of shares, how many tweets have each item.
        numbers: of each column of numbers, some of them in rising order.
        between: of each column, how much it moves from window to window beside chance; see `monitoring.drift.spread`.
        terms: in how many different texts each word stands.
        trained: the words that the model's training saw.
        sentiments: of each frequent ticker, how many of its tweets have each sentiment.
    """

    id: str
    model_name: str
    model_version: str
    source: str
    tweets: int
    shares: Mapping[str, Counter[str]]
    numbers: Mapping[str, Numbers]
    between: Mapping[str, float]
    terms: Vocabulary
    trained: Vocabulary
    sentiments: Mapping[str, Counter[str]]


def reference_of(
    windows: Sequence[Window], *, trained: Vocabulary, model_name: str, model_version: str, source: str
) -> Reference:
    """Make a reference of windows in the order of their time; `between` is 0 with a single one."""
    raise NotImplementedError


def save_reference(reference: Reference, path: Path) -> None:
    """Write a reference to a file, at once."""
    raise NotImplementedError


def load_reference(path: Path) -> Reference:
    """Read a reference.

    Raises:
        DriftError: the file is not there, is none, or was written by another format.
    """
    raise NotImplementedError
