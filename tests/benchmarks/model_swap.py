"""How much a change of the model holds up the tweets of a running worker.

A feed of its own process publishes at a steady rate into an embedded Kafka, one worker answers, and the alias moves: to
a first version in a registry that was not there before (the worker imports MLflow), to a second, and to a third whose
bytes were tampered with. For each phase: how long tweets waited for their answer (the time of the answer minus that of
the tweet), and the longest time between two answers.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from kafka import KafkaConsumer, TopicPartition

from config.settings import BrokerSettings, RegistrySettings, TopicSettings
from models.predictor import PRETRAINED
from models.registry import TrainingRun, open_store, point_alias, save_version
from models.weights import WEIGHTS_FILE
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics

QUIET_SECONDS = 10.0
AFTER_SECONDS = 3.0  # what follows a change still counts as its phase
TOPICS = declare_topics(TopicSettings())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1000, help="tweets a second")
    arguments = parser.parse_args()
    broker = BrokerSettings()
    with tempfile.TemporaryDirectory(prefix="tickertape-bench-") as folder:
        home = Path(folder)
        options = BrokerOptions(
            data_dir=home / "kafka",
            cache_dir=broker.cache_dir,
            maven_repository=broker.maven_repository,
            jars_dir=broker.jars_dir,
        )
        with EmbeddedKafka(options) as kafka:
            ensure_topics(KafkaConnection(kafka.bootstrap_servers), TOPICS.all)
            phases = run(home, kafka.bootstrap_servers, arguments.rate)
            show(phases, kafka.bootstrap_servers, arguments.rate)


def run(home: Path, servers: str, rate: int) -> list[tuple[str, float, float]]:
    """Move the alias while tweets flow; gives the name, begin and end of each phase, in seconds since 1970."""
    settings = RegistrySettings()
    store = open_store(tracking_uri=settings.uri(home), model_name=settings.model_name)
    weights = {WEIGHTS_FILE: (PRETRAINED / WEIGHTS_FILE).read_bytes()}
    versions = [save_version(store, TrainingRun({}, {}, weights), model_alias="bench").version for _ in range(3)]
    newest = max(home.rglob(WEIGHTS_FILE), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-1])
    point_alias(store, settings.model_alias, version=versions[0])
    database = home / "mlflow.db"
    away = database.rename(home / "away.db")

    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": servers, "TICKERTAPE_HOME": str(home)}
    log = home / "worker.log"
    with log.open("wb") as stream:
        worker = subprocess.Popen([sys.executable, "-m", "tickertape", "worker"], env=environment, stderr=stream)
    wait_for(log, "partitions_assigned")
    produce = [sys.executable, "-m", "tickertape", "produce", "--generate", "--rate", str(rate)]
    feed = subprocess.Popen(produce, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    time.sleep(5)
    changes = (
        ("registry appears", lambda: away.rename(database), "version=1 previous"),
        ("swap", lambda: point_alias(store, settings.model_alias, version=versions[1]), "version=2 previous"),
        ("refusal", lambda: point_alias(store, settings.model_alias, version=versions[2]), "model_refused"),
    )
    phases = []
    for name, change, event in changes:
        began = time.time()
        time.sleep(QUIET_SECONDS)
        moved = time.time()
        phases.append(("quiet", began, moved))
        change()
        wait_for(log, event)
        time.sleep(AFTER_SECONDS)
        phases.append((name, moved, time.time()))
    for process in (feed, worker):
        process.terminate()
        process.wait()
    return phases


def wait_for(log: Path, event: str) -> None:
    while event not in log.read_text():
        time.sleep(0.05)


def show(phases: list[tuple[str, float, float]], servers: str, rate: int) -> None:
    """Print a row for each phase."""
    asked, answered = times(TOPICS.raw.name, servers), times(TOPICS.sentiment.name, servers)
    letters = times(TOPICS.dead_letter.name, servers)
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; {rate} tweets/s")
    print(f"tweets {len(asked)}, answered {len(answered)}, dead letters {len(letters)}")
    print("phase              seconds  answers   wait ms p50    p99    max   longest gap ms")
    waits = {key: (time, time - asked[key]) for key, time in answered.items()}
    for name, begin, end in phases:
        rows = sorted(row for row in waits.values() if begin * 1000 <= row[0] < end * 1000)
        moments, waited = np.array(rows).T
        p50, p99 = np.percentile(waited, [50, 99])
        print(
            f"{name:<18} {end - begin:>7.1f} {len(rows):>8} {p50:>13.0f} {p99:>6.0f} {waited.max():>6.0f} "
            f"{np.diff(moments).max():>12.0f}"
        )


def times(topic: str, servers: str) -> dict[str, int]:
    """Give each record's time in ms since 1970, by the input that it is or answers."""
    consumer = KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    ends = consumer.end_offsets(partitions)
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    found: dict[str, int] = {}
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for batch in consumer.poll(timeout_ms=500).values():
            for row in batch:
                own = f"{topic}-{row.partition}-{row.offset}".encode()
                found[dict(row.headers).get("ce_id", own).decode()] = row.timestamp
    consumer.close()
    return found


if __name__ == "__main__":
    main()
