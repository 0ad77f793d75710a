"""Runs workers on the real feed for a while, kills one of them at random, and lets `tickertape verify` judge.

    TICKERTAPE_DATA_DIR=FOLDER python -m tests.benchmarks.soak --minutes 5

It starts a Kafka of its own in a temporary folder, publishes `feed.jsonl.gz` over and over at a steady rate (the
generator's tweets where there is none), and runs two workers of one group: one is killed, as often as asked and at
random moments, and started again; the other lives from the beginning to the end, and shows whether memory grows.
"""

import argparse
import gzip
import itertools
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from config.settings import BrokerSettings, ProjectSettings
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.feed.files import Record
from tests.faults.feed import tweets
from tests.faults.figures import table
from tests.faults.trial import Trial

MB = 1_048_576
WARM_SECONDS = 30.0  # until a worker has everything in memory that it keeps; the beginning of what is compared


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="how long the feed lasts (%(default)s)")
    parser.add_argument("--rate", type=float, default=1000.0, help="tweets a second (%(default)s)")
    parser.add_argument("--kills", type=int, default=60, help="how often a worker is killed (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills (%(default)s)")
    arguments = parser.parse_args()
    if arguments.minutes * 60 <= WARM_SECONDS or arguments.rate <= 0 or arguments.kills < 0:
        parser.error(f"--minutes must be more than {WARM_SECONDS / 60}, --rate more than 0, --kills at least 0")
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="tickertape-soak-") as folder:
        settings = BrokerSettings()
        options = BrokerOptions(
            data_dir=Path(folder, "kafka"),
            cache_dir=settings.cache_dir,
            maven_repository=settings.maven_repository,
            jars_dir=settings.jars_dir,
        )
        with EmbeddedKafka(options) as kafka:
            soak(kafka, Path(folder), arguments)


def soak(kafka: EmbeddedKafka, folder: Path, arguments: argparse.Namespace) -> None:
    """Run it, and print what it cost."""
    trial = Trial(kafka.bootstrap_servers, folder, prefix="soak.")
    try:
        surviving, killed = trial.worker(), trial.worker()
        chance = random.Random(arguments.seed)
        seconds = arguments.minutes * 60
        moments = sorted(chance.uniform(WARM_SECONDS, seconds) for _ in range(arguments.kills))
        pid = surviving.pid
        with trial.feed(records=feed(), per_second=arguments.rate):
            trial.wait_until_moving()
            begin = time.monotonic()
            sleep_until(begin + WARM_SECONDS)
            print(f"memory after {WARM_SECONDS:.0f} s: {memory(pid, kafka)}", flush=True)
            for moment in moments:
                sleep_until(begin + moment)
                with trial.fault():
                    killed.kill()
            sleep_until(begin + seconds)
            trial.wait_until_moving()
            print(f"memory at the end: {memory(pid, kafka)}", flush=True)
        print("\n".join(table([trial.judge(f"worker killed, {arguments.minutes:g} minutes")])))
    finally:
        trial.close()


def feed() -> Iterator[Record]:
    """Give the tweets of the real feed over and over, or made-up ones."""
    path = ProjectSettings().data_dir / "feed.jsonl.gz"
    if not path.exists():
        print(f"{path} is not there, so tweets are made up: set TICKERTAPE_DATA_DIR", file=sys.stderr)
        return tweets()
    with gzip.open(path) as lines:
        return itertools.cycle([(None, line.rstrip(b"\n")) for line in lines])


def memory(worker_pid: int, kafka: EmbeddedKafka) -> str:
    """Say what the worker that nobody kills has in memory, and the broker."""
    worker, broker = (psutil.Process(pid).memory_info().rss // MB for pid in (worker_pid, kafka.pid))
    return f"worker {worker} MiB, broker {broker} MiB"


def sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


if __name__ == "__main__":
    main()
