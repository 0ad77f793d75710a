"""What the feed shows now: takes what was read from the topics, gives the ticks."""

from collections import Counter, deque
from collections.abc import Callable, Sequence

from api.live.frames import Accuracy, Broker, Drift, Event, Latency, State, Tick, TickerView, encode
from api.live.recent import RecentTweets
from api.live.records import Record, is_shown, read_drift, read_metrics, read_reason, read_tweet
from api.live.windows import Windows, counted_tickers, share
from models.records import ClassifiedTweet, ModelVersion, utc_timestamp

MOST_EVENTS = 20

Clock = Callable[[], float]
GetModel = Callable[[], ModelVersion | None]


class Picture:
    """All that a tick needs, in bounded memory; belongs to one event loop.

    Args:
        now: gives seconds since 1970.
        model: gives the versions that answer in this process.

    Attributes:
        broker: how Kafka is.
        unreadable: records so far that were none of ours.
    """

    def __init__(self, *, now: Clock, model: GetModel) -> None:
        self.broker: Broker = "connecting"
        self.unreadable = 0
        self._now, self._model = now, model
        self._windows = Windows()
        self._recent = RecentTweets()
        self._rate: float | None = None
        self._covered = self._total = 0
        self._labels: Counter[str] = Counter()
        self._sentiments: Counter[str] = Counter()
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._events_before: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._accuracy: Accuracy | None = None
        self._drift = Drift()

    def take_rate(self, came: int, tweets_per_second: float | None, seconds: float) -> None:
        """Take how many tweets came in the last seconds; no rate where a part of that is not known."""
        self._rate = tweets_per_second
        bucket = self._windows.bucket(self._now())
        bucket.total += came
        self._total += came
        if tweets_per_second is not None:
            bucket.came += came
            bucket.seconds += seconds

    def lose_rate(self) -> None:
        """Note that the rate is not known now."""
        self._rate = None

    def take_tweets(self, records: Sequence[Record], *, covered: int) -> None:
        """Take tweets that came since the last look.

        Args:
            records: in any order of partitions.
            covered: how many offsets they are of; more than records where offsets are empty, as in transactions.
        """
        now = self._now()
        self._windows.bucket(now).covered += covered
        self._covered += covered
        for tweet in self._shown(records):
            self._windows.add_tweet(tweet, now)
            self._labels[tweet.label] += 1
            self._sentiments[tweet.sentiment] += 1

    def take_earlier_tweets(self, records: Sequence[Record]) -> None:
        """Take tweets that were there before the feed began: they are shown, and counted nowhere."""
        for _ in self._shown(records):
            pass

    def take_latencies(self, latencies_ms: Sequence[float]) -> None:
        """Take latencies of tweets that came just now."""
        self._windows.bucket(self._now()).latencies.extend(latencies_ms)

    def take_metrics(self, records: Sequence[Record]) -> None:
        """Take records of `tweets.metrics`, the oldest first."""
        for record in records:
            told = read_metrics(record)
            if isinstance(told, Event):
                self._events.append(told)
            elif told is not None:
                self._accuracy = told
                self._windows.bucket(self._now()).accuracy = told
            elif is_shown(record):
                self.unreadable += 1

    def take_drift(self, records: Sequence[Record]) -> None:
        """Take records of `tweets.drift`, the oldest first; one with too few tweets leaves what the last one showed."""
        for record in records:
            told = read_drift(record)
            if told is None:
                self.unreadable += 1
            elif told.state != "unknown" or self._drift.state == "unknown":
                self._drift = told

    def take_dead_letters(self, records: Sequence[Record], *, came: int) -> None:
        """Take dead letters; where not all that came were read, the others are taken to be like these."""
        now = self._now()
        newest = self._windows.bucket(now)
        for record in records:
            bucket = self._windows.earlier(min(record.timestamp / 1000, now)) or newest
            bucket.dead_letters[read_reason(record)] += came / len(records)

    def tick(self) -> Tick:
        """Give what happened since the last tick, and begin the next."""
        now = self._now()
        self._windows.bucket(now)
        events = list(self._events)
        self._events_before.extend(events)
        tick = Tick(
            at=utc_timestamp(now),
            broker=self.broker,
            model=self._model(),
            tweets_per_second=None if self._rate is None else round(self._rate, 2),
            sampled_share=share(self._covered, self._total),
            latency_ms=self._latency(),
            tweets=self._recent.take_tick(),
            labels=dict(self._labels.most_common()),
            sentiments=dict(self._sentiments),
            tickers=self._windows.most_active(),
            accuracy=self._accuracy,
            drift=self._drift,
            dead_letters=self._windows.dead_letters(),
            events=events,
        )
        self._covered = self._total = 0
        for counts in (self._labels, self._sentiments, self._events):
            counts.clear()
        return tick

    def state(self, tick: Tick) -> State:
        """Give the last tick with what was before it."""
        fields = {name: getattr(tick, name) for name in tick.__struct_fields__}
        more = {"tweets": self._recent.newest(), "events": list(self._events_before)}
        return State(**(fields | more), history=self._windows.history())

    def ticker(self, symbol: str) -> TickerView | None:
        """Give what is known of a ticker; None where no tweet of it was read in the last 15 minutes."""
        windows = self._windows.of_ticker(symbol, self._now())
        if windows is None:
            return None
        return TickerView(ticker=symbol, windows=windows, tweets=self._recent.of_ticker(symbol))

    def _shown(self, records: Sequence[Record]) -> list[ClassifiedTweet]:
        tweets: list[tuple[int, ClassifiedTweet]] = []
        for record in records:
            tweet = read_tweet(record)
            if tweet is None:
                self.unreadable += 1
            else:
                tweets.append((record.timestamp, tweet))
        tweets.sort(key=lambda pair: pair[0])
        for _, tweet in tweets:
            content = encode(tweet)
            self._recent.show(content)
            self._recent.keep(content, counted_tickers(tweet))
        return [tweet for _, tweet in tweets]

    def _latency(self) -> Latency | None:
        latencies = sorted(self._windows.latencies())
        if not latencies:
            return None
        p50, p99 = (latencies[min(int(len(latencies) * part), len(latencies) - 1)] for part in (0.5, 0.99))
        return Latency(p50=p50, p99=p99)
