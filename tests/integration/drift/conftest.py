"""A feed of classified tweets, a reference for it, real watches, and what they told."""

import contextlib
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaProducer

from models.records import ClassifiedTweet, ModelVersion, utc_timestamp
from models.taxonomy import LABELS, SENTIMENTS
from monitoring.drift.describing import describe
from monitoring.drift.records import DriftEvent
from monitoring.drift.references.making import reference_of
from monitoring.drift.references.reference_file import save_reference
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import window_of

TIMEOUT_SECONDS = 60.0
WORDS = [f"{one}{two}{three}" for one in "bdfgkl" for two in "aeiou" for three in ("nder", "stic", "mal", "rop")]


@dataclass
class Feed:
    """Makes classified tweets one after the other, the first of them now."""

    seed: int = 1
    version: str = "1"
    at: float = field(default_factory=time.time)
    step_seconds: float = 0.01
    labels: Sequence[str] = LABELS
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def tweet(self) -> ClassifiedTweet:
        self.at += self.step_seconds
        text = " ".join(self.chance.choices(WORDS, k=self.chance.randint(4, 20)))
        label = self.chance.choice(self.labels)
        return ClassifiedTweet(
            id=str(next(self.ids)),
            text=text,
            created_at=utc_timestamp(self.at - self.chance.uniform(0.1, 2)),
            tickers=(),
            label=label,
            label_score=self.chance.uniform(0.3, 1),
            labels={},
            sentiment=self.chance.choice(SENTIMENTS),
            sentiment_score=self.chance.uniform(-1, 1),
            answered_by="batch",
            sentiment_answered_by="batch",
            opinions={},
            model=ModelVersion("tickertape", self.version, self.chance.randint(0, 99)),
            classified_at=utc_timestamp(self.at),
        )

    def tweets(self, count: int) -> list[ClassifiedTweet]:
        return [self.tweet() for _ in range(count)]


