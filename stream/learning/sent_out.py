"""The tweets that were sent out for labelling: where feedback without a text finds it."""

import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Protocol

from models.errors import MalformedRecordError
from models.feedback import ToLabel
from stream.codecs import decode_to_label
from stream.kafka.topic_reader import TopicReader

GLANCE_SECONDS = 1.0  # nobody labels a tweet sooner

logger = logging.getLogger(__name__)


class SentOut(Protocol):
    """Where a tweet that was sent out is looked up."""

    def find(self, tweet_ids: Iterable[str]) -> dict[str, ToLabel]:
        """Give those of the tweets that were sent out and are still kept, by their ids."""

    def glance(self, tweet_ids: Iterable[str]) -> dict[str, ToLabel]:
        """Give the same, but for tweets that were sent out in the last moment."""


class SentOutTopic:
    """Implements `SentOut` with the topic itself, read as far as it goes before an id is called unknown.

    A table beside the topic would be a copy of it, and would know a tweet some moments later than the one who labels it.
    """

    def __init__(self, reader: TopicReader, *, kept_tweets: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Read nothing yet.

        Args:
            reader: of `tweets.to-label`, from its beginning.
            kept_tweets: most tweets that are kept, the latest ones.
            clock: gives seconds that only grow.
        """
        self._reader = reader
        self._kept_tweets = kept_tweets
        self._clock = clock
        self._read_at = -math.inf
        self._tweets: OrderedDict[int, ToLabel] = OrderedDict()

    def find(self, tweet_ids: Iterable[str]) -> dict[str, ToLabel]:
        """Give those of the tweets that were sent out and are still kept, by their ids.

        Raises:
            BrokerError: the topic can't be read.
        """
        return self._found(tweet_ids, newer_than=math.inf)

    def glance(self, tweet_ids: Iterable[str]) -> dict[str, ToLabel]:
        """Give the same, but for tweets that were sent out in the last second: asking Kafka takes milliseconds.

        Raises:
            BrokerError: the topic can't be read.
        """
        return self._found(tweet_ids, newer_than=self._clock() - GLANCE_SECONDS)

    def _found(self, tweet_ids: Iterable[str], *, newer_than: float) -> dict[str, ToLabel]:
        wanted = {tweet_id: int(tweet_id) for tweet_id in tweet_ids}
        if self._read_at < newer_than and any(key not in self._tweets for key in wanted.values()):
            self._catch_up()
        return {tweet_id: self._tweets[key] for tweet_id, key in wanted.items() if key in self._tweets}

    def _catch_up(self) -> None:
        unreadable = 0
        self._read_at = self._clock()
        for record in self._reader.read_to_end():
            try:
                tweet = decode_to_label(record.value)
                self._tweets.setdefault(int(tweet.id), tweet)  # a repeat after a crash is the same tweet
            except (MalformedRecordError, ValueError):
                unreadable += 1
            if len(self._tweets) > self._kept_tweets:
                self._tweets.popitem(last=False)
        if unreadable:
            logger.warning("sent_out_tweets_unreadable", extra={"records": unreadable})
