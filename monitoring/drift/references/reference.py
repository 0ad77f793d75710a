"""What a feed is compared with: the tweets of a time when all was well, as counts, without texts."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec

from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import Numbers


@dataclass(frozen=True)
class Reference:
    """A reference.

    Attributes:
        model_name: name of the registered model that answered.
        model_version: its version; windows of another one are compared with another reference.
        source: where its tweets come from, a sentence.
        tweets: how many.
        shares: of each column of shares, how many tweets have each item.
        numbers: of each column of numbers, some of them in rising order.
        between: of each column, how much it moves from window to window beside chance; see `monitoring.drift.references.spread`.
        usual: of each column, the score that windows of the reference itself reach; what is divided by it, if above 1.
        terms: in how many different texts each word stands.
        trained: the words that the model's training saw.
        sentiments: of each frequent ticker, how many of the different texts that name it have each sentiment.
    """

    model_name: str
    model_version: str
    source: str
    tweets: int
    shares: Mapping[str, Counter[str]]
    numbers: Mapping[str, Numbers]
    between: Mapping[str, float]
    usual: Mapping[str, float]
    terms: Vocabulary
    trained: Vocabulary
    sentiments: Mapping[str, Counter[str]]

    @cached_property
    def id(self) -> str:
        """What events call it: 8 hexadecimal digits of a hash of its content."""
        counted = [self.model_name, self.model_version, self.source, self.tweets, self.shares, self.sentiments]
        digest = hashlib.sha256(msgspec.json.encode([*counted, self.between, self.usual], order="deterministic"))
        for column in sorted(self.numbers):
            digest.update(self.numbers[column].tobytes())
        for vocabulary in (self.terms, self.trained):
            for array in vocabulary.arrays():
                digest.update(array.tobytes())
        return digest.hexdigest()[:8]
