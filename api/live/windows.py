"""What was seen in the last 15 minutes, in buckets of ten seconds: rates, labels, tickers, dead letters."""

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from statistics import median

from api.live.frames import Accuracy, HistoryPoint, TickerActivity, TickerWindow
from models.records import ClassifiedTweet, utc_timestamp
from models.taxonomy import Sentiment

BUCKET_SECONDS = 10
BUCKETS = 90
WINDOW_SECONDS = (60, 300, 900)
MOST_TICKERS = 20
"""Tickers that a tick tells of, and of one tweet that count."""
BUCKET_TICKERS = 1_000
"""Different tickers that a bucket counts: who invents tickers must not fill the memory."""
TICKER_CHARACTERS = 20
BUCKET_LATENCIES = 500


class Sums:
    """A ticker's tweets: how many of each sentiment, and the sum of their scores."""

    __slots__ = ("bearish", "bullish", "neutral", "score")

    def __init__(self) -> None:
        self.bearish = self.neutral = self.bullish = 0
        self.score = 0.0

    @property
    def tweets(self) -> int:
        """How many there are."""
        return self.bearish + self.neutral + self.bullish

    @property
    def mean_score(self) -> float:
        """Mean of the scores, -1 to 1; of at least one tweet."""
        return round(max(-1.0, min(1.0, self.score / self.tweets)), 4)

    def add_tweet(self, tweet: ClassifiedTweet) -> None:
        """Add a tweet."""
        self.bearish += tweet.sentiment is Sentiment.BEARISH
        self.neutral += tweet.sentiment is Sentiment.NEUTRAL
        self.bullish += tweet.sentiment is Sentiment.BULLISH
        self.score += tweet.sentiment_score

    def add(self, other: "Sums", sign: int = 1) -> None:
        """Add another's tweets, or with the sign -1 take away what was added."""
        self.bearish += sign * other.bearish
        self.neutral += sign * other.neutral
        self.bullish += sign * other.bullish
        self.score += sign * other.score


@dataclass
class Bucket:
    """Ten seconds.

    Attributes:
        number: seconds since 1970 over `BUCKET_SECONDS`.
        came: tweets that came, of which the time is known.
        seconds: in how many seconds, of those that were looked at.
        covered: tweets that came and were read.
        total: tweets that came.
        labels: of the tweets that were read.
        sentiments: likewise.
        tickers: likewise.
        latencies: some, in milliseconds.
        dead_letters: how many by reason, no whole numbers where only some were read.
        accuracy: the newest report.
    """

    number: int
    came: int = 0
    seconds: float = 0.0
    covered: int = 0
    total: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    sentiments: Counter[str] = field(default_factory=Counter)
    tickers: dict[str, Sums] = field(default_factory=dict)
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=BUCKET_LATENCIES))
    dead_letters: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    accuracy: Accuracy | None = None

    def point(self) -> HistoryPoint:
        """Give what is told of these seconds."""
        head = None if self.accuracy is None else self.accuracy.label
        return HistoryPoint(
            at=utc_timestamp(self.number * BUCKET_SECONDS),
            tweets_per_second=round(self.came / self.seconds, 2) if self.seconds else None,
            latency_p50_ms=median(self.latencies) if self.latencies else None,
            labels=dict(self.labels),
            sentiments=dict(self.sentiments),
            batch_accuracy=None if head is None else head.batch.accuracy,
            online_accuracy=None if head is None else head.online.accuracy,
            served_accuracy=None if head is None else head.served.accuracy,
        )


