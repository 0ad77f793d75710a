"""What clients may still ask for: token buckets, counted in requests and in texts."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

MAX_CLIENTS = 10_000  # the client that was silent longest is forgotten


class Unit(StrEnum):
    """What is counted."""

    REQUESTS = "requests"
    TEXTS = "texts"


@dataclass(frozen=True)
class Rate:
    """What comes back to a bucket, and what fits in.

    Attributes:
        unit: what is counted.
        per_second: what comes back.
        burst: what fits in, at least 1.
        setting: that says how much.
    """

    unit: Unit
    per_second: float
    burst: float
    setting: str


class Bucket:
    """What a client may still ask for; below zero where a request had more texts than were left.

    Not safe from two threads; `Account` has the lock.
    """

    __slots__ = ("_at", "_tokens", "rate")

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self._tokens = rate.burst
        self._at = now

    def tokens(self, now: float) -> float:
        """Give what is left at a time in seconds, which must not run backwards."""
        self._tokens = min(self.rate.burst, self._tokens + (now - self._at) * self.rate.per_second)
        self._at = now
        return self._tokens

    def take(self, amount: float, now: float) -> None:
        """Take so many, whether they are there or not."""
        self._tokens = self.tokens(now) - amount


class Account:
    """The buckets of one client.

    A request is let in where each bucket has one token, and its texts are taken when they are counted, which is after its
    body was read. So a request with many texts passes, and the next one waits for what it has taken.
    """

    def __init__(self, rates: tuple[Rate, ...], clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # texts are counted in the thread that classifies them
        now = clock()
        self._buckets = {rate.unit: Bucket(rate, now) for rate in rates}

    def enter(self, units: Collection[Unit]) -> tuple[Rate, float] | None:
        """Take one request; or give the rate that forbids it and the seconds until it does not.

        Args:
            units: of which one must be left.
        """
        with self._lock:
            now = self._clock()
            for unit, bucket in self._buckets.items():
                if unit in units and (tokens := bucket.tokens(now)) < 1:
                    return bucket.rate, (1 - tokens) / bucket.rate.per_second
        self.take(Unit.REQUESTS, 1)
        return None

    def take(self, unit: Unit, amount: int) -> None:
        """Take so many, whether they are there or not."""
        if (bucket := self._buckets.get(unit)) is not None:
            with self._lock:
                bucket.take(amount, self._clock())

    def header(self) -> bytes:
        """Say what is left, and the seconds until all is back, as draft-ietf-httpapi-ratelimit-headers has it."""
        with self._lock:
            now = self._clock()
            left = [(bucket.rate, bucket.tokens(now)) for bucket in self._buckets.values()]
        return ", ".join(
            f'"{rate.unit}";r={max(0, math.floor(tokens))};t={math.ceil((rate.burst - tokens) / rate.per_second)}'
            for rate, tokens in left
        ).encode()


class Accounts:
    """The accounts of all clients, as many as fit in.

    Args:
        rates: at least one, each with another unit.
        max_clients: accounts that are kept.
        clock: gives seconds that never run backwards.
    """

    def __init__(
        self, rates: tuple[Rate, ...], *, max_clients: int = MAX_CLIENTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rates = rates
        self._max_clients = max_clients
        self._clock = clock
        self._accounts: OrderedDict[str, Account] = OrderedDict()
        self.policy = ", ".join(
            f'"{rate.unit}";q={math.floor(rate.burst)};w={math.ceil(rate.burst / rate.per_second)}' for rate in rates
        ).encode()

    def __len__(self) -> int:
        return len(self._accounts)

    def of(self, client: str) -> Account:
        """Give the account of a client, a full one if it has none."""
        account = self._accounts.get(client)
        if account is None:
            if len(self._accounts) >= self._max_clients:
                self._accounts.popitem(last=False)
            account = self._accounts[client] = Account(self._rates, self._clock)
        else:
            self._accounts.move_to_end(client)
        return account
