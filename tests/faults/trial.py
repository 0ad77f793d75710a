"""One trial: topics of its own, a feed, supervised workers, faults, and the judgement of `tickertape verify`."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from config.settings import TopicSettings
from stream.feed.files import Record
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics
from tests.faults.feed import Feed, tweets
from tests.faults.figures import Figures, totals, worst_recovery
from tests.faults.processes import TICKERTAPE, SupervisedProcess
from tests.faults.questions import LOOK_SECONDS, PATIENCE_SECONDS, Questions

PER_SECOND = 300.0
SETTLE_SECONDS = 6.0  # what gives up a Kafka that does not answer does so within that time
SESSION_SECONDS = 6  # the shortest that Kafka takes
RESULTS = ("inputs", "classified", "dead_letters")


class Trial:
    """What a test of faults works with.

    Args:
        servers: of a broker that no fault comes between.
        folder: for logs and what workers write.
        prefix: of its topics.
        worker_servers: how workers reach the broker; None for the same way.
        replication_factor: copies of each partition.
        delivery: of the workers; nothing may be repeated where it is `exactly_once`.
    """

    def __init__(
        self,
        servers: str,
        folder: Path,
        *,
        prefix: str,
        worker_servers: str | None = None,
        replication_factor: int = 1,
        delivery: str = "at_least_once",
    ) -> None:
        self.servers, self._folder, self._delivery = servers, folder, delivery
        self.topics = declare_topics(TopicSettings(prefix=prefix, replication_factor=replication_factor))
        ensure_topics(KafkaConnection(servers), self.topics.all)
        self._stamp_with_the_time_of_arrival()
        self.settings = {
            "DELIVERY": delivery,
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
        self._questions = Questions(servers, group=self.settings["STREAM_GROUP"], partitions=self.topics.raw.partitions)

    def start(self, *words: str, program: Sequence[str] = TICKERTAPE, **settings: object) -> SupervisedProcess:
        """Start a process of the project, or a program in its place; it is not waited for."""
        more = {name: str(value) for name, value in settings.items()}
        log_file = self._folder / f"{words[0]}-{len(self._processes)}.log"
        self._processes.append(
            SupervisedProcess(*words, settings=self.settings | more, log_file=log_file, program=program)
        )
        return self._processes[-1]

    def worker(self, *, program: Sequence[str] = TICKERTAPE, **settings: object) -> SupervisedProcess:
        """Start one more worker of the group; it is not waited for."""
        self._workers.append(self.start("worker", program=program, **settings))
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
    def under_load(self, *, program: Sequence[str] = TICKERTAPE) -> Iterator[None]:
        """Run a worker on a steady feed: from when it moves all partitions and has restored what was learned, until it is steady."""
        worker = self.worker(program=program)
        with self.feed():
            self.wait_until_moving()
            worker.wait_for("learner_restored")
            yield
            self.wait_until_steady()

    def wait_until_moving(self) -> None:
        """Wait until each partition has an output that comes after this call."""
        before = self._questions.ends(self.topics.sentiment.name)
        self._wait(
            lambda: all(
                end > before[number] for number, end in self._questions.ends(self.topics.sentiment.name).items()
            )
        )

    def wait_until_steady(self) -> None:
        """Wait until outputs come, and still do after a while."""
        self.wait_until_moving()
        time.sleep(SETTLE_SECONDS)
        self.wait_until_moving()

    def wait_until_done(self) -> None:
        """Wait until the workers have committed all that was sent."""
        ends = self._questions.ends(self.topics.raw.name)
        self._wait(lambda: self._questions.committed(self.topics.raw.name) == ends)

    def wait_until_learned(self, labels: int) -> None:
        """Wait until so many labels are learned, and that is committed."""
        feedback = TopicPartition(self.topics.feedback.name, 0)
        self._wait(lambda: self._questions.committed_of(feedback) >= labels)

    def wait_until_in_sync(self) -> None:
        """Wait until each partition has all its copies."""
        copies = self.topics.raw.replication_factor
        with contextlib.closing(KafkaAdminClient(bootstrap_servers=self.servers)) as admin:
            self._wait(lambda: all(len(isr) == copies for isr in in_sync(admin)))

    def judge(self, fault: str) -> Figures:
        """Wait until all is done, stop the workers, and let `tickertape verify` judge as a reader of what is committed.

        Fails where it finds more than repeats, or any of those with `exactly_once`.
        """
        self.wait_until_done()
        assert {worker.stop() for worker in self._workers} == {0}
        ends = self._questions.ends(self.topics.raw.name)
        found = totals(json.loads(self._verify(ends)))
        figures = Figures(
            fault=fault,
            delivery=self._delivery,
            faults=len(self._faults),
            sent=self._sent,
            lost=max(0, self._sent - found["inputs"]) + found["missing"] + found["pending"],
            repeated=found["repeated"],
            worst_recovery_seconds=worst_recovery(self.appended(), self._faults),
            worker_failures=sum(worker.failures for worker in self._workers),
        )
        harmless = RESULTS if self._delivery == "exactly_once" else (*RESULTS, "repeated")
        wrong = {name: count for name, count in found.items() if count and name not in harmless}
        assert (wrong, figures.lost) == ({}, 0), f"{fault}: {wrong}, {found}"
        assert found["classified"] + found["dead_letters"] == found["inputs"] == self._sent
        return figures

    def appended(self) -> dict[int, list[float]]:
        """Give the times at which the broker took the outputs of each partition; of a batch once."""
        return self._questions.appended(self.topics.sentiment.name)

    def close(self) -> None:
        """End all processes."""
        self._questions.close()
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

    def _wait(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            logs = "\n".join(worker.log[-3000:] for worker in self._workers)
            assert time.monotonic() < deadline, f"not so after {PATIENCE_SECONDS} s; the workers say:\n{logs}"
            time.sleep(LOOK_SECONDS)


def in_sync(admin: KafkaAdminClient) -> list[list[int]]:
    """Give the brokers that have a whole copy, of each partition of the cluster."""
    return [partition["isr_nodes"] for topic in admin.describe_topics() for partition in topic["partitions"]]
