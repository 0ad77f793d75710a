"""How long a tweet waits for its answer: from `tweets.raw` to `tweets.classified`, both by the broker's append times."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Producer
from peers.broker import PARTITIONS, Broker, Place, answered_place, append_ms
from peers.contestants import Contestant
from peers.feed import Feed, feed_producer, send
from peers.worker_process import WorkerProcess

WARM_UP_TWEETS = 2_000
WARM_UP_SHARE = 0.1  # of the measured tweets: the first ones, while the rate settles
TICK_SECONDS = 0.001
PERCENTS = (50.0, 95.0, 99.0, 99.9)


@dataclass(frozen=True)
class Latency:
    """What one rate gave.

    Attributes:
        asked: tweets a second that were asked for.
        sent: tweets a second that the producer reached.
        tweets: how many were measured.
        percentiles_ms: by `PERCENTS`.
        worst_ms: the longest.
    """

    asked: int
    sent: float
    tweets: int
    percentiles_ms: tuple[float, ...]
    worst_ms: float


def measure(
    contestant: Contestant, feed: Feed, *, broker: Broker, folder: Path, rate: int, seconds: float, linger_ms: float
) -> Latency:
    """Publish at a steady rate and time each answer.

    Args:
        contestant: the worker to measure.
        feed: where the tweets come from.
        broker: gets topics of this rate's own.
        folder: for logs and state.
        rate: tweets a second.
        seconds: how long.
        linger_ms: of the feed's producer: how long it gathers tweets for a request.
    """
    topics = {kind: f"latency-{rate}.{kind}" for kind in ("raw", "classified", "sentiment", "dead_letter")}
    broker.create(*topics.values())
    feed.fill(broker.servers, topics["raw"], count=WARM_UP_TWEETS, partitions=PARTITIONS)
    total = WARM_UP_TWEETS + int(rate * seconds)
    with WorkerProcess(contestant, servers=broker.servers, topics=topics, folder=folder) as worker:
        is_warm = worker.wait_until(lambda: broker.count(topics["classified"]), WARM_UP_TWEETS)
        sent = (
            _publish(
                feed,
                feed_producer(broker.servers, linger_ms=linger_ms),
                topics["raw"],
                count=total - WARM_UP_TWEETS,
                rate=rate,
            )
            if is_warm
            else 0.0
        )
        worker.wait_until(lambda: broker.count(topics["classified"]), total)
    waits = _waits_ms(broker, topics)
    broker.delete(*topics.values())
    return Latency(rate, sent, len(waits), tuple(_percentile(waits, percent) for percent in PERCENTS), max(waits))


def _publish(feed: Feed, producer: Producer, topic: str, *, count: int, rate: int) -> float:
    """Publish in ticks of a millisecond; gives the rate that was reached."""
    started = time.perf_counter()
    sent = 0
    for key, value in feed.looped(count):
        while sent >= (time.perf_counter() - started) * rate:
            producer.poll(0)
            time.sleep(TICK_SECONDS)
        send(producer, topic, key, value, partition=sent % PARTITIONS)
        sent += 1
    producer.flush(60)
    return sent / (time.perf_counter() - started)


def _waits_ms(broker: Broker, topics: dict[str, str]) -> list[int]:
    """Give the wait of each tweet after the warm-up, shortest first."""
    asked = {(record.partition(), record.offset()): append_ms(record) for record in broker.read(topics["raw"])}
    first = (WARM_UP_TWEETS + WARM_UP_SHARE * (len(asked) - WARM_UP_TWEETS)) / PARTITIONS
    answered: dict[Place, int] = {}
    for record in broker.read(topics["classified"]):
        answered.setdefault(answered_place(record), append_ms(record))
    unanswered = asked.keys() - answered.keys()
    if unanswered:
        raise SystemExit(f"{len(unanswered):,} of {len(asked):,} tweets were not answered: no latency to tell")
    return sorted(answered[place] - at_ms for place, at_ms in asked.items() if place[1] >= first)


def _percentile(ordered: Sequence[int], percent: float) -> float:
    return float(ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))])
