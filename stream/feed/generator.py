"""A seeded feed of finance tweets in X API v2 shape, with the truth about each."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

from models.records import utc_timestamp
from models.taxonomy import Label, Sentiment
from models.tweets import Reason
from stream.feed.malformed import Fields, spoil
from stream.feed.templates import Phrase, PhraseBook, load_phrase_book

DEFAULT_START = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)  # a Monday, when New York opens
MALFORMED_SHARE = 0.01
RETWEET_SHARE = 0.15  # a real finance feed has up to 25 %, see the shared feed's README
WRAPPED_SHARE = 0.2
TWEETS_PER_SECOND = 200.0

SNOWFLAKE_EPOCH_MS = 1_288_834_974_657  # X counts the milliseconds in its ids from here
RETWEET_CHARACTERS = 140  # X cuts the text of a retweet here, and ends it with an ellipsis
REMEMBERED_TWEETS = 200  # that a retweet can be of
REASONS = tuple(Reason)

_CASHTAG = re.compile(r"\$([A-Z]{1,6}(?:\.[A-Z])?)(?![A-Z…])")


@dataclass(frozen=True)
class GeneratedTweet:
    """One record for the input topic, with what a classifier should say of it.

    Attributes:
        id: the tweet's id, 1 to 19 digits; also of a malformed one, whose value may lack it.
        value: JSON in UTF-8, or for a malformed one any bytes; None is a tombstone.
        label: None for a malformed one, as is `sentiment`.
        malformed: why the worker must refuse it; None for a good one.
    """

    id: str
    value: bytes | None
    label: Label | None
    sentiment: Sentiment | None
    malformed: Reason | None = None


def generate(
    seed: int,
    *,
    malformed_share: float = MALFORMED_SHARE,
    retweet_share: float = RETWEET_SHARE,
    wrapped_share: float = WRAPPED_SHARE,
    start: datetime = DEFAULT_START,
    tweets_per_second: float = TWEETS_PER_SECOND,
) -> Iterator[GeneratedTweet]:
    """Generate tweets without end; equal arguments give equal bytes.

    Args:
        seed: chooses everything.
        malformed_share: of all records, 0 to 1, that are no tweets: tombstones, broken JSON, wrong types, ...
        retweet_share: of all good tweets, 0 to 1, that are retweets of an earlier one.
        wrapped_share: of all good tweets, 0 to 1, that stand in `data`, as X's streams send them.
        start: `created_at` of the first tweet, with a zone.
        tweets_per_second: mean rate at which `created_at` grows, above 0.

    Raises:
        ValueError: a share or the rate is out of its range, or `start` has no zone.

    >>> first = next(generate(7))
    >>> first == next(generate(7))
    True
    """
    for name, share in (("malformed", malformed_share), ("retweet", retweet_share), ("wrapped", wrapped_share)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name}_share is {share}, but must be between 0 and 1")
    if not tweets_per_second > 0:
        raise ValueError(f"tweets_per_second is {tweets_per_second}, but must be above 0")
    if start.tzinfo is None:
        raise ValueError(f"start is {start}, but must have a time zone")
    random = Random(seed)
    tweets = _tweets(_Clock(start, tweets_per_second, random), retweet_share, random)
    return _records(tweets, malformed_share, wrapped_share, random)


class _Clock:
    """Times and ids that grow as they do on X."""

    def __init__(self, start: datetime, tweets_per_second: float, random: Random) -> None:
        self._now = start
        self._mean_gap_seconds = 1 / tweets_per_second
        self._random = random
        self._machine = random.getrandbits(10) << 12  # so that two seeds don't share ids
        self._count = 0

    def next(self) -> tuple[str, str]:
        """Give the id and `created_at` of the next tweet."""
        self._now += timedelta(seconds=self._mean_gap_seconds * 2 * self._random.random())
        self._count += 1
        seconds = self._now.timestamp()
        tweet_id = (int(seconds * 1000) - SNOWFLAKE_EPOCH_MS) << 22 | self._machine | self._count % 4096
        return str(tweet_id), utc_timestamp(seconds)


def _records(
    tweets: Iterator[tuple[Phrase, Fields]], malformed_share: float, wrapped_share: float, random: Random
) -> Iterator[GeneratedTweet]:
    for phrase, tweet in tweets:
        if random.random() < malformed_share:
            reason = random.choice(REASONS)
            value = spoil(tweet, reason, random)
            yield GeneratedTweet(id=tweet["id"], value=value, label=None, sentiment=None, malformed=reason)
            continue
        record = _wrapped(tweet, random) if random.random() < wrapped_share else tweet
        yield GeneratedTweet(
            id=tweet["id"], value=msgspec.json.encode(record), label=phrase.label, sentiment=phrase.sentiment
        )


def _tweets(clock: _Clock, retweet_share: float, random: Random) -> Iterator[tuple[Phrase, Fields]]:
    book = load_phrase_book()
    seen: deque[tuple[Phrase, str]] = deque(maxlen=REMEMBERED_TWEETS)
    while True:
        tweet_id, created_at = clock.next()
        if seen and random.random() < retweet_share:
            original, original_id = random.choice(seen)
            phrase = _retweet(original, book, random)
            extra: Fields = {"referenced_tweets": [{"type": "retweeted", "id": original_id}]}
        else:
            phrase, extra = book.write(random), {}
            seen.append((phrase, tweet_id))
        yield phrase, _fields(phrase.text, tweet_id, created_at, random) | extra


def _retweet(original: Phrase, book: PhraseBook, random: Random) -> Phrase:
    text = f"RT @{random.choice(book.words['user'])}: {original.text}"
    if len(text) > RETWEET_CHARACTERS:
        kept = text[: RETWEET_CHARACTERS - 1]
        text = re.sub(r"&\w*$", "", kept) + "…"  # X does not cut an HTML entity in two
    return Phrase(text=text, label=original.label, sentiment=original.sentiment)


def _fields(text: str, tweet_id: str, created_at: str, random: Random) -> Fields:
    likes = int(random.expovariate(0.2))
    tweet: Fields = {
        "id": tweet_id,
        "text": text,
        "created_at": created_at,
        "author_id": str(random.randrange(10_000, 2_000_000_000)),
        "lang": "en",
        "edit_history_tweet_ids": [tweet_id],
        "public_metrics": {
            "retweet_count": likes // 3,
            "reply_count": likes // 5,
            "like_count": likes,
            "quote_count": likes // 9,
        },
    }
    # As on X, positions count characters of the text with its HTML entities.
    cashtags = [{"start": tag.start(), "end": tag.end(), "tag": tag[1]} for tag in _CASHTAG.finditer(text)]
    return tweet | {"entities": {"cashtags": cashtags}} if cashtags else tweet


def _wrapped(tweet: Fields, random: Random) -> Fields:
    author = tweet["author_id"]
    return {
        "data": tweet,
        "includes": {"users": [{"id": author, "name": f"Reader {author[-4:]}", "username": f"reader{author}"}]},
        "matching_rules": [{"id": str(random.randrange(10**18, 10**19)), "tag": "finance"}],
    }
