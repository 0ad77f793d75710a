"""Opens what the watch works with, at the place where the last one stood; and again after Kafka was away."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from models.errors import BrokerError
from monitoring.drift.concepts import Accuracies, Concepts
from monitoring.drift.records import DriftEvent
from monitoring.drift.references import References
from stream.following import connect
from stream.ranges import Offsets
from stream.topics import CONNECT_TIMEOUT_MS, Topics, ensure_topics
from stream.watching.bucket import TokenBucket
from stream.watching.feed import CLOSE_MS, KafkaFeed, await_topic
from stream.watching.feed import FETCH_BYTES as FEED_FETCH_BYTES
from stream.watching.learned import LearnedTopic
from stream.watching.ledger import Ledger, connect_producer
from stream.watching.rebuilding import EarlierTweets
from stream.watching.refused import RefusedTweets
from stream.watching.starting import start_offsets
from stream.watching.subjects import Subjects
from stream.watching.telling import Alerts, Reports, Teller
from stream.watching.watch import Parts, Rules, Standing, Watch

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
CLOSE_SECONDS = CLOSE_MS / 1000

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Watched:
    """What is watched, and how.

    Attributes:
        bootstrap_servers: comma-separated host:port list.
        topics: of the stream.
        group: consumer group whose offsets show how far this process is.
        isolation_level: `read_committed` or `read_uncommitted`.
        rules: when a window ends, and when tweets are skipped.
        long_windows: of how many windows the long one is made.
        malformed_share: share of refused records, 0 to 1, up to which a feed is sound.
        tweets_per_second: most tweets that are read in a second.
        from_beginning: where nothing was told yet, begin with what the topic holds already.
    """

    bootstrap_servers: str
    topics: Topics
    group: str
    isolation_level: str
    rules: Rules
    long_windows: int
    malformed_share: float
    tweets_per_second: float
    from_beginning: bool


@dataclass(frozen=True)
class Around:
    """What the watch asks and tells beside Kafka."""

    references: References
    accuracies: Accuracies
    reports: Reports
    alerts: Alerts


def watch_without_end(watched: Watched, around: Around, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Watch until an exception ends it; where Kafka goes away, wait for it and go on.

    Args:
        watched: what.
        around: what is asked and told beside Kafka.
        sleep: waits for that many seconds.

    Raises:
        BrokerError: no broker answered the first time.
        DriftError: another process tells of the same windows.
    """
    pause, is_lost, was_open = FIRST_PAUSE_SECONDS, False, False
    while True:
        try:
            with opened(watched, around) as watch:
                was_open = True
                if is_lost:
                    logger.info("kafka_found_again")
                    is_lost = False
                while True:
                    watch.step()
                    pause = FIRST_PAUSE_SECONDS
        except (BrokerError, KafkaError, OSError) as exc:
            if not was_open:
                raise
            if not is_lost:
                logger.warning("kafka_lost", extra={"error": f"{type(exc).__name__}: {exc}"})
                is_lost = True
        sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


@contextmanager
def opened(watched: Watched, around: Around) -> Iterator[Watch]:
    """Connect, and find out where the last window ended.

    Raises:
        BrokerError: no broker answers.
        KafkaError: it went away meanwhile, or refuses.
    """
    servers, topics = watched.bootstrap_servers, watched.topics
    ensure_topics(servers, (topics.drift,))
    bucket = TokenBucket(watched.tweets_per_second)
    with ExitStack() as stack:
        consumer = _consumer(stack, watched, group=watched.group, max_partition_bytes=FEED_FETCH_BYTES)
        partitions = await_topic(consumer, topics.classified.name)
        producer = connect_producer(servers)
        stack.callback(producer.close, timeout=CLOSE_SECONDS)
        ledger = Ledger(_consumer(stack, watched), producer, topics.drift.name)
        newest = ledger.newest()
        committed = _committed(consumer, partitions)
        told_end = None if newest is None else {int(number): end for number, end in newest.window.end.items()}
        last = None if newest is None else _seconds(newest.window.last_at)
        offsets = start_offsets(
            told=told_end,
            committed=committed,
            first=_by_number(consumer.beginning_offsets(partitions, timeout_ms=CONNECT_TIMEOUT_MS)),
            last=_by_number(consumer.end_offsets(partitions, timeout_ms=CONNECT_TIMEOUT_MS)),
            from_beginning=watched.from_beginning,
        )
        feed = KafkaFeed(consumer, topics.classified.name)
        feed.begin(offsets)
        teller = Teller(ledger, around.reports, around.alerts)
        if newest is not None and told_end != committed:
            teller.tell_alerts_again(newest)
        feed.commit(offsets)  # so that a start is one only once, also where no window ends before the next
        begin = 0.0 if newest is None and watched.from_beginning else last
        parts = Parts(
            feed=feed,
            subjects=Subjects(
                around.references,
                ledger,
                EarlierTweets(servers, topics.classified.name, isolation_level=watched.isolation_level, bucket=bucket),
                long_windows=watched.long_windows,
                malformed_share=watched.malformed_share,
                clock=time.monotonic,
            ),
            teller=teller,
            refused=RefusedTweets(
                _consumer(stack, watched), topics.dead_letter.name, source=topics.raw.name, begin=begin
            ),
            learned=LearnedTopic(_consumer(stack, watched), topics.metrics.name, alarms_after=last or time.time()),
            concepts=Concepts(around.accuracies),
            bucket=bucket,
        )
        logger.info(
            "feed_followed",
            extra={
                "topic": topics.classified.name,
                "offsets": offsets,
                "window": _number(newest),
                "group": watched.group,
            },
        )
        standing = Standing(told_end, last, skips=newest is not None or not watched.from_beginning)
        yield Watch(parts, watched.rules, standing)


def _consumer(stack: ExitStack, watched: Watched, *, group: str | None = None, **options: int) -> KafkaConsumer:
    """Make a consumer that is closed at the end."""
    consumer = connect(watched.bootstrap_servers, isolation_level=watched.isolation_level, group=group, **options)
    stack.callback(consumer.close, autocommit=False, timeout_ms=CLOSE_MS)
    return consumer


def _committed(consumer: KafkaConsumer, partitions: list[TopicPartition]) -> dict[int, int]:
    found = {tp.partition: consumer.committed(tp, timeout_ms=CONNECT_TIMEOUT_MS) for tp in partitions}
    return {number: int(offset) for number, offset in found.items() if offset is not None}


def _by_number(offsets: dict[TopicPartition, int]) -> Offsets:
    return {tp.partition: int(offset) for tp, offset in offsets.items()}


def _number(event: DriftEvent | None) -> int:
    return 0 if event is None else event.window.number


def _seconds(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
