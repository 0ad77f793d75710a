"""One trial: topics of its own, a feed, supervised workers, faults, and the judgement of `tickertape verify`."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError

from config.settings import TopicSettings
from stream.connection import KafkaConnection
from stream.feed.files import Record
from stream.topics import declare_topics, ensure_topics
from tests.faults.feed import Feed, tweets
from tests.faults.figures import Figures, totals, worst_recovery
from tests.faults.processes import SupervisedProcess

LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 240.0  # only ends a test that hangs
PER_SECOND = 300.0
SETTLE_SECONDS = 6.0  # what gives up a Kafka that does not answer does so within that time
ANSWER_MS = 10_000
SESSION_SECONDS = 6  # the shortest that Kafka takes
HARMLESS = ("inputs", "classified", "dead_letters", "repeated")


class Trial:
    """What a test of faults works with.

    Args:
        servers: of a broker that no fault comes between.
        folder: for logs and what workers write.
        prefix: of its topics.
        worker_servers: how workers reach the broker; None for the same way.
        replication_factor: copies of each partition.
    """

    def __init__(
        self, servers: str, folder: Path, *, prefix: str, worker_servers: str | None = None, replication_factor: int = 1
    ) -> None:
        self.servers, self._folder = servers, folder
        self.topics = declare_topics(TopicSettings(prefix=prefix, replication_factor=replication_factor))
        ensure_topics(KafkaConnection(servers), self.topics.all)
        self._stamp_with_the_time_of_arrival()
        self.settings = {
            "KAFKA_BOOTSTRAP_SERVERS": worker_servers or servers,
            "TOPICS_PREFIX": prefix,
            "TOPICS_REPLICATION_FACTOR": str(replication_factor),
            "STREAM_GROUP": f"{prefix}group",
            "STREAM_SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
            "TICKERTAPE_HOME": str(folder),
        }
        self._processes: list[SupervisedProcess] = []
        self._workers: list[SupervisedProcess] = []
        self._faults: list[tuple[float, float]] = []
        self._sent = 0
        self._consumer: KafkaConsumer | None = None

    def start(self, *words: str, **settings: object) -> SupervisedProcess:
        """Start a process of the project; it is not waited for."""
        more = {name: str(value) for name, value in settings.items()}
        log_file = self._folder / f"{words[0]}-{len(self._processes)}.log"
        self._processes.append(SupervisedProcess(*words, settings=self.settings | more, log_file=log_file))
        return self._processes[-1]

    def worker(self, **settings: object) -> SupervisedProcess:
        """Start one more worker of the group; it is not waited for."""
        self._workers.append(self.start("worker", **settings))
        return self._workers[-1]

    @contextlib.contextmanager
    def feed(self, *, per_second: float = PER_SECOND, records: Iterable[Record] | None = None) -> Iterator[Feed]:
        """Publish tweets at a steady rate as long as the block lasts; made-up ones where none are given."""
        feed = Feed(self.servers, self.topics.raw.name, records=records or tweets(), per_second=per_second)
        with feed:
            yield feed
        self._sent += feed.sent

    @contextlib.contextmanager
    def fault(self) -> Iterator[None]:
        """Note when a fault begins and ends."""
        begin = time.time()
        yield
        self._faults.append((begin, time.time()))

    @contextlib.contextmanager
    def under_load(self) -> Iterator[None]:
        """Run a worker on a steady feed: from when it moves all partitions and has restored what was learned, until it is steady."""
        worker = self.worker()
        with self.feed():
            self.wait_until_moving()
            worker.wait_for("learner_restored")
            yield
            self.wait_until_steady()

    def wait_until_moving(self) -> None:
        """Wait until each partition has an output that comes after this call."""
        before = self._ends(self.topics.sentiment.name)
        self._wait(lambda: all(end > before[number] for number, end in self._ends(self.topics.sentiment.name).items()))

    def wait_until_steady(self) -> None:
        """Wait until outputs come, and still do after a while."""
        self.wait_until_moving()
        time.sleep(SETTLE_SECONDS)
        self.wait_until_moving()

    def wait_until_done(self) -> None:
        """Wait until the workers have committed all that was sent."""
        ends = self._ends(self.topics.raw.name)
        self._wait(lambda: self._committed() == ends)

    def wait_until_learned(self, labels: int) -> None:
        """Wait until so many labels are learned, and that is committed."""
        feedback = TopicPartition(self.topics.feedback.name, 0)
        self._wait(lambda: (self._ask(lambda consumer: consumer.committed(feedback)) or 0) >= labels)

    def wait_until_in_sync(self) -> None:
        """Wait until each partition has all its copies."""
        copies = self.topics.raw.replication_factor
        with contextlib.closing(KafkaAdminClient(bootstrap_servers=self.servers)) as admin:
            self._wait(lambda: all(len(isr) == copies for isr in in_sync(admin)))

    def judge(self, fault: str) -> Figures:
        """Wait until all is done, stop the workers, and let `tickertape verify` judge; fails where it finds more than repeats."""
        self.wait_until_done()
        assert {worker.stop() for worker in self._workers} == {0}
        ends = self._ends(self.topics.raw.name)
        found = totals(json.loads(self._verify(ends)))
        figures = Figures(
            fault=fault,
            faults=len(self._faults),
            sent=self._sent,
            lost=max(0, self._sent - found["inputs"]) + found["missing"] + found["pending"],
            repeated=found["repeated"],
            worst_recovery_seconds=worst_recovery(self.appended(), self._faults),
            worker_failures=sum(worker.failures for worker in self._workers),
        )
        wrong = {name: count for name, count in found.items() if count and name not in HARMLESS}
        assert (wrong, figures.lost) == ({}, 0), f"{fault}: {wrong}, {found}"
        assert found["classified"] + found["dead_letters"] == found["inputs"] == self._sent
        return figures

    def appended(self) -> dict[int, list[float]]:
        """Give the times at which the broker took the outputs of each partition; of a batch once."""
        times: defaultdict[int, list[float]] = defaultdict(list)
        partitions = self._partitions(self.topics.sentiment.name)
        with contextlib.closing(KafkaConsumer(bootstrap_servers=self.servers, enable_auto_commit=False)) as consumer:
            ends = consumer.end_offsets(partitions)
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            while any(consumer.position(partition) < ends[partition] for partition in partitions):
                for partition, records in consumer.poll(timeout_ms=500).items():
                    its_times = times[partition.partition]
                    its_times.extend(sorted({record.timestamp / 1000 for record in records} - set(its_times[-1:])))
        return times

    def close(self) -> None:
        """End all processes."""
        self._hang_up()
        for process in self._processes:
            process.end()

    def _verify(self, ends: dict[int, int]) -> str:
        start = ",".join(f"{number}:0" for number in ends)
        end = ",".join(f"{number}:{at}" for number, at in ends.items())
        command = [sys.executable, "-m", "tickertape", "verify", "--json", "--from", start, "--to", end]
        environment = os.environ | self.settings | {"KAFKA_BOOTSTRAP_SERVERS": self.servers}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ended.stdout, ended.stderr
        return ended.stdout

    def _stamp_with_the_time_of_arrival(self) -> None:
        resource = ConfigResource(
            ConfigResourceType.TOPIC, self.topics.sentiment.name, {"message.timestamp.type": "LogAppendTime"}
        )
        with contextlib.closing(KafkaAdminClient(bootstrap_servers=self.servers)) as admin:
            admin.alter_configs([resource])

    def _partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(self.topics.raw.partitions)]

    def _ends(self, topic: str) -> dict[int, int]:
        found = self._ask(lambda consumer: consumer.end_offsets(self._partitions(topic)))
        return {partition.partition: end for partition, end in found.items()}

    def _committed(self) -> dict[int, int]:
        partitions = self._partitions(self.topics.raw.name)
        return {tp.partition: self._ask(lambda consumer, tp=tp: consumer.committed(tp)) or 0 for tp in partitions}

    def _ask(self, question: Callable[[KafkaConsumer], Any]) -> Any:
        """Ask until a broker answers."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._consumer = self._consumer or KafkaConsumer(
                    bootstrap_servers=self.servers,
                    group_id=self.settings["STREAM_GROUP"],  # it asks, and is no member
                    enable_auto_commit=False,
                    request_timeout_ms=ANSWER_MS,
                )
                return question(self._consumer)
            except KafkaError:
                self._hang_up()
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_SECONDS)

    def _hang_up(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close(autocommit=False, timeout_ms=0)

    def _wait(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            logs = "\n".join(worker.log[-3000:] for worker in self._workers)
            assert time.monotonic() < deadline, f"not so after {PATIENCE_SECONDS} s; the workers say:\n{logs}"
            time.sleep(LOOK_SECONDS)


def in_sync(admin: KafkaAdminClient) -> list[list[int]]:
    """Give the brokers that have a whole copy, of each partition of the cluster."""
    return [partition["isr_nodes"] for topic in admin.describe_topics() for partition in topic["partitions"]]
