"""The newest tweets as bytes: of all, and of each ticker."""

from collections import OrderedDict, deque
from collections.abc import Iterable

import msgspec

KEPT_TWEETS = 50
"""Newest tweets, and those that the first event of a stream brings."""
TICK_TWEETS = 20
TICKER_TWEETS = 20
SHOWN_BYTES = 8_192
"""A longer record is counted, but not shown: a tweet is a tenth of this, and a thousand clients get a copy."""
KEPT_BYTES = 16_777_216
"""Of the tweets that are kept by ticker; those of the tickers that were quiet for longest go first."""


class RecentTweets:
    """Keeps records of `tweets.classified` as they are sent out; memory is bounded by `KEPT_BYTES`."""

    def __init__(self) -> None:
        self._newest: deque[bytes] = deque(maxlen=KEPT_TWEETS)
        self._tick: deque[bytes] = deque(maxlen=TICK_TWEETS)
        self._by_ticker: OrderedDict[str, deque[bytes]] = OrderedDict()
        self._kept_bytes = 0

    def show(self, content: bytes) -> None:
        """Take a tweet as the newest one."""
        if len(content) <= SHOWN_BYTES:
            self._newest.append(content)
            self._tick.append(content)

    def keep(self, content: bytes, tickers: Iterable[str]) -> None:
        """Take a tweet as the newest one of its tickers."""
        if len(content) > SHOWN_BYTES:
            return
        for ticker in tickers:
            kept = self._by_ticker.setdefault(ticker, deque())
            self._by_ticker.move_to_end(ticker)
            kept.append(content)
            self._kept_bytes += len(content)
            if len(kept) > TICKER_TWEETS:
                self._kept_bytes -= len(kept.popleft())
        while self._kept_bytes > KEPT_BYTES:
            _, dropped = self._by_ticker.popitem(last=False)
            self._kept_bytes -= sum(map(len, dropped))

    def take_tick(self) -> list[msgspec.Raw]:
        """Give the newest tweets since this was last called, newest last."""
        taken = _raw(self._tick)
        self._tick.clear()
        return taken

    def newest(self) -> list[msgspec.Raw]:
        """Give the newest tweets, newest last."""
        return _raw(self._newest)

    def of_ticker(self, ticker: str) -> list[msgspec.Raw]:
        """Give the newest tweets of a ticker, newest last."""
        return _raw(self._by_ticker.get(ticker, ()))


def _raw(contents: Iterable[bytes]) -> list[msgspec.Raw]:
    return [msgspec.Raw(content) for content in contents]
