"""Print the figures of the main job: start times, the model's speed, and tweets a second from Kafka to Kafka.

Run it with `make bench`. It starts a Kafka of its own in a temporary folder and takes about two minutes. The machine's
noise is in every figure: compare figures of one run, not of two.
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from config.settings import BrokerSettings, TopicSettings, child_environment
from models.predictor import pretrained_predictor
from models.records import Tweet
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.codecs import decode_tweet
from stream.feed.generator import generate
from stream.kafka.connection import KafkaConnection
from stream.topics import Topics, declare_topics, ensure_topics

TWEETS = 200_000
CHUNK = 500
STARTS = 5
REQUESTS = 1_000
TICKERTAPE = [sys.executable, "-m", "tickertape"]


def main() -> None:
    say("machine", f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    say("tickertape --help, CPU", f"{help_cpu_seconds():.2f} s")
    values = generated(TWEETS)
    bench_model([decode_tweet(value) for value in values[:20_000]])
    with tempfile.TemporaryDirectory(prefix="tickertape-bench-") as folder:
        bench_broker(Path(folder))
        with EmbeddedKafka(broker_options(Path(folder) / "kafka")) as kafka:
            bench_worker(kafka.bootstrap_servers, Path(folder), values)
        bench_api(Path(folder), values)


def say(what: str, figure: str) -> None:
    print(f"{what:<58} {figure}", flush=True)


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def generated(count: int) -> list[bytes]:
    tweets = generate(1, malformed_share=0.0, start=datetime(2026, 1, 5, tzinfo=UTC))
    return [tweet.value for tweet in islice(tweets, count) if tweet.value is not None]


def help_cpu_seconds() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*TICKERTAPE, "--help"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bench_model(tweets: list[Tweet]) -> None:
    say("pretrained model, load", f"{timed(lambda: pretrained_predictor(3)):.2f} s")
    predictor = pretrained_predictor(3)
    chunks = [tweets[start : start + CHUNK] for start in range(0, len(tweets), CHUNK)]
    seconds = timed(lambda: [list(predictor.predict(chunk)) for chunk in chunks])
    say(f"pretrained model, chunks of {CHUNK}", f"{len(tweets) / seconds:,.0f} tweets/s")
    single = [timed(lambda tweet=tweet: list(predictor.predict([tweet]))) for tweet in tweets[:REQUESTS]]  # type: ignore[misc]
    say("pretrained model, one by one", percentiles(single))


def broker_options(data_dir: Path) -> BrokerOptions:
    broker = BrokerSettings()
    return BrokerOptions(
        data_dir=data_dir,
        cache_dir=broker.cache_dir,
        heap_mb=broker.heap_mb,
        maven_repository=broker.maven_repository,
        jars_dir=broker.jars_dir,
    )


def bench_broker(folder: Path) -> None:
    usual = broker_options(folder / "unused")
    with tempfile.TemporaryDirectory(prefix="tickertape-bench-cache-") as cache:
        cold = replace(usual, cache_dir=Path(cache), data_dir=folder / "cold", fast_start_after_seconds=None)
        say("embedded Kafka, first start with its download", f"{start_seconds(cold):.1f} s")
        again = replace(cold, data_dir=folder / "cold-2")
        say("embedded Kafka, new data, without start-up cache", f"{start_seconds(again):.1f} s")
        warm_up(replace(cold, data_dir=folder / "warm-up", fast_start_after_seconds=0.0), Path(cache))
        seconds = [start_seconds(replace(cold, data_dir=folder / f"new-{number}")) for number in range(STARTS)]
        say(f"embedded Kafka, new data, median of {STARTS}", f"{statistics.median(seconds):.1f} s")
        kept = [start_seconds(replace(cold, data_dir=folder / "new-0")) for _ in range(STARTS)]
        say(f"embedded Kafka, kept data, median of {STARTS}", f"{statistics.median(kept):.1f} s")


def start_seconds(options: BrokerOptions) -> float:
    kafka = EmbeddedKafka(options)
    try:
        return timed(kafka.start)
    finally:
        kafka.stop()


def warm_up(options: BrokerOptions, cache: Path) -> None:
    """Run until Java's start-up cache is there."""
    with EmbeddedKafka(options):
        while not any(path.is_file() for path in cache.glob("*/start-up/*.aot")):
            time.sleep(0.5)


def bench_worker(servers: str, folder: Path, values: list[bytes]) -> None:
    topics = declare_topics(TopicSettings())
    ensure_topics(KafkaConnection(servers), topics.all)
    producer = KafkaProducer(bootstrap_servers=servers, linger_ms=5)
    for value in values:
        producer.send(topics.raw.name, value=value)
    producer.flush()
    producer.close()
    environment = child_environment(KAFKA_BOOTSTRAP_SERVERS=servers, TICKERTAPE_HOME=str(folder))
    with (folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen([*TICKERTAPE, "worker"], env=environment, stderr=log)
        started = time.perf_counter()
        first = wait_for(servers, topics, 1)
        last = wait_for(servers, topics, len(values))
        status = Path(f"/proc/{worker.pid}/status").read_text()
        worker.terminate()
        _, _, usage = os.wait4(worker.pid, 0)  # of this one child; `getrusage` would mix in Java's
    cpu_seconds = usage.ru_utime + usage.ru_stime
    say("worker, from its start to the first classified tweet", f"{first - started:.1f} s")
    say(f"worker, Kafka to Kafka, {len(values):,} tweets", f"{len(values) / (last - first):,.0f} tweets/s")
    say("worker, CPU a tweet, start-up included", f"{cpu_seconds / len(values) * 1e6:,.0f} us")
    (peak,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    say("worker, peak memory", f"{int(peak) / 1024:,.0f} MiB")


def wait_for(servers: str, topics: Topics, count: int) -> float:
    consumer = KafkaConsumer(bootstrap_servers=servers)
    partitions = [TopicPartition(topics.sentiment.name, number) for number in range(topics.sentiment.partitions)]
    while sum(consumer.end_offsets(partitions).values()) < count:
        time.sleep(0.02)
    consumer.close()
    return time.perf_counter()


def bench_api(folder: Path, values: list[bytes]) -> None:
    environment = child_environment(TICKERTAPE_HOME=str(folder))
    command = [*TICKERTAPE, "serve", "--port", "0", "--json"]
    started = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as api:
        assert api.stdout is not None
        url = json.loads(api.stdout.readline())["url"]
        say("API, from its start to ready", f"{time.perf_counter() - started:.1f} s")
        bodies = [b'{"texts":[' + value + b"]}" for value in values[:REQUESTS]]
        post(url, bodies[0])
        say("API, one tweet a request, new connections", percentiles([timed(lambda b=b: post(url, b)) for b in bodies]))  # type: ignore[misc]
        many = b'{"texts":[' + b",".join(values[:1000]) + b"]}"
        seconds = statistics.median(timed(lambda: post(url, many)) for _ in range(STARTS))
        say("API, 1,000 tweets a request", f"{1000 / seconds:,.0f} tweets/s")
        api.terminate()


def post(url: str, body: bytes) -> bytes:
    request = urllib.request.Request(f"{url}/predict", data=body, headers={"Content-Type": "application/json"})  # noqa: S310  # our own server
    with urllib.request.urlopen(request) as response:  # noqa: S310  # as above
        answer: bytes = response.read()
        return answer


def percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return f"p50 {p50 * 1e6:,.0f} us, p99 {p99 * 1e6:,.0f} us"


if __name__ == "__main__":
    main()