@pytest.fixture(scope="session")
def reference_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference of a feed, for version 1."""
    tweets = Feed(seed=7).tweets(4000)
    trained = Vocabulary.of(describe(tweet, Vocabulary.of([])).words for tweet in tweets)
    rows = [describe(tweet, trained) for tweet in tweets]
    windows = [window_of(rows[start : start + 500]) for start in range(0, len(rows), 500)]
    path = tmp_path_factory.mktemp("reference") / "drift_reference.npz"
    reference = reference_of(
        windows, trained=trained, model_name="tickertape", model_version="1", source="a made-up feed"
    )
    save_reference(reference, path)
    return path


@dataclass
class Process:
    """A real `tickertape drift` process."""

    process: "subprocess.Popen[bytes]"
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def lines(self, event: str) -> list[str]:
        return [line for line in self.log.splitlines() if f" {event} " in f"{line} "]

    def wait_for(self, event: str, *, times: int = 1) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while len(self.lines(event)) < times:
            assert self.process.poll() is None, f"the watch ended with {self.process.returncode}:\n{self.log}"
            assert time.monotonic() < deadline, f"no {event} in {TIMEOUT_SECONDS} s:\n{self.log}"
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=TIMEOUT_SECONDS)


def _timestamp_ms(value: ClassifiedTweet | bytes | None) -> int | None:
    if not isinstance(value, ClassifiedTweet):
        return None
    return round(datetime.fromisoformat(value.classified_at).timestamp() * 1000)


def _told(events: Sequence[DriftEvent]) -> int:
    return sum(events[-1].window.end.values()) if events else 0


@dataclass(frozen=True)
class Watching:
    """The drift process's side of a cluster."""

    cluster: Any
    start: Callable[..., Process]

    @property
    def topics(self) -> Any:
        return self.cluster.topics

    @contextlib.contextmanager
    def publishing(self, feed: Feed, *, per_second: float) -> Iterator[threading.Event]:
        """Publish tweets as they are made, from a thread, until the end or until the event is set."""
        stopped = threading.Event()

        def publish() -> None:
            while not stopped.wait(0.1):
                feed.at = time.time()
                self.publish(feed.tweets(round(per_second / 10)))

        thread = threading.Thread(target=publish)
        thread.start()
        try:
            yield stopped
        finally:
            stopped.set()
            thread.join()

    def publish(self, values: Sequence[ClassifiedTweet | bytes | None]) -> None:
        """Put classified tweets, or anything, onto their topic, dealt out to its partitions."""
        producer = KafkaProducer(bootstrap_servers=self.cluster.servers, acks="all", linger_ms=5)
        for value in values:
            is_tweet = isinstance(value, ClassifiedTweet)
            producer.send(
                self.topics.classified.name,
                key=value.id.encode() if is_tweet and value.id else b"0",
                value=msgspec.json.encode(value) if is_tweet else value,
                timestamp_ms=_timestamp_ms(value),
            )
        producer.flush()
        producer.close()

    def refuse(self, letters: Sequence[dict[str, str]]) -> None:
        """Put dead letters with these headers onto their topic."""
        producer = KafkaProducer(bootstrap_servers=self.cluster.servers, acks="all")
        for letter in letters:
            headers = [(name, value.encode()) for name, value in letter.items()]
            producer.send(self.topics.dead_letter.name, value=b"x", headers=headers)
        producer.flush()
        producer.close()

    def events(self) -> list[DriftEvent]:
        """What was told, in its order."""
        return [
            msgspec.json.decode(record.value or b"", type=DriftEvent)
            for record in self.cluster.read(self.topics.drift.name)
        ]

    def wait_for_events(self, count: int) -> list[DriftEvent]:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while len(events := self.events()) < count:
            assert time.monotonic() < deadline, f"{len(events)} of {count} windows in {TIMEOUT_SECONDS} s"
            time.sleep(0.1)
        return events

    def wait_until_told(self, tweets: int) -> list[DriftEvent]:
        """Wait until so many tweets of the topic are behind the end of the last window, as long as windows come."""
        told, deadline = 0, time.monotonic() + TIMEOUT_SECONDS
        while _told(events := self.events()) < tweets:
            if len(events) > told:
                told, deadline = len(events), time.monotonic() + TIMEOUT_SECONDS
            assert time.monotonic() < deadline, f"{len(events)} windows, and not all of {tweets} tweets"
            time.sleep(0.2)
        return events

    @staticmethod
    def is_contiguous(events: Sequence[DriftEvent]) -> bool:
        """Tell whether each window begins where the one before ended, and has the next number."""
        return all(
            later.window.start == earlier.window.end and later.window.number == earlier.window.number + 1
            for earlier, later in itertools.pairwise(events)
        )

    @staticmethod
    def wait_for_one_to_end(processes: Sequence[Process]) -> Process:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not (ended := [one for one in processes if one.process.poll() is not None]):
            assert time.monotonic() < deadline, f"no watch ended in {TIMEOUT_SECONDS} s"
            time.sleep(0.1)
        return ended[0]


@pytest.fixture
def watching(cluster: Any, reference_file: Path, tmp_path: Path) -> Iterator[Watching]:
    """Start watches on this test's topics; whichever runs at its end is killed."""
    started: list[Process] = []

    def start(*words: str, **settings: Any) -> Process:
        log_file = tmp_path / f"watch-{len(started)}.log"
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": cluster.servers,
            "TOPICS_PREFIX": cluster.prefix,
            "STREAM_GROUP": f"{cluster.prefix}group",
            "TICKERTAPE_HOME": str(tmp_path),
            "DRIFT_REFERENCE": str(reference_file),
            "DRIFT_REPORTS_DIR": str(tmp_path / "reports"),
            **{name: str(value) for name, value in settings.items()},
        }
        command = [sys.executable, "-m", "monitoring", "watch", *words]
        with log_file.open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        started.append(Process(process, log_file))
        return started[-1]

    yield Watching(cluster, start)
    for one in started:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def make_feed() -> type[Feed]:
    """Make a feed of classified tweets."""
    return Feed
