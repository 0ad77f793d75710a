"""What the tests of the embedded Kafka do with one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

NOWHERE = "http://127.0.0.1:9"  # a port without a server: whoever needs the network fails at once


def create_topic(servers: str, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=servers)
    admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    admin.close()


def send(servers: str, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=servers)
    producer.send(topic, value).get(timeout=30)
    producer.close()


def read(servers: str, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        topic, bootstrap_servers=servers, group_id="readers", auto_offset_reset="earliest", enable_auto_commit=False
    )
    values: list[bytes] = []
    while len(values) < count:
        values += [record.value for records in consumer.poll(500).values() for record in records]
    consumer.close()
    return values


@contextmanager
def command(tmp_path: Path, cache_dir: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run `python -m stream broker --json` and give it with its answer once it is ready."""
    environment = os.environ | {"BROKER_CACHE_DIR": str(cache_dir), "BROKER_MAVEN_REPOSITORY": NOWHERE}
    command = [sys.executable, "-m", "stream", "broker", "--json", "--data-dir", str(tmp_path / "kafka"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()
