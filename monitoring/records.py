"""Classified tweets as `tickertape tail --json` writes them -> a window of descriptions, without any text."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from models.errors import DataNotFoundError
from models.records import ClassifiedTweet
from models.taxonomy import ANSWERS, Sentiment
from models.text import LINK, tickers, tokens

MAX_WINDOW_TWEETS = 100_000  # about 30 MB of descriptions; more tweets would hardly move a threshold
MAX_LINE_BYTES = 1_048_576  # a tweet of 25,000 characters, each escaped as \uXXXX twice, has 300,000
EXAMPLE_LINES = 5  # enough to find the fault, few enough for one line
_SAMPLING_SEED = 8  # the same file gives the same window


class Description(NamedTuple):
    """What of a classified tweet is compared; holds neither text nor author.

    Attributes:
        label: the topic that was answered, or `other`.
        sentiment: the sentiment that was answered.
        sentiment_score: P(bullish) - P(bearish), -1 to 1.
        label_score: probability of the label, 0 to 1.
        text_characters: length of the text as published, in Unicode code points.
        ticker_count: how many tickers the record names.
        has_link: the model sees a link in the text (`models.text.tokens`), be it cut off.
        has_cashtag: a cashtag stands in the text, whatever the record's tickers say.
        is_retweet: the text begins with `RT @`, as retweets of a stream do.
    """

    label: str
    sentiment: Sentiment
    sentiment_score: float
    label_score: float
    text_characters: int
    ticker_count: int
    has_link: bool
    has_cashtag: bool
    is_retweet: bool


@dataclass(frozen=True)
class Window:
    """The tweets of one side of a comparison.

    Attributes:
        descriptions: at most `MAX_WINDOW_TWEETS`; of a longer file a random sample of all its tweets.
        tweets_read: tweets that the descriptions were drawn from.
        unreadable_lines: lines that are no classified tweet.
        unreadable_line_numbers: the first `EXAMPLE_LINES` of them, counted from 1.
    """

    descriptions: tuple[Description, ...]
    tweets_read: int
    unreadable_lines: int = 0
    unreadable_line_numbers: tuple[int, ...] = ()


def describe(tweet: ClassifiedTweet) -> Description:
    """Derive what is compared from a classified tweet.

    Raises:
        ValueError: no such label, or a score is outside its range.
    """
    if tweet.label not in ANSWERS:
        raise ValueError("label is none of those that a model answers")
    if not (0 <= tweet.label_score <= 1 and -1 <= tweet.sentiment_score <= 1):
        raise ValueError(f"label_score {tweet.label_score} or sentiment_score {tweet.sentiment_score} is out of range")
    return Description(
        label=tweet.label,
        sentiment=tweet.sentiment,
        sentiment_score=tweet.sentiment_score,
        label_score=tweet.label_score,
        text_characters=len(tweet.text),
        ticker_count=len(tweet.tickers),
        has_link=LINK in tokens(tweet.text),
        has_cashtag=bool(tickers(tweet.text)),
        is_retweet=tweet.text.startswith("RT @"),
    )


def read_window(path: Path, *, max_tweets: int = MAX_WINDOW_TWEETS) -> Window:
    """Read a file of classified tweets, one JSON object a line; blank lines are none.

    Memory is bounded by `max_tweets` and `MAX_LINE_BYTES`, however long the file is. A line that is no classified
    tweet is counted, and never stops the reading.

    Raises:
        DataNotFoundError: no such file, or it can't be read.
    """
    try:
        with path.open("rb") as file:
            return _window(_lines(file), max_tweets)
    except FileNotFoundError as exc:
        raise DataNotFoundError(
            f"{path} is not there: give a file of classified tweets, as `tickertape tail --json` writes them"
        ) from exc
    except OSError as exc:
        raise DataNotFoundError(f"{path} can't be read: {exc.strerror}") from exc


def _window(lines: Iterator[bytes | None], max_tweets: int) -> Window:
    decode = msgspec.json.Decoder(ClassifiedTweet).decode
    sampling = random.Random(_SAMPLING_SEED)
    sample: list[Description] = []
    tweets_read, unreadable = 0, 0
    examples: list[int] = []
    for number, line in enumerate(lines, start=1):
        if line is not None and not line.strip():
            continue
        description = _description(line, decode)
        if description is None:
            unreadable += 1
            if len(examples) < EXAMPLE_LINES:
                examples.append(number)
            continue
        tweets_read += 1
        if len(sample) < max_tweets:
            sample.append(description)
        elif (place := sampling.randrange(tweets_read)) < max_tweets:  # reservoir sampling, Vitter's algorithm R
            sample[place] = description
    return Window(tuple(sample), tweets_read, unreadable, tuple(examples))


def _description(line: bytes | None, decode: Callable[[bytes], ClassifiedTweet]) -> Description | None:
    if line is None:
        return None
    try:
        return describe(decode(line))
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Give each line; None stands for one that is too long to be a tweet."""
    while line := file.readline(MAX_LINE_BYTES):
        if line.endswith(b"\n") or len(line) < MAX_LINE_BYTES:
            yield line
            continue
        while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield None
