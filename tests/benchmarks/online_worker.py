"""What the online model costs a worker, and how fast one learner learns from Kafka; prints both.

    TICKERTAPE_DATA_DIR=FOLDER python tests/benchmarks/online_worker.py

It starts a Kafka of its own in a temporary folder. First a worker learns the labels of `topic_train.csv` as fast as it
can. Then workers of groups of their own classify the same tweets (`feed.jsonl.gz`, some times over) in turn: without the
online model, with what was learned, and with it while labels come in at a steady rate. A run's rate is its tweets over
the time between its first and its last answer, after the first quarter, in which the worker starts. The machine's noise is in every figure: compare
those of one run.
"""

import argparse
import gzip
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count, cycle, islice
from pathlib import Path

import msgspec
from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition

from config.settings import BrokerSettings, ProjectSettings, TopicSettings, child_environment
from models.data.dataset import read_topics
from models.feedback import Feedback
from models.taxonomy import LABELS
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics

WAYS = ("without", "learned", "learning")
LEARNED = 60_000
LABELS_PER_SECOND = 500
LABELLED_AT = "2026-01-01T00:00:00Z"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tweets", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}", flush=True)
    with opened_bench() as bench:
        bench.learn()
        bench.publish(arguments.tweets)
        rates, costs = in_turn(WAYS, arguments.rounds, lambda *run: bench.classify(*run, arguments.tweets))
    for way in WAYS[1:]:
        rate, cost = (statistics.median(of[way]) / statistics.median(of["without"]) for of in (rates, costs))
        print(f"{way}: {rate:.3f} of the rate, {cost:.3f} of the processor time without", flush=True)


@contextmanager
def opened_bench() -> Iterator["Bench"]:
    """Open a bench on a Kafka of its own, in a temporary folder."""
    with (
        tempfile.TemporaryDirectory(prefix="tickertape-bench-") as folder,
        EmbeddedKafka(kafka_options(Path(folder))) as kafka,
    ):
        yield Bench(kafka.bootstrap_servers, Path(folder))


