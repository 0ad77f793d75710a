"""The live feed with a real Kafka, a real worker and the API as a process of its own."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from kafka.admin import KafkaAdminClient

from config.settings import BrokerSettings, TopicSettings
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics
from tickertape.client import Client

pytestmark = pytest.mark.integration

WAIT_SECONDS = 60.0
TWEETS = [
    (b"1", json.dumps({"id": str(number), "text": f"$TSLA beats estimates, up {number}%"}).encode())
    for number in range(1, 101)
]

StartApi = Callable[..., "Served"]


class Served:
    """A running `tickertape serve`."""

    def __init__(self, process: "subprocess.Popen[str]", url: str, log_file: Path) -> None:
        self.process, self.url, self._log_file = process, url, log_file

    @property
    def log(self) -> str:
        return self._log_file.read_text()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=WAIT_SECONDS)


@pytest.fixture
def start_api(tmp_path: Path) -> Iterator[StartApi]:
    """Give a function that starts the API on a free port and waits until it is ready."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, **environment: str) -> Served:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("API_", "MLFLOW_"))}
        log_file = tmp_path / f"api-{len(started)}.log"
        with log_file.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tickertape", "serve", "--port", "0", "--json", *words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=Path(__file__).parents[2],
                env=clean | {"TICKERTAPE_HOME": str(tmp_path)} | environment,
            )
        started.append(process)
        assert process.stdout is not None
        return Served(process, json.loads(process.stdout.readline())["url"], log_file)

    yield start
    for process in started:
        for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
            child.kill()
        process.kill()
        process.communicate()


def events_of(url: str) -> Iterator[tuple[str, Any]]:
    """Give the kind and data of each event, until the stream ends."""
    kind = ""
    with httpx.stream("GET", f"{url}/live", timeout=WAIT_SECONDS) as response:
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)


def wait_for(url: str, found: Callable[[Any], bool]) -> Any:
    """Give the first tick that is looked for."""
    deadline, last = time.monotonic() + WAIT_SECONDS, None
    for _, last in events_of(url):
        if found(last):
            return last
        assert time.monotonic() < deadline, f"not found, the last was {last}"
    raise AssertionError(f"the stream ended with {last}")


def of(cluster: Any) -> dict[str, str]:
    return {"KAFKA_BOOTSTRAP_SERVERS": cluster.servers, "TOPICS_PREFIX": cluster.prefix}


def test_all_tweets_of_a_worker_appear_and_its_dead_letters_are_counted(
    cluster: Any, start_worker: Any, start_api: StartApi
) -> None:
    served = start_api(**of(cluster))
    wait_for(served.url, lambda tick: tick["broker"] == "connected")
    start_worker()
    events = events_of(served.url)
    kind, _ = next(events)
    cluster.publish([*TWEETS, (b"1", b"no json"), (b"1", None)])

    ticks: list[Any] = []
    deadline = time.monotonic() + WAIT_SECONDS
    while sum(sum(tick["labels"].values()) for tick in ticks) < len(TWEETS) and time.monotonic() < deadline:
        ticks.append(next(events)[1])
    ticks += [next(events)[1], next(events)[1]]
    with Client(served.url) as api:
        ticker = api.ticker("$tsla")
    _, state = next(events_of(served.url))

    assert kind == "state"
    assert sum(sum(tick["labels"].values()) for tick in ticks) == len(TWEETS)
    assert {tick["sampled_share"] for tick in ticks} == {1.0}
    assert max(tick["tweets_per_second"] or 0 for tick in ticks) > 0
    assert [tick["latency_ms"] for tick in ticks if tick["latency_ms"]] != []
    assert (ticks[-1]["tickers"][0]["ticker"], ticks[-1]["tickers"][0]["tweets"]) == ("TSLA", len(TWEETS))
    assert ticks[-1]["dead_letters"] == {"invalid_json": 1, "null_value": 1}
    assert [(one.seconds, one.tweets) for one in ticker.windows] == [(60, 100), (300, 100), (900, 100)]
    assert {tweet.tickers for tweet in ticker.tweets} == {("TSLA",)}
    assert len(state["tweets"]) == 50
    assert len(state["history"]) == 90
    assert sum(sum(point["labels"].values()) for point in state["history"]) == len(TWEETS)
    assert state["model"]["version"].startswith("pretrained-")
    assert "TSLA" not in served.log


