"""Opens what the watch works with, at the place where the last one stood; and again after Kafka was away."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from kafka import TopicPartition
from kafka.errors import KafkaError

from models.errors import BrokerError
from monitoring.drift.concepts import Accuracies, Concepts
from monitoring.drift.records import DriftEvent
from monitoring.drift.references.sources import References
from stream.drift.bucket import TokenBucket
from stream.drift.client import CALL_MS, CLOSE_MS, HeldClient
from stream.drift.event_log import EventLog, connect_producer
from stream.drift.feed import FETCH_BYTES as FEED_FETCH_BYTES
from stream.drift.feed import KafkaFeed, await_topic
from stream.drift.learned import LearnedTopic
from stream.drift.rebuilding import EarlierTweets
from stream.drift.refused import RefusedTweets
from stream.drift.starting import start_offsets
from stream.drift.subjects import Subjects
from stream.drift.telling import Alerts, Reports, Teller
from stream.drift.watch import Parts, Rules, Standing, Texts, Watch
from stream.kafka.clients import open_consumer
from stream.kafka.connection import KafkaConnection
from stream.kafka.errors import broker_error, reason
from stream.kafka.interrupts import Interrupts
from stream.kafka.offsets import Offsets, format_offsets
from stream.kafka.rights import check_rights
from stream.topics import Topics, ensure_topics

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WatchOptions:
    """What is watched, and how.

    Attributes:
        kafka: how to reach the cluster.
        topics: of the stream.
        group: consumer group whose offsets show how far this process is.
        isolation_level: `read_committed` or `read_uncommitted`.
        rules: when a window ends, and when tweets are skipped.
        long_windows: of how many windows the long one is made.
        malformed_share: share of refused records, 0 to 1, up to which a feed is sound.
        tweets_per_second: most tweets that are read in a second.
        from_beginning: where nothing was told yet, begin with what the topic holds already.
    """

    kafka: KafkaConnection
    topics: Topics
    group: str
    isolation_level: str
    rules: Rules
    long_windows: int
    malformed_share: float
    tweets_per_second: float
    from_beginning: bool


@dataclass(frozen=True)
class Services:
    """What the watch asks and tells beside Kafka."""

    references: References
    accuracies: Accuracies
    texts: Texts
    reports: Reports
    alerts: Alerts


def watch_without_end(
    options: WatchOptions,
    services: Services,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Watch until an exception ends it; where Kafka goes away, wait for it and go on.

    A trouble that comes again soon, as where Kafka refuses the events, is waited for longer each time.

    Args:
        options: what is watched, and how.
        services: what is asked and told beside Kafka.
        clock: gives seconds that only grow.
        sleep: waits for that many seconds.

    Raises:
        BrokerError: no broker answered the first time.
        DriftError: another process tells of the same windows.
        KeyboardInterrupt: at Ctrl-C or SIGTERM; a window that is not full is not told.
    """
    pause, is_lost, was_open, lost_at = FIRST_PAUSE_SECONDS, False, False, float("-inf")
    with Interrupts() as interrupts:
        while True:
            try:
                with opened(options, services, interrupts) as watch:
                    was_open = True
                    if is_lost:
                        logger.info("kafka_found_again")
                        is_lost = False
                    while True:
                        watch.step()
            except (BrokerError, KafkaError, OSError) as exc:
                if not was_open and isinstance(exc, KafkaError):
                    raise broker_error("can't watch the feed", options.kafka, exc) from exc
                if not was_open:
                    raise
                if not is_lost:
                    logger.warning("kafka_lost", extra={"error": reason(exc)})
                    is_lost = True
            is_soon = clock() - lost_at < 2 * LONGEST_PAUSE_SECONDS
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS) if is_soon else FIRST_PAUSE_SECONDS
            lost_at = clock()
            sleep(pause)


