"""The tweets of the benchmark: a real feed where there is one, else the project's generator."""

import csv
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

from confluent_kafka import Producer

from models.taxonomy import LABELS, SENTIMENTS
from stream.feed.files import read_records
from stream.feed.generator import generate

FEED_FILE = "feed.jsonl.gz"
LABELLED_FILES = ("topic_train.csv", "sent_train.csv")
DISTINCT_TWEETS = 75_000  # of the generator; as many as the real feed has
POLL_EVERY = 1_000

Labelled = tuple[list[str], list[int]]
Tweet = tuple[bytes, bytes]


class Feed:
    """Distinct tweets as (key, value), held in memory and looped.

    Attributes:
        origin: what they are, for the head of the table.
    """

    def __init__(self, data_dir: Path) -> None:
        path = data_dir / FEED_FILE
        if path.exists():
            records = read_records(str(path), file_format="jsonl")
            self.tweets: list[Tweet] = [(key, value) for key, value in records if key and value]
            self.origin = f"{FEED_FILE}, {len(self.tweets):,} real tweets, looped"
        else:
            made = islice(generate(1, malformed_share=0.0), DISTINCT_TWEETS)
            self.tweets = [(tweet.id.encode(), tweet.value) for tweet in made if tweet.value is not None]
            self.origin = f"{len(self.tweets):,} made-up tweets, looped, as {path} is not there"

    def looped(self, count: int) -> Iterator[Tweet]:
        """Give that many tweets, from the first on."""
        return islice(cycle(self.tweets), count)

    def fill(
        self,
        servers: str,
        topic: str,
        *,
        count: int,
        partitions: int,
        shape: Callable[[bytes], bytes] = lambda value: value,
        compression: str = "none",
    ) -> int:
        """Publish that many tweets, dealt evenly to the partitions, and wait until all are delivered.

        Args:
            servers: the broker.
            topic: where to.
            count: how many.
            partitions: of the topic.
            shape: makes the record of a tweet's bytes.
            compression: of the record batches, by librdkafka's names.

        Returns:
            How many bytes they have.
        """
        producer = feed_producer(servers, linger_ms=20, compression=compression)
        size = 0
        for number, (key, value) in enumerate(self.looped(count)):
            record = shape(value)
            size += len(record)
            send(producer, topic, key, record, partition=number % partitions)
            if number % POLL_EVERY == 0:
                producer.poll(0)
        left = producer.flush(60)
        if left:
            raise SystemExit(f"{left} tweets could not be published to {topic}: look at Kafka's log")
        return size


def feed_producer(servers: str, *, linger_ms: float, compression: str = "none") -> Producer:
    """Connect a producer that waits for all replicas."""
    return Producer(
        {
            "bootstrap.servers": servers,
            "linger.ms": linger_ms,
            "compression.type": compression,
            "enable.idempotence": True,  # a retry must not change the order: the referee knows what lies where
            "batch.size": 500_000,
            "queue.buffering.max.messages": 500_000,
            "log_level": 0,
        }
    )


def send(producer: Producer, topic: str, key: bytes, value: bytes, *, partition: int) -> None:
    """Queue a tweet; waits while the queue is full."""
    while True:
        try:
            producer.produce(topic, value, key=key, partition=partition)
        except BufferError:
            producer.poll(0.1)
        else:
            return


def labelled(data_dir: Path, count: int) -> tuple[Labelled, Labelled]:
    """Give texts and classes to fit a topic and a sentiment model: the labelled files, else made-up tweets."""
    paths = [data_dir / name for name in LABELLED_FILES]
    if all(path.exists() for path in paths):
        topics, sentiments = (_read(path, count) for path in paths)
        return topics, sentiments
    made = [tweet for tweet in islice(generate(2, malformed_share=0.0), count) if tweet.label and tweet.sentiment]
    texts = [tweet.value.decode() for tweet in made if tweet.value]
    return (
        (texts, [LABELS.index(tweet.label) for tweet in made if tweet.label]),
        (texts, [SENTIMENTS.index(tweet.sentiment) for tweet in made if tweet.sentiment]),
    )


def _read(path: Path, count: int) -> Labelled:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = rows[:: max(1, len(rows) // count)]  # the file is partly sorted by label
    return [row["text"] for row in chosen], [int(row["label"]) for row in chosen]
