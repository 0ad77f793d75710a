"""A worker whose clock is stepped loses and repeats nothing, and stamps what it writes with the time that it is told."""

import calendar
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from tests.faults.figures import Figures
from tests.faults.trial import Trial

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]

HOUR_SECONDS = 3_600
STEPS = (1, 0, -1, 0)  # hours that the clock is ahead, in turn
# A worker whose clock is ahead by what stands in a file: for its own code, Faust, aiokafka and the log.
WORKER = """
import sys, time

true_time, ahead = time.time, sys.argv.pop(1)

def stepped_time():
    with open(ahead) as file:
        return true_time() + float(file.read())

time.time = stepped_time
import tickertape
sys.exit(tickertape.main())
"""


def set_clock(file: Path, *, hours: int) -> None:
    """Let the worker's clock be so far ahead from now on."""
    written = file.with_suffix(".new")
    written.write_text(str(hours * HOUR_SECONDS))
    written.rename(file)


def stamps(servers: str, topic: str, partitions: int) -> Iterator[list[tuple[float, float]]]:
    """Give of each partition the times of its answers: in the record and in Kafka's header; seconds since 1970."""
    consumer = KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, isolation_level="read_committed")
    with closing(consumer):
        for tp in [TopicPartition(topic, number) for number in range(partitions)]:
            consumer.assign([tp])
            consumer.seek_to_beginning(tp)
            found: list[tuple[float, float]] = []
            while consumer.position(tp) < consumer.end_offsets([tp])[tp]:
                for record in consumer.poll(timeout_ms=500).get(tp, ()):
                    at = time.strptime(json.loads(record.value)["classified_at"][:19], "%Y-%m-%dT%H:%M:%S")
                    found.append((calendar.timegm(at), record.timestamp / 1000))
            yield found


def test_clock_that_is_stepped_an_hour_forward_and_back_loses_and_repeats_nothing(
    trial: Trial, record: Callable[[Figures], None], tmp_path: Path
) -> None:
    clock = tmp_path / "hours-ahead"
    set_clock(clock, hours=0)
    began = time.time()

    with trial.under_load(program=("-c", WORKER, str(clock))):
        for hours in STEPS:
            with trial.fault():
                set_clock(clock, hours=hours)
            trial.wait_until_steady()

    figures = trial.judge("clock stepped by an hour")
    record(figures)
    assert (figures.repeated, figures.worker_failures) == (0, 0)
    for of_partition in stamps(trial.servers, trial.topics.classified.name, trial.topics.raw.partitions):
        for its_stamps in zip(*of_partition, strict=True):
            hours_ahead = [round((at - began) / HOUR_SECONDS) for at in its_stamps]
            assert set(hours_ahead) == set(STEPS)
            assert hours_ahead[-1] == STEPS[-1]
