"""The records of a chunk, and how they are read: here the plain way, which says what is right.

`stream.compiled` has a faster one that gives the same bytes.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from models.contracts import Predictor
from models.errors import MalformedRecordError
from models.predictions import Predictions
from models.records import Tweet
from stream.codecs import decode_tweet
from stream.dead_letters import DeadLetter, Record
from stream.framing import AnyOutputs, Outputs
from stream.headers import AnswerHeaders
from stream.topics import Topics
from stream.writing import write_answers

Refuse = Callable[[Record, MalformedRecordError], DeadLetter]


class Reading(Protocol):
    """n records, m of them tweets."""

    @property
    def letters(self) -> dict[int, DeadLetter]:
        """Those that are none, by their place."""

    @property
    def places(self) -> Sequence[int]:
        """Of the tweets, m numbers."""

    def tweet(self, number: int) -> Tweet:
        """Give one of the tweets, 0 to m - 1."""

    def predict(self, predictor: Predictor) -> Predictions:
        """Classify the tweets."""

    def write(
        self, predictions: Predictions, headers: AnswerHeaders, *, topics: Topics, classified_at: str
    ) -> Sequence[AnyOutputs]:
        """Write the answers to the tweets, in their order, for both topics.

        Args:
            predictions: from `predict`.
            headers: of the chunk.
            topics: where they go.
            classified_at: see `models.records.ClassifiedTweet`.
        """


class PlainReading:
    """Implements `Reading` a record at a time.

    Args:
        records: any.
        refuse: makes a dead letter of a record.
    """

    def __init__(self, records: Sequence[Record], refuse: Refuse) -> None:
        self.letters: dict[int, DeadLetter] = {}
        self.places: list[int] = []
        self._records = records
        self._tweets: list[Tweet] = []
        for place, record in enumerate(records):
            try:
                self._tweets.append(decode_tweet(record.value))
                self.places.append(place)
            except MalformedRecordError as exc:
                self.letters[place] = refuse(record, exc)

    def tweet(self, number: int) -> Tweet:
        """Give one of the tweets."""
        return self._tweets[number]

    def predict(self, predictor: Predictor) -> Predictions:
        """Classify the tweets."""
        return predictor.predict(self._tweets)

    def write(
        self, predictions: Predictions, headers: AnswerHeaders, *, topics: Topics, classified_at: str
    ) -> list[Outputs]:
        """Write the answers, see `Reading`."""
        classified = Outputs(topics.classified.name, shared_headers=headers.classified)
        sentiment = Outputs(topics.sentiment.name, shared_headers=headers.sentiment)
        answers = write_answers(self._tweets, predictions, classified_at=classified_at)
        for place, tweet, values in zip(self.places, self._tweets, answers, strict=True):
            key = None if tweet.id is None else tweet.id.encode()
            own = headers.own(self._records[place].offset)
            for outputs, value in zip((classified, sentiment), values, strict=True):
                outputs.add(key, value, own)
        return [classified, sentiment]