def test_a_stranger_on_the_topics_does_no_harm(cluster: Any, start_api: StartApi) -> None:
    served = start_api(**of(cluster))
    wait_for(served.url, lambda tick: tick["broker"] == "connected")
    junk = [(b"1", value) for value in (None, b"", b"{}", b"[" * 50_000, b"\xff\xfe", b'{"id": 1}', os.urandom(999))]
    for topic in (cluster.topics.classified, cluster.topics.metrics, cluster.topics.drift, cluster.topics.dead_letter):
        cluster.publish(junk * 20, topic=topic.name)

    tick = wait_for(served.url, lambda tick: tick["dead_letters"] == {"other": 140})

    assert (tick["broker"], tick["labels"], tick["tickers"], tick["accuracy"]) == ("connected", {}, [], None)
    assert tick["drift"]["state"] == "unknown"
    unreadable = re.search(
        r"^tickertape_live_unreadable_total (\S+)", httpx.get(f"{served.url}/metrics").text, re.MULTILINE
    )
    assert unreadable is not None
    assert 0 < float(unreadable[1]) <= 280  # a flood is read in part
    assert "Traceback" not in served.log


@pytest.mark.slow
def test_a_broker_that_is_killed_and_comes_back_is_followed_again(
    start_api: StartApi, tmp_path: Path, make_free_port: Callable[[], int]
) -> None:
    broker = BrokerSettings()
    options = BrokerOptions(
        data_dir=tmp_path / "kafka",
        cache_dir=broker.cache_dir,
        port=make_free_port(),
        maven_repository=broker.maven_repository,
        jars_dir=broker.jars_dir,
    )
    topics = declare_topics(TopicSettings())
    with EmbeddedKafka(options) as kafka:
        ensure_topics(KafkaConnection(kafka.bootstrap_servers), topics.all)
        served = start_api(KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers)
        events = events_of(served.url)
        before = next(tick for _, tick in events if tick["tweets_per_second"] is not None)
        os.kill(kafka.pid, signal.SIGKILL)
        gone = next(tick for _, tick in events if tick["broker"] == "gone")
        answer = httpx.get(f"{served.url}/tickers/TSLA")
    with EmbeddedKafka(options):
        back = next(
            tick for _, tick in events if tick["broker"] == "connected" and tick["tweets_per_second"] is not None
        )
        lines = [line for line in served.log.splitlines() if "live_" in line]

    assert (before["broker"], gone["tweets_per_second"]) == ("connected", None)
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert back["tweets_per_second"] == 0.0
    assert [line.split("api.live.hub ")[1].split()[0] for line in lines] == [
        "live_connected",
        "live_kafka_gone",
        "live_connected",
    ]
    assert "Traceback" not in served.log


@pytest.mark.parametrize("words", [(), ("--workers", "2"), ("--reload",)])
def test_open_streams_end_with_the_server(start_api: StartApi, words: tuple[str, ...]) -> None:
    served = start_api(*words, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9")
    with contextlib.ExitStack() as stack:
        streams = [
            stack.enter_context(httpx.stream("GET", f"{served.url}/live", timeout=WAIT_SECONDS)) for _ in range(20)
        ]
        lines = [stream.iter_lines() for stream in streams]
        firsts = [next(its_lines) for its_lines in lines]
        process = served.process
        process.send_signal(signal.SIGTERM)
        rests = [list(its_lines) for its_lines in lines]  # raises where a stream breaks off
        code = process.wait(timeout=WAIT_SECONDS)

    assert firsts == ["retry: 2000"] * 20
    assert all(rest[2] == "event: state" for rest in rests)
    assert code == 0
    assert "Cancel" not in served.log  # what uvicorn says of answers that it had to wait for
    assert "Traceback" not in served.log
    assert served.log.count("live_kafka_gone") <= 2  # a line in each process


async def test_a_topic_that_is_made_anew_is_followed_again(cluster: Any, start_api: StartApi) -> None:
    served = start_api(**of(cluster))
    wait_for(served.url, lambda tick: tick["broker"] == "connected")
    admin = KafkaAdminClient(bootstrap_servers=cluster.servers)
    cluster.publish([(None, b"{}")] * 50, topic=cluster.topics.classified.name)
    wait_for(served.url, lambda tick: tick["tweets_per_second"] is not None)

    admin.delete_topics([cluster.topics.classified.name])
    missing = wait_for(served.url, lambda tick: tick["broker"] == "missing-topics")
    admin.create_topics({cluster.topics.classified.name: {"num_partitions": 2, "replication_factor": 1}})
    again = wait_for(served.url, lambda tick: tick["tweets_per_second"] is not None)
    admin.close()

    assert missing["tweets_per_second"] is None
    assert again["broker"] == "connected"
    assert "Traceback" not in served.log
