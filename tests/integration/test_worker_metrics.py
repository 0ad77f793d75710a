"""What a real worker process shows at /metrics, between the topics of a real Kafka."""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
StartWorker = Callable[..., Any]

GOOD, BAD = 40, {b"{": 3, b"[]": 2, b'{"id":"1"}': 2}
HELD_WORKER = """
import argparse, sys, time
from pathlib import Path
from stream import app
from stream.commands import worker

class HeldPredictor:  # holds up the event loop until a file is there
    def __init__(self, predictor, file):
        self.model, self._predictor, self._file = predictor.model, predictor, Path(file)

    def predict(self, tweets):
        while not self._file.exists():
            time.sleep(0.01)
        return self._predictor.predict(tweets)

load = app.load_predictor
app.load_predictor = lambda store: HeldPredictor(load(store), sys.argv[1])
sys.exit(worker.run(argparse.Namespace(quality=None)))
"""


def good(count: int) -> list[tuple[bytes, bytes]]:
    return [
        (str(number).encode(), json.dumps({"id": str(number), "text": f"$AAPL beats Q{number} estimates"}).encode())
        for number in range(count)
    ]


def metrics(port: int) -> dict[str, float]:
    """Read all samples of a worker."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def wait_until(port: int, is_so: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """Read the samples until they are as they should be; gives them."""
    deadline = time.monotonic() + 60
    while not is_so(shown := metrics(port)):
        seen = {name: value for name, value in shown.items() if value and name.startswith("tickertape_")}
        assert time.monotonic() < deadline, f"the worker shows {seen}"
        time.sleep(0.05)
    return shown


def by_partition(shown: dict[str, float], name: str) -> dict[int, float]:
    found = [(re.fullmatch(rf'{name}\{{partition="(\d+)"\}}', sample), value) for sample, value in shown.items()]
    return {int(match[1]): value for match, value in found if match}


def lag(shown: dict[str, float]) -> float:
    return sum(by_partition(shown, "tickertape_lag_tweets").values())


def test_worker_counts_good_and_bad_tweets_and_their_chunks(
    cluster: Cluster, start_worker: StartWorker, free_port: int
) -> None:
    bad = [(b"x", value) for value, count in BAD.items() for _ in range(count)]
    total = GOOD + len(bad)
    start_worker(STREAM_METRICS_PORT=free_port)

    cluster.publish(good(GOOD) + bad)
    shown = wait_until(free_port, lambda shown: shown["tickertape_chunk_tweets_sum"] >= total and lag(shown) == 0)

    assert shown['tickertape_tweets_total{outcome="classified"}'] == GOOD
    assert shown['tickertape_tweets_total{outcome="dead_lettered"}'] == len(bad)
    letters = {name: value for name, value in shown.items() if name.startswith("tickertape_dead_letters_total{")}
    assert {name: value for name, value in letters.items() if value} == {
        'tickertape_dead_letters_total{reason="invalid_json"}': 3,
        'tickertape_dead_letters_total{reason="not_an_object"}': 2,
        'tickertape_dead_letters_total{reason="missing_field"}': 2,
    }
    assert len(letters) == 10
    assert shown["tickertape_chunk_tweets_sum"] == total
    chunks = shown["tickertape_chunk_tweets_count"]
    assert 1 <= chunks <= total
    for name in ("scorer_seconds", "chunk_seconds", "delivery_latency_seconds"):
        assert shown[f"tickertape_{name}_count"] == chunks
        assert shown[f"tickertape_{name}_sum"] > 0
    assert shown["tickertape_rebalances_total"] == 1
    assert by_partition(shown, "tickertape_lag_tweets") == dict.fromkeys(range(4), 0)
    assert by_partition(shown, "tickertape_stalled_seconds") == dict.fromkeys(range(4), 0)
    assert shown["process_resident_memory_bytes"] > 0


def test_lag_rises_while_the_worker_stands_still_and_falls_when_it_goes_on(
    cluster: Cluster, start_worker: StartWorker, free_port: int, tmp_path: Path
) -> None:
    may_go_on = tmp_path / "go-on"
    start_worker(
        command=("-c", HELD_WORKER, str(may_go_on)),
        STREAM_METRICS_PORT=free_port,
        STREAM_CHUNK_SIZE_TWEETS=10,
        ONLINE_ENABLED="false",
    )

    cluster.publish(good(300))
    stuck = wait_until(free_port, lambda shown: lag(shown) == 300)
    later = wait_until(
        free_port,
        lambda shown: (
            max(by_partition(shown, "tickertape_stalled_seconds").values())
            > max(by_partition(stuck, "tickertape_stalled_seconds").values())
        ),
    )
    may_go_on.touch()
    free = wait_until(free_port, lambda shown: lag(shown) == 0)

    assert lag(later) == 300
    assert later['tickertape_tweets_total{outcome="classified"}'] == 0
    assert free['tickertape_tweets_total{outcome="classified"}'] == 300
    assert set(by_partition(free, "tickertape_stalled_seconds").values()) == {0}


async def test_markers_of_transactions_and_aborted_tweets_are_no_lag(
    cluster: Cluster, start_worker: StartWorker, free_port: int
) -> None:
    raw = cluster.topics.raw.name
    async with (
        AIOKafkaProducer(bootstrap_servers=cluster.servers, transactional_id=cluster.prefix) as producer,
        AIOKafkaProducer(bootstrap_servers=cluster.servers) as plain,
    ):
        start_worker(STREAM_METRICS_PORT=free_port)
        async with producer.transaction():
            for key, value in good(5):
                await producer.send(raw, key=key, value=value, partition=0)
        await producer.begin_transaction()
        await producer.send_and_wait(raw, key=b"x", value=b"{", partition=1)
        await producer.abort_transaction()
        await producer.begin_transaction()
        await producer.send_and_wait(raw, key=b"x", value=b"{", partition=2)  # is neither committed nor aborted

        for key, value in good(20):  # one after the other, so that fetches have told of all partitions meanwhile
            await plain.send_and_wait(raw, key=key, value=value, partition=3)
        shown = wait_until(
            free_port, lambda shown: shown['tickertape_tweets_total{outcome="classified"}'] == 25 and lag(shown) == 0
        )
        await producer.abort_transaction()

    assert shown['tickertape_tweets_total{outcome="dead_lettered"}'] == 0
    assert set(by_partition(shown, "tickertape_stalled_seconds").values()) == {0}


def test_partitions_that_go_to_another_worker_are_shown_there_and_no_more_here(
    start_worker: StartWorker, free_port: int, make_free_port: Callable[[], int]
) -> None:
    other_port = make_free_port()
    start_worker(STREAM_METRICS_PORT=free_port)
    wait_until(free_port, lambda shown: len(by_partition(shown, "tickertape_lag_tweets")) == 4)

    start_worker(STREAM_METRICS_PORT=other_port)
    here = wait_until(free_port, lambda shown: len(by_partition(shown, "tickertape_lag_tweets")) == 2)
    there = wait_until(other_port, lambda shown: len(by_partition(shown, "tickertape_lag_tweets")) == 2)

    held = [set(by_partition(shown, "tickertape_lag_tweets")) for shown in (here, there)]
    assert held[0] | held[1] == {0, 1, 2, 3}
    assert here["tickertape_rebalances_total"] == 2


def test_many_bad_tweets_are_few_log_lines(cluster: Cluster, start_worker: StartWorker) -> None:
    worker = start_worker(STREAM_CHUNK_SIZE_TWEETS=1)  # one chunk each, as where they trickle in

    cluster.publish([(b"x", b"{")] * 2_000)
    cluster.wait_until_answered(2_000)
    worker.stop()

    counts = [int(count) for count in re.findall(r"tweets_refused invalid_json=(\d+)", worker.log)]
    assert sum(counts) == 2_000
    assert len(counts) < 200
