"""What a live feed with many open streams costs a worker at full speed, and the API's memory; prints both.

    TICKERTAPE_DATA_DIR=FOLDER python tests/benchmarks/live.py

Workers of groups of their own classify the same tweets in turn as fast as they can, see `online_worker.py`: by themselves,
beside an API process whose feed is switched off, beside one whose feed reads while nobody listens, and beside one with
open streams whose client takes all that comes. All share the machine, clients and all: what the API and its clients
take of the cores, the worker has not. The processor time of a tweet says whether the worker itself does more.
"""

import argparse
import contextlib
import json
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from online_worker import cpu_seconds, in_turn, opened_bench, ratios

from config.settings import TopicSettings, child_environment

WAYS = ("alone", "off", "quiet", "watched")
READ_BYTES = 262_144
SAMPLE_SECONDS = 0.25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tweets", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--streams", type=int, default=1_000)
    arguments = parser.parse_args()
    with opened_bench() as bench:
        bench.publish(arguments.tweets)

        def classify(way: str, number: int) -> tuple[float, float]:
            with beside(way, number, bench.servers, bench.folder, arguments.streams):
                return bench.classify(way, number, arguments.tweets)

        rates, costs = in_turn(WAYS, arguments.rounds, classify)
    for way in WAYS[1:]:
        for what, found in (("rate", rates), ("processor time", costs)):
            median, least, largest = ratios(found, way, against="alone")
            print(f"{way}: {median:.3f} of the {what} alone ({least:.3f} to {largest:.3f})")


@contextlib.contextmanager
def beside(way: str, number: int, servers: str, folder: Path, streams: int) -> Iterator[None]:
    """Run what a way has beside the worker, and print what it took."""
    if way == "alone":
        yield
        return
    outputs = TopicSettings(classified=f"{way}-{number}.classified")
    environment = child_environment(
        KAFKA_BOOTSTRAP_SERVERS=servers,
        TICKERTAPE_HOME=str(folder),
        TOPICS_CLASSIFIED=outputs.classified,
        ONLINE_ENABLED="false",
        API_LIVE=str(way != "off").lower(),
        API_LIVE_STREAMS=str(max(streams, 1)),
    )
    command = [sys.executable, "-m", "tickertape", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        url = urlsplit(json.loads(process.stdout.readline())["url"])
        clients = Clients(url.hostname or "", url.port or 0, streams if way == "watched" else 0)
        memory = Memory(process.pid)
        began, used = time.perf_counter(), -cpu_seconds(process.pid)
        try:
            yield
        finally:
            seconds, used = time.perf_counter() - began, used + cpu_seconds(process.pid)
            taken = clients.stop()
            print(
                f"         api: {memory.stop() / 1e6:,.0f} MB at most, {used / seconds:.2f} cores, "
                f"{taken / seconds / 1e6:.1f} MB/s to {clients.count:,} streams",
                flush=True,
            )
            process.terminate()


class Clients:
    """Open streams whose answers are taken and dropped, in a thread."""

    def __init__(self, host: str, port: int, count: int) -> None:
        self.count = count
        self._taken = 0
        self._is_ended = threading.Event()
        self._selector = selectors.DefaultSelector()
        for _ in range(count):
            client = socket.create_connection((host, port))
            client.sendall(b"GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n")
            client.setblocking(False)  # noqa: FBT003  # the standard library's own
            self._selector.register(client, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Close all; gives how many bytes came.

        Raises:
            ConnectionError: the server has ended a stream meanwhile.
        """
        self._is_ended.set()
        self._thread.join()
        is_whole = len(self._selector.get_map()) == self.count
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()
        if not is_whole:
            raise ConnectionError("the server has ended a stream")
        return self._taken

    def _take(self) -> None:
        while not self._is_ended.is_set():
            if not self.count:
                self._is_ended.wait()
            for key, _ in self._selector.select(timeout=0.1):
                content = key.fileobj.recv(READ_BYTES)  # type: ignore[union-attr]
                self._taken += len(content)
                if not content:
                    self._selector.unregister(key.fileobj)


class Memory:
    """Samples the memory of a process."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._most = 0
        self._is_ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Give the largest resident set that was seen, in bytes."""
        self._is_ended.set()
        self._thread.join()
        return self._most

    def _sample(self) -> None:
        while not self._is_ended.wait(SAMPLE_SECONDS):
            self._most = max(self._most, self._process.memory_info().rss)


if __name__ == "__main__":
    main()