@contextmanager
def opened(options: WatchOptions, services: Services, interrupts: Interrupts) -> Iterator[Watch]:
    """Connect, and go on where the last window ended.

    Raises:
        BrokerError: no broker answers.
        KafkaError: it went away meanwhile, or refuses.
    """
    topics = options.topics
    check_rights(
        options.kafka,
        reads=[topic.name for topic in (topics.classified, topics.dead_letter, topics.metrics, topics.drift)],
        writes=[topics.drift.name],
        group=options.group,
    )
    ensure_topics(options.kafka, (topics.drift,))
    with ExitStack() as stack:
        consumers = _Consumers(options, interrupts, stack)
        consumer = consumers.make(group=options.group, max_partition_bytes=FEED_FETCH_BYTES)
        partitions = await_topic(consumer, topics.classified.name)
        producer = HeldClient(connect_producer(options.kafka), interrupts)
        stack.callback(producer.close, timeout=CLOSE_MS / 1000)
        event_log = EventLog(consumers.make(), producer, topics.drift.name)
        newest, committed = event_log.newest(), _committed(consumer, partitions)
        standing = _standing(newest, from_beginning=options.from_beginning)
        offsets = start_offsets(
            told=standing.end,
            committed=committed,
            first=_by_number(consumer.beginning_offsets(partitions, timeout_ms=CALL_MS)),
            last=_by_number(consumer.end_offsets(partitions, timeout_ms=CALL_MS)),
            from_beginning=options.from_beginning,
        )
        feed = KafkaFeed(consumer, topics.classified.name)
        feed.begin(offsets)
        teller = Teller(event_log, services.reports, services.alerts)
        if newest is not None and any(committed.get(number, 0) < end for number, end in (standing.end or {}).items()):
            teller.tell_alerts_again(newest)
        feed.commit(offsets)  # so that a start is one only once, also where no window ends before the next
        logger.info(
            "feed_followed",
            extra={"topic": topics.classified.name, "from": format_offsets(offsets), "window": _number(newest)},
        )
        yield Watch(_parts(options, services, consumers, feed, event_log, teller, standing), options.rules, standing)


class _Consumers:
    """Makes consumers that are closed at the end."""

    def __init__(self, options: WatchOptions, interrupts: Interrupts, stack: ExitStack) -> None:
        self._options, self._interrupts, self._stack = options, interrupts, stack

    def make(self, *, group: str | None = None, **more: int) -> HeldClient:
        kafka, isolation_level = self._options.kafka, self._options.isolation_level
        consumer = HeldClient(
            open_consumer(kafka, isolation_level=isolation_level, group=group, **more), self._interrupts
        )
        self._stack.callback(consumer.close, autocommit=False, timeout_ms=CLOSE_MS)
        return consumer


def _parts(  # one call, where all meet
    options: WatchOptions,
    services: Services,
    consumers: _Consumers,
    feed: KafkaFeed,
    event_log: EventLog,
    teller: Teller,
    standing: Standing,
) -> Parts:
    topics = options.topics
    bucket = TokenBucket(options.tweets_per_second)
    begin = 0.0 if standing.end is None and options.from_beginning else standing.last
    alarms_after = time.time() if standing.last is None else standing.last
    return Parts(
        feed=feed,
        subjects=Subjects(
            services.references,
            event_log,
            EarlierTweets(consumers.make(), topics.classified.name, bucket),
            long_windows=options.long_windows,
            malformed_share=options.malformed_share,
            clock=time.monotonic,
        ),
        teller=teller,
        refused=RefusedTweets(consumers.make(), topics.dead_letter.name, source=topics.raw.name, begin=begin),
        learned=LearnedTopic(consumers.make(), topics.metrics.name, alarms_after=alarms_after),
        concepts=Concepts(services.accuracies),
        texts=services.texts,
        bucket=bucket,
    )


def _standing(newest: DriftEvent | None, *, from_beginning: bool) -> Standing:
    if newest is None:
        return Standing(None, None, skips=not from_beginning)
    end = {int(number): offset for number, offset in newest.window.end.items()}
    return Standing(end, _seconds(newest.window.last_at))


def _committed(consumer: HeldClient, partitions: list[TopicPartition]) -> dict[int, int]:
    found = {tp.partition: consumer.committed(tp, timeout_ms=CALL_MS) for tp in partitions}
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