def in_turn(
    ways: Sequence[str], rounds: int, classify: Callable[[str, int], tuple[float, float]]
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Classify in each way in turn, some rounds, and print each run; gives the rates and costs of each way."""
    rates: dict[str, list[float]] = {way: [] for way in ways}
    costs: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds):
        for way in ways:
            rate, cost = classify(way, number)
            rates[way].append(rate)
            costs[way].append(cost)
            print(f"{way:<14} {rate:,.0f} tweets/s, {cost:.1f} us of processor time a tweet", flush=True)
    return rates, costs


def ratios(found: dict[str, list[float]], way: str, *, against: str) -> tuple[float, float, float]:
    """Give the median, the least and the largest ratio of two ways, round by round."""
    pairs = [one / other for one, other in zip(found[way], found[against], strict=True)]
    return statistics.median(pairs), min(pairs), max(pairs)


def kafka_options(folder: Path) -> BrokerOptions:
    """Give the options of a Kafka that has its data in a folder."""
    broker = BrokerSettings()
    return BrokerOptions(
        data_dir=folder / "kafka",
        cache_dir=broker.cache_dir,
        maven_repository=broker.maven_repository,
        jars_dir=broker.jars_dir,
    )


class Bench:
    """One Kafka and the tweets in it.

    Attributes:
        servers: its address.
        folder: for whatever is written.
    """

    def __init__(self, servers: str, folder: Path) -> None:
        self.servers = servers
        self.folder = folder
        self._topics = declare_topics(TopicSettings())
        ensure_topics(KafkaConnection(servers), self._topics.all)
        labelled = read_topics(ProjectSettings().data_dir)
        self._labelled = cycle(zip(labelled.texts, [LABELS[number] for number in labelled.classes], strict=True))
        self._ids = count(1)
        self._producer = KafkaProducer(bootstrap_servers=servers, linger_ms=5)

    def learn(self) -> None:
        """Learn all labels as fast as possible."""
        self._send_labels(LEARNED)
        with self._worker("learn"):
            begin = self._wait(self._topics.labelled.name, 1)
            end = self._wait(self._topics.labelled.name, LEARNED)
            print(f"{LEARNED:,} labels learned from Kafka: {LEARNED / (end - begin):,.0f} labels/s", flush=True)
            time.sleep(8)  # until a snapshot has them

    def publish(self, tweets: int) -> None:
        with gzip.open(ProjectSettings().data_dir / "feed.jsonl.gz") as lines:
            values = [line.strip() for line in lines]
        for value in islice(cycle(values), tweets):
            self._producer.send(self._topics.raw.name, value=value)
        self._producer.flush()

    def classify(
        self, way: str, number: int, tweets: int, *, watched: bool = False, **settings: str
    ) -> tuple[float, float]:
        """Give the tweets a second of a new group, and its microseconds a tweet; its outputs go to topics of their own.

        Where it is watched, a drift process reads them as they come. Other settings are the worker's.
        """
        name = f"{way}-{number}"
        outputs = TopicSettings(classified=f"{name}.classified", sentiment=f"{name}.sentiment")
        ensure_topics(KafkaConnection(self.servers), declare_topics(outputs).all)
        self._skip_feedback(name)
        names = {"TOPICS_CLASSIFIED": outputs.classified, "TOPICS_SENTIMENT": outputs.sentiment}
        worker_settings = {
            "ONLINE_ENABLED": str(way in WAYS[1:]).lower(),
            "LABELLING_PER_MINUTE": "0",
            **names,
            **settings,
        }
        with ExitStack() as stack:
            worker = stack.enter_context(self._worker(name, **worker_settings))
            if watched:
                drift = {"TOPICS_DRIFT": f"{name}.drift", "DRIFT_REPORTS_DIR": str(self.folder / f"{name}-reports")}
                stack.enter_context(self._process("drift", f"{name}-drift", **drift, **names))
            begin = self._wait(outputs.sentiment, tweets // 4, labels=way == "learning")
            used = -cpu_seconds(worker.pid)
            end = self._wait(outputs.sentiment, tweets, labels=way == "learning")
            used += cpu_seconds(worker.pid)
        measured = tweets - tweets // 4
        return measured / (end - begin), used / measured * 1e6

    @contextmanager
    def worker(self, name: str, **settings: str) -> Iterator[tuple[str, str]]:
        """Run a worker on topics of its own; gives the names of its input and of its classified tweets."""
        topics = TopicSettings(prefix=f"{name}.")
        ensure_topics(KafkaConnection(self.servers), declare_topics(topics).all)
        with self._worker(
            name, TOPICS_PREFIX=topics.prefix, ONLINE_ENABLED="false", LABELLING_PER_MINUTE="0", **settings
        ):
            time.sleep(10)  # until it holds its partitions
            yield declare_topics(topics).raw.name, declare_topics(topics).classified.name

    def _skip_feedback(self, group: str) -> None:
        """Let a new group begin behind the labels that a snapshot has."""
        consumer = KafkaConsumer(bootstrap_servers=self.servers, group_id=group, enable_auto_commit=False)
        partition = TopicPartition(self._topics.feedback.name, 0)
        consumer.assign([partition])
        consumer.commit({partition: OffsetAndMetadata(consumer.end_offsets([partition])[partition], "", -1)})
        consumer.close()

    def _worker(self, name: str, **settings: str) -> "subprocess.Popen[bytes]":
        return self._process("worker", name, **settings)

    def _process(self, verb: str, name: str, **settings: str) -> "subprocess.Popen[bytes]":
        environment = child_environment(
            KAFKA_BOOTSTRAP_SERVERS=self.servers,
            TICKERTAPE_HOME=str(self.folder),
            STREAM_GROUP=name,
            **settings,
        )
        with (self.folder / f"{name}.log").open("wb") as log:
            return _Ended([sys.executable, "-m", "tickertape", verb], env=environment, stderr=log)

    def _wait(self, topic: str, records: int, *, labels: bool = False) -> float:
        """Wait until a topic holds so many records, sending labels meanwhile if asked; gives the time."""
        consumer = KafkaConsumer(bootstrap_servers=self.servers)
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        began, sent = time.perf_counter(), 0
        while sum(consumer.end_offsets(partitions).values()) < records:
            due = int((time.perf_counter() - began) * LABELS_PER_SECOND) - sent if labels else 0
            self._send_labels(due)
            sent += due
            time.sleep(0.05)
        consumer.close()
        return time.perf_counter()

    def _send_labels(self, labels: int) -> None:
        for text, label in islice(self._labelled, labels):
            tweet_id = str(next(self._ids))
            feedback = Feedback(tweet_id=tweet_id, source="bench", labelled_at=LABELLED_AT, label=label, text=text)
            self._producer.send(self._topics.feedback.name, key=tweet_id.encode(), value=msgspec.json.encode(feedback))
        self._producer.flush()


def cpu_seconds(pid: int) -> float:
    """Give the processor time of a process and its threads so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class _Ended(subprocess.Popen):  # type: ignore[type-arg]
    """A process that is asked to end when its context does."""

    def __exit__(self, *error: object) -> None:
        self.terminate()
        self.wait()


if __name__ == "__main__":
    main()
