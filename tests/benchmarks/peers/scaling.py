"""Our worker's throughput against what changes it: size and compression of the records, partitions, number of workers."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from peers.broker import PARTITIONS, Broker
from peers.contestants import OURS
from peers.feed import Feed
from peers.worker_process import WorkerProcess

WATCHED_FROM = 0.4
SETTLE_SECONDS = 0.5  # for outputs beyond those expected

_decode, _encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode


def with_unread_fields(size: int) -> Callable[[bytes], bytes]:
    """Give what pads a record to a size with a field that is not read, as X's many others are."""

    def pad(value: bytes) -> bytes:
        missing = max(0, size - len(value) - len(b',"unread":""'))
        return value[:-1] + b',"unread":"' + b"x" * missing + b'"}'

    return pad


def with_text_of(characters: int) -> Callable[[bytes], bytes]:
    """Give what makes a tweet's text that long, by repeating it."""

    def stretch(value: bytes) -> bytes:
        record = _decode(value)
        tweet = record.get("data", record)  # flat, or wrapped
        text = tweet["text"] + " "
        tweet["text"] = (text * (characters // len(text) + 1))[:characters]
        return _encode(record)

    return stretch


@dataclass(frozen=True)
class Setup:
    """One row.

    Attributes:
        title: for the table.
        shape: makes the record of a tweet's bytes.
        partitions: of all topics.
        workers: processes of one consumer group.
        comes_in: how the tweets are compressed.
        settings: of the workers, beside those that all rows have.
    """

    title: str
    shape: Callable[[bytes], bytes] = lambda value: value
    partitions: int = PARTITIONS
    workers: int = 1
    comes_in: str = "none"
    settings: Mapping[str, str] = field(default_factory=dict)


SETUPS = (
    Setup("as they are, 4 partitions, 1 worker"),
    Setup("records of 2 KB, most of it not read", with_unread_fields(2_000)),
    Setup("records of 8 KB, most of it not read", with_unread_fields(8_000)),
    Setup("texts of 1,000 characters", with_text_of(1_000)),
    Setup("texts of 4,000 characters", with_text_of(4_000)),
    Setup("1 partition", partitions=1),
    Setup("16 partitions", partitions=16),
    Setup("2 workers", workers=2),
    Setup("tweets come in lz4", comes_in="lz4"),
    Setup("tweets come in zstd", comes_in="zstd"),
    Setup("answers go out in lz4", settings={"STREAM_COMPRESSION": "lz4"}),
    Setup("answers go out in zstd", settings={"STREAM_COMPRESSION": "zstd"}),
    Setup("both in zstd", comes_in="zstd", settings={"STREAM_COMPRESSION": "zstd"}),
)


@dataclass(frozen=True)
class Throughput:
    """What one setup gave.

    Attributes:
        record_bytes: mean size of an input record's value.
        tweets_per_second: from the time that 40 % were answered to the end, so that all workers have joined.
        cpu_microseconds: of all workers together, a tweet.
        verdict: "delivered" when both outputs have as many records as there were inputs.
    """

    record_bytes: float
    tweets_per_second: float
    cpu_microseconds: float
    verdict: str


def measure(setup: Setup, feed: Feed, *, broker: Broker, folder: Path, count: int) -> Throughput:
    """Let workers answer that many tweets."""
    topics = {kind: f"scaling-{time.time_ns()}.{kind}" for kind in ("raw", "classified", "sentiment", "dead_letter")}
    broker.create(*topics.values(), partitions=setup.partitions)
    size = feed.fill(
        broker.servers,
        topics["raw"],
        count=count,
        partitions=setup.partitions,
        shape=setup.shape,
        compression=setup.comes_in,
    )
    outputs = (topics["classified"], topics["sentiment"])
    samples: list[tuple[int, float, float]] = []
    with ExitStack() as started:
        workers = []
        for number in range(setup.workers):
            own_folder = folder / f"worker-{number}"
            own_folder.mkdir(exist_ok=True)
            worker = WorkerProcess(
                OURS, servers=broker.servers, topics=topics, folder=own_folder, settings=setup.settings
            )
            workers.append(started.enter_context(worker))

        def sample(done: int) -> None:
            if WATCHED_FROM * count <= done < count:
                samples.append((done, time.monotonic(), sum(worker.cpu_seconds() for worker in workers)))

        workers[0].wait_until(lambda: min(map(broker.count, outputs)), count, each=sample)
        time.sleep(SETTLE_SECONDS)
    counts = [broker.count(topic) for topic in outputs]
    broker.delete(*topics.values())
    if len(samples) < 2:  # a difference needs two
        raise SystemExit(f"{count:,} tweets were answered too quickly to watch: give more to --tweets")
    (first, begin, first_cpu), (last, end, last_cpu) = samples[0], samples[-1]
    return Throughput(
        record_bytes=size / count,
        tweets_per_second=(last - first) / (end - begin),
        cpu_microseconds=(last_cpu - first_cpu) / (last - first) * 1e6,
        verdict="delivered" if counts == [count, count] else f"{counts} outputs for {count} inputs",
    )
