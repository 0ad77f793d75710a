"""One run of one contestant, and the referee's look at what it delivered."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Message
from peers.answering import PREDICTORS, Answerer, Headers
from peers.answering import Place as RecordPlace
from peers.broker import PARTITIONS, Broker, Place, Tally, answered_place
from peers.contestants import Contestant
from peers.worker_process import WorkerProcess

SETTLE_SECONDS = 0.5  # for outputs beyond those expected
COMPARED_RECORDS = 250  # of each input partition: their outputs are compared byte for byte
CLASSIFIED_TYPE, SENTIMENT_TYPE = b"tickertape.tweet.classified.v1", b"tickertape.tweet.sentiment.v1"


@dataclass(frozen=True)
class Outcome:
    """What a run gave.

    Attributes:
        tweets: how many it was given.
        seconds: from the first to the last output record, by the broker's append times.
        cpu_microseconds: of its process, a tweet, from the first outputs to the last; start-up is left out.
        peak_mib: of its process, and its children's.
        verdict: "delivered" when every input has both outputs, once, as expected; else what was wrong.
    """

    tweets: int
    seconds: float
    cpu_microseconds: float
    peak_mib: float
    verdict: str

    @property
    def tweets_per_second(self) -> float:
        """The rate; 0 for who delivered nothing."""
        return self.tweets / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Course:
    """The input that the contestants get, and its tweets.

    Attributes:
        topic: filled with `count` tweets, dealt evenly to the partitions.
        tweets: the distinct ones that it loops, as (key, value).
    """

    topic: str
    count: int
    tweets: Sequence[tuple[bytes, bytes]]

    def value(self, place: Place) -> bytes:
        """Give the input record at a place."""
        partition, offset = place
        return self.tweets[(offset * PARTITIONS + partition) % len(self.tweets)][1]

    def places(self) -> set[Place]:
        """Give where all of them lie."""
        return {(number % PARTITIONS, number // PARTITIONS) for number in range(self.count)}


def run(contestant: Contestant, course: Course, *, broker: Broker, folder: Path, number: int) -> Outcome:
    """Let a contestant answer the whole course.

    Args:
        contestant: who.
        course: what.
        broker: where; gets topics of this run's own, which are removed afterwards.
        folder: for logs and state.
        number: of the run, for the names of its topics.
    """
    outputs = {kind: f"run-{number}.{contestant.name}.{kind}" for kind in ("classified", "sentiment", "dead_letter")}
    broker.create(*outputs.values())
    samples: list[tuple[int, float]] = []
    worker = WorkerProcess(contestant, servers=broker.servers, topics={"raw": course.topic, **outputs}, folder=folder)
    with worker:

        def delivered() -> int:
            return min(broker.count(outputs["classified"]), broker.count(outputs["sentiment"]))

        def sample(done: int) -> None:
            if done:
                samples.append((done, worker.cpu_seconds()))

        worker.wait_until(delivered, course.count, each=sample)
        time.sleep(SETTLE_SECONDS)
    tallies = [_tally(kind, contestant, course, broker, outputs[kind]) for kind in ("classified", "sentiment")]
    broker.delete(*outputs.values())
    has_outputs = all(tally.answered for tally in tallies)
    first_ms, last_ms = min(tally.first_ms for tally in tallies), max(tally.last_ms for tally in tallies)
    return Outcome(
        tweets=course.count,
        seconds=(last_ms - first_ms) / 1000 if has_outputs else 0.0,
        cpu_microseconds=_cpu_microseconds(samples),
        peak_mib=worker.peak_mib,
        verdict=_verdict(tallies, course),
    )


def _tally(kind: str, contestant: Contestant, course: Course, broker: Broker, topic: str) -> Tally:
    expected = Answerer(PREDICTORS["scorer" if contestant.model == "sklearn" else contestant.model](), course.topic)
    tally = Tally()
    for record in broker.read(topic):
        place = answered_place(record)
        tally.add(record, place)
        if place[1] < COMPARED_RECORDS:
            [answer] = expected([course.value(place)], [RecordPlace(*place)])
            is_classified = kind == "classified"
            value = answer.classified if is_classified else answer.sentiment
            headers = answer.classified_headers if is_classified else answer.sentiment_headers
            same_model = contestant.model != "sklearn"
            tally.odd += not _is_as_expected(record, answer.key, value, headers, same_model=same_model)
    return tally


def _is_as_expected(record: Message, key: bytes, value: bytes, headers: Headers, *, same_model: bool) -> bool:
    found, wanted = json.loads(record.value()), json.loads(value)
    found_headers, wanted_headers = dict(record.headers()), dict(headers)
    if not same_model:  # other answers, but in the same form
        return record.key() == key and found.keys() == wanted.keys() and found_headers.keys() == wanted_headers.keys()
    return record.key() == key and _timeless(found) == _timeless(wanted) and found_headers == wanted_headers


def _timeless(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    """Leave out when it was made; the order of the fields counts."""
    return [(name, value) for name, value in answer.items() if name != "classified_at"]


def _verdict(tallies: Sequence[Tally], course: Course) -> str:
    lost = sum(len(course.places() - tally.answered.keys()) for tally in tallies)
    faults = {
        "lost": lost,
        "repeated": sum(tally.repeated() for tally in tallies),
        "different": sum(tally.odd for tally in tallies),
    }
    return ", ".join(f"{count:,} outputs {fault}" for fault, count in faults.items() if count) or "delivered"


def _cpu_microseconds(samples: Sequence[tuple[int, float]]) -> float:
    if len(samples) < 2 or samples[-1][0] == samples[0][0]:  # a difference needs two
        return 0.0
    (first, first_cpu), (last, last_cpu) = samples[0], samples[-1]
    return (last_cpu - first_cpu) / (last - first) * 1e6