class Windows:
    """The buckets of the last 15 minutes; memory is bounded by their number and that of the tickers in each."""

    def __init__(self) -> None:
        self._buckets: deque[Bucket] = deque()
        self._tickers: dict[str, Sums] = {}

    def bucket(self, now: float) -> Bucket:
        """Give the newest bucket; buckets that are too old are forgotten.

        Args:
            now: seconds since 1970; a clock that was put back stays in the newest bucket.
        """
        number = int(now // BUCKET_SECONDS)
        newest = self._buckets[-1].number if self._buckets else number - BUCKETS
        for missing in range(max(newest, number - BUCKETS) + 1, number + 1):
            accuracy = self._buckets[-1].accuracy if self._buckets else None
            self._buckets.append(Bucket(missing, accuracy=accuracy))
        while len(self._buckets) > BUCKETS:
            self._forget(self._buckets.popleft())
        return self._buckets[-1]

    def earlier(self, at: float) -> Bucket | None:
        """Give the bucket of a time that has passed; None where it is not kept."""
        number = int(at // BUCKET_SECONDS)
        return next((bucket for bucket in self._buckets if bucket.number == number), None)

    def add_tweet(self, tweet: ClassifiedTweet, now: float) -> None:
        """Count a tweet that was read."""
        bucket = self.bucket(now)
        bucket.labels[tweet.label] += 1
        bucket.sentiments[tweet.sentiment] += 1
        for ticker in counted_tickers(tweet):
            if ticker in bucket.tickers or len(bucket.tickers) < BUCKET_TICKERS:
                bucket.tickers.setdefault(ticker, Sums()).add_tweet(tweet)
                self._tickers.setdefault(ticker, Sums()).add_tweet(tweet)

    def most_active(self) -> list[TickerActivity]:
        """Give the tickers with the most tweets, the most active first."""
        chosen = heapq.nsmallest(MOST_TICKERS, self._tickers.items(), key=lambda item: (-item[1].tweets, item[0]))
        return [
            TickerActivity(
                ticker=ticker,
                tweets=sums.tweets,
                sentiment_score=sums.mean_score,
                bullish=sums.bullish,
                bearish=sums.bearish,
                neutral=sums.neutral,
            )
            for ticker, sums in chosen
        ]

    def of_ticker(self, ticker: str, now: float) -> list[TickerWindow] | None:
        """Give a ticker's tweets of the last minutes; None where no tweet of it was read in them."""
        self.bucket(now)
        if ticker not in self._tickers:
            return None
        return [self._window(ticker, seconds) for seconds in WINDOW_SECONDS]

    def dead_letters(self) -> dict[str, int]:
        """Count the dead letters by reason, most frequent first; rounded, where only some were read."""
        counts: defaultdict[str, float] = defaultdict(float)
        for bucket in self._buckets:
            for reason, count in bucket.dead_letters.items():
                counts[reason] += count
        return {reason: max(round(counts[reason]), 1) for reason in sorted(counts, key=lambda one: (-counts[one], one))}

    def history(self) -> list[HistoryPoint]:
        """Give all buckets, oldest first."""
        return [bucket.point() for bucket in self._buckets]

    def latencies(self) -> list[float]:
        """Give those of the last ten to twenty seconds, in milliseconds."""
        return [one for bucket in self._last(2) for one in bucket.latencies]

    def _window(self, ticker: str, seconds: int) -> TickerWindow:
        sums, covered, total = Sums(), 0, 0
        for bucket in self._last(seconds // BUCKET_SECONDS):
            sums.add(bucket.tickers.get(ticker, Sums()))
            covered += bucket.covered
            total += bucket.total
        return TickerWindow(
            seconds=seconds,
            tweets=sums.tweets,
            bearish=sums.bearish,
            neutral=sums.neutral,
            bullish=sums.bullish,
            sentiment_score=sums.mean_score if sums.tweets else None,
            sampled_share=share(covered, total),
        )

    def _last(self, buckets: int) -> Iterator[Bucket]:
        return islice(reversed(self._buckets), buckets)

    def _forget(self, bucket: Bucket) -> None:
        for ticker, sums in bucket.tickers.items():
            self._tickers[ticker].add(sums, -1)
            if not self._tickers[ticker].tweets:
                del self._tickers[ticker]


def counted_tickers(tweet: ClassifiedTweet) -> set[str]:
    """Give the tickers of a tweet that count: the first ones, and none that is longer than a ticker is."""
    return {ticker for ticker in tweet.tickers[:MOST_TICKERS] if 0 < len(ticker) <= TICKER_CHARACTERS}


def share(part: int, whole: int) -> float:
    """Give a share with four decimals, 1 of nothing.

    >>> share(1, 4), share(0, 0)
    (0.25, 1.0)
    """
    return round(part / whole, 4) if whole else 1.0
