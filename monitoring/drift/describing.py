"""A classified tweet -> what of it is compared: a few numbers and yes-no facts, its tickers and its words."""

import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from models.data.dataset import link_free
from models.records import ClassifiedTweet
from models.taxonomy import ANSWERS
from models.text import LINK, USER, tickers, tokens
from monitoring.drift.vocabulary import Vocabulary

# The most frequent words of English that are none of another large language.
ENGLISH_WORDS = frozenset(
    b"the to of and is for with this that are you it at from by be have will has not was they what about".split()
)
_EMOJI = (*(bytes([0xE2, byte]) for byte in (0x86, *range(0x87, 0xB0))), b"\xf0\x9f")
FEWEST_LETTERS = 3  # shorter words stand everywhere and name nothing


class Description(NamedTuple):
    """What of a classified tweet is compared; holds neither the text nor the author.

    Attributes:
        id: the tweet's id, to show as an example; None where it has none.
        hour: hour of `created_at` in UTC, 0 to 23; None without one.
        key: 64 bits of a hash of the text without links, case and punctuation: equal for near copies.
        label: the topic that was answered, or `other`.
        sentiment: the sentiment that was answered.
        label_score: probability of the label, 0 to 1.
        sentiment_score: P(bullish) - P(bearish), -1 to 1.
        text_characters: length of the text as published, in Unicode code points.
        ticker_count: how many tickers the record names.
        unseen_share: share of the words that the model's training never saw, 0 to 1; 0 where there is no word.
        delay_seconds: from `created_at` to `classified_at`; NaN without `created_at`.
        has_link: the model sees a link in the text, be it cut off.
        has_cashtag: a cashtag stands in the text, whatever the record's tickers say.
        has_mention: an @user stands in the text.
        has_emoji: an emoji, arrow or symbol stands in the text.
        has_english: one of the most frequent words of English stands in the text.
        is_retweet: the text begins with `RT @`, as retweets of a stream do.
        tickers: those of the record.
        words: the different words of at least three letters, normalised as for the model, digits as 0.
    """

    id: str | None
    hour: int | None
    key: int
    label: str
    sentiment: str
    label_score: float
    sentiment_score: float
    text_characters: int
    ticker_count: int
    unseen_share: float
    delay_seconds: float
    has_link: bool
    has_cashtag: bool
    has_mention: bool
    has_emoji: bool
    has_english: bool
    is_retweet: bool
    tickers: tuple[str, ...]
    words: tuple[bytes, ...]


def describe(tweet: ClassifiedTweet, vocabulary: Vocabulary) -> Description:
    """Derive what is compared from a classified tweet.

    Args:
        tweet: as `tweets.classified` holds it.
        vocabulary: the words that the model's training saw.

    Raises:
        ValueError: no such label, a score outside its range, or a time that is none.
    """
    if tweet.label not in ANSWERS:
        raise ValueError("label is none of those that a model answers")
    if not (0 <= tweet.label_score <= 1 and -1 <= tweet.sentiment_score <= 1):
        raise ValueError(f"label_score {tweet.label_score} or sentiment_score {tweet.sentiment_score} is out of range")
    cut = tokens(tweet.text)
    words = tuple(dict.fromkeys(token for token in cut if is_word(token)))
    created_at = None if tweet.created_at is None else _moment(tweet.created_at)
    return Description(
        id=tweet.id,
        hour=None if created_at is None else created_at.hour,
        key=text_key(tweet.text),
        label=tweet.label,
        sentiment=str(tweet.sentiment),
        label_score=tweet.label_score,
        sentiment_score=tweet.sentiment_score,
        text_characters=len(tweet.text),
        ticker_count=len(tweet.tickers),
        unseen_share=vocabulary.unseen_share(words),
        delay_seconds=_delay(created_at, tweet.classified_at),
        has_link=LINK in cut,
        has_cashtag=bool(tickers(tweet.text)),
        has_mention=USER in cut,
        has_emoji=any(token.startswith(_EMOJI) for token in cut),
        has_english=not ENGLISH_WORDS.isdisjoint(cut),
        is_retweet=tweet.text.startswith("RT @"),
        tickers=tweet.tickers,
        words=words,
    )


def is_word(token: bytes) -> bool:
    """Tell whether a token of `models.text.tokens` is a word that can name a cause.

    >>> [is_word(token) for token in (b"dividend", b"<link>", b"q0", b"000")]
    [True, False, False, False]
    """
    return len(token) >= FEWEST_LETTERS and token[0] not in b"<0" and not token.startswith(_EMOJI)


def text_key(text: str) -> int:
    """Give 64 bits that near copies of a text share: links, case and punctuation do not count.

    >>> text_key("Oil is UP: https://example.org/1") == text_key("oil is up https://example.org/2")
    True
    """
    return int.from_bytes(hashlib.blake2b(link_free(text).encode("utf-8", "surrogatepass"), digest_size=8).digest())


def repeats(rows: Sequence[Description]) -> list[bool]:
    """Tell of each row whether an earlier one has the same key."""
    seen: set[int] = set()
    told = []
    for row in rows:
        told.append(row.key in seen)
        seen.add(row.key)
    return told


def _delay(created_at: datetime | None, classified_at: str) -> float:
    if created_at is None or not classified_at:
        return math.nan
    return (_moment(classified_at) - created_at).total_seconds()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time has no zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError("a time is out of range") from exc
