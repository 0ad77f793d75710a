"""Bytes of `tweets.classified` -> what is compared of a tweet."""

from datetime import datetime

import msgspec

from models.records import ClassifiedTweet
from monitoring.drift.describing import Description, describe
from monitoring.drift.vocabulary import Vocabulary

_decoder = msgspec.json.Decoder(ClassifiedTweet)
# What bad values of fields can lead to: msgspec's errors are ValueErrors, a time without zone gives a TypeError.
_MALFORMED = (ValueError, TypeError, OverflowError, RecursionError)


class Answered:
    """A classified tweet and when it was classified.

    Attributes:
        tweet: as it was written.
        at: seconds since 1970.
    """

    __slots__ = ("at", "tweet")

    def __init__(self, tweet: ClassifiedTweet) -> None:
        moment = datetime.fromisoformat(tweet.classified_at)
        if moment.tzinfo is None:
            raise ValueError("classified_at has no time zone")
        self.tweet = tweet
        self.at = moment.timestamp()

    def described(self, trained: Vocabulary) -> Description | None:
        """Give what is compared of it; None where a value is none that a worker writes.

        Args:
            trained: the words that the model's training saw.
        """
        try:
            return describe(self.tweet, trained)
        except _MALFORMED:
            return None


def decode_answered(value: bytes | None) -> Answered | None:
    """Read a record; None where it is no classified tweet."""
    if value is None:
        return None
    try:
        return Answered(_decoder.decode(value))
    except _MALFORMED:
        return None
