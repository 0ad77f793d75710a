"""The demo: worker, API and feed as processes of their own, and what comes out of them on the screen."""

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kafka.consumer.fetcher import ConsumerRecord
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from models.errors import BrokerError, TickertapeError
from stream.broker.process import GuardedProcess
from stream.kafka.connection import KafkaConnection
from stream.kafka.following import follow
from stream.rows import answer_row
from stream.topics import Topics

START_TIMEOUT_SECONDS = 300.0  # the first start compiles for a minute of processor time, on whatever machine
SCREEN_INTERVAL_SECONDS = 0.25
LINE_INTERVAL_SECONDS = 1.0
SHOWN_ROWS = 12
LAST_LOG_LINES = 3
RATE_WINDOW_SECONDS = 5.0
# Lines of a terminal that the table must leave free: the status line above it, and the prompt.
SPARE_LINES = 3


class DemoProcess:
    """One process of the demo, with its log.

    Args:
        name: for messages and for the log's file name.
        words: what follows `tickertape` on its command line.
        folder: where its log goes.
        environment: its environment variables.
    """

    def __init__(self, name: str, words: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> None:
        self._name = name
        self._log_file = folder / f"{name}.log"
        command = [sys.executable, "-m", "tickertape", *words]
        self._process = GuardedProcess(command, cwd=Path.cwd(), output=self._log_file, environment=environment)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, sign: str) -> str:
        """Wait until a line of its log holds the sign; gives that line.

        Raises:
            BrokerError: it ended before, or took too long.
        """
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            self.check()
            for line in self.log.splitlines():
                if sign in line:
                    return line
            time.sleep(0.05)
        raise BrokerError(f"the {self._name} is not ready after {START_TIMEOUT_SECONDS:.0f} s: see {self._log_file}")

    def check(self) -> None:
        """Raise if it has ended."""
        if self._process.exit_code is not None:
            last = " | ".join(self.log.splitlines()[-LAST_LOG_LINES:])
            raise BrokerError(f"the {self._name} ended; its log {self._log_file} ends: {last}")

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        self._process.stop()


@dataclass
class Tally:
    """What has come out so far; filled by the readers' threads, shown by the main one.

    Attributes:
        started: when the demo began, by `time.monotonic`.
    """

    started: float
    classified: int = 0
    dead_letters: int = 0
    first_after_seconds: float | None = None
    rows: deque[Text] = field(default_factory=lambda: deque(maxlen=SHOWN_ROWS))
    failure: TickertapeError | None = None
    _recent: deque[tuple[float, int]] = field(default_factory=deque)

    def add_classified(self, records: Sequence[ConsumerRecord]) -> None:
        """Count answers and keep the last few as rows."""
        if self.first_after_seconds is None:
            self.first_after_seconds = time.monotonic() - self.started
        self.classified += len(records)
        self.rows.extend(answer_row(record) for record in records[-SHOWN_ROWS:])

    def per_second(self) -> float:
        """Give the rate over the last seconds; to be called regularly."""
        now = time.monotonic()
        self._recent.append((now, self.classified))
        while len(self._recent) > 1 and now - self._recent[0][0] > RATE_WINDOW_SECONDS:
            self._recent.popleft()
        since, count = self._recent[0]
        return (self.classified - count) / (now - since) if now > since else 0.0

    def status(self) -> Text:
        """Give one line: rate and counts."""
        return Text.assemble(
            (f"{self.per_second():6,.0f} tweets/s", "bold green"),
            f"   classified {self.classified:,}   dead letters {self.dead_letters:,}",
        )


@contextmanager
def running_parts(
    *, environment: Mapping[str, str], folder: Path, api_port: int, rate: float
) -> Iterator[tuple[list[DemoProcess], str]]:
    """Run worker, API and feed; gives them and the API's URL once all are ready, and ends them in the feed's order."""
    with ExitStack() as parts:

        def start(name: str, *words: str) -> DemoProcess:
            part = DemoProcess(name, words, folder=folder, environment=environment)
            parts.callback(part.stop)
            return part

        api = start("api", "serve", "--port", str(api_port), "--json")
        worker = start("worker", "worker")
        worker.wait_for("partitions_assigned")
        url = json.loads(api.wait_for('{"url"'))["url"]
        feed = start("feed", "produce", "--generate", "--rate", str(rate))
        yield [api, worker, feed], url


def count_outputs(kafka: KafkaConnection, topics: Topics, *, started: float) -> Tally:
    """Start to read the outputs, in threads that end with the process."""
    tally = Tally(started)

    def read(topic: str) -> None:
        try:
            for records in follow(kafka, topic, from_beginning=False):
                if topic == topics.classified.name:
                    tally.add_classified(records)
                else:
                    tally.dead_letters += len(records)
        except TickertapeError as exc:
            tally.failure = exc

    for topic in (topics.classified.name, topics.dead_letter.name):
        threading.Thread(target=read, args=(topic,), daemon=True).start()
    return tally


def show(tally: Tally, parts: Sequence[DemoProcess], *, console: Console, seconds: float) -> None:
    """Show the outputs until the time is over; 0 means without end.

    Raises:
        TickertapeError: a part ended by itself, or the outputs can't be read.
    """
    deadline = time.monotonic() + seconds if seconds else float("inf")
    refresh = _live if console.is_terminal else _lines
    for _ in refresh(tally, console):
        for part in parts:
            part.check()
        if tally.failure is not None:
            raise tally.failure
        if time.monotonic() >= deadline:
            return


def _live(tally: Tally, console: Console) -> Iterator[None]:
    with Live(console=console, auto_refresh=False, transient=False) as live:
        while True:
            rows = list(tally.rows)[-max(1, console.height - SPARE_LINES) :]
            for row in rows:
                row.truncate(console.width, overflow="ellipsis")
            live.update(Group(tally.status(), *rows), refresh=True)
            yield
            time.sleep(SCREEN_INTERVAL_SECONDS)


def _lines(tally: Tally, console: Console) -> Iterator[None]:
    while True:
        for row in list(tally.rows)[-1:]:
            console.print(row, soft_wrap=True)
        console.print(tally.status(), soft_wrap=True)
        yield
        time.sleep(LINE_INTERVAL_SECONDS)
