"""What a reader of the documentation has before them: one Kafka with worker, API and feed; and the account at the end."""

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from api.openapi import examples
from monitoring.drift.records import DriftEvent
from monitoring.drift.reports.store import ReportStore
from stream.demo import DemoProcess
from tests.docs.blocks import ROOT, Block, pages, read_blocks
from tests.docs.session import Session
from tests.integration.conftest import embedded_kafka, find_free_port

FEED_TWEETS_PER_SECOND = 20.0  # each is a chunk of its own, so 50 take half a core from the tests beside them
OURS = (
    *("API_", "DELIVERY", "DEMO_", "DRIFT_", "KAFKA_", "LABELLING_", "MLFLOW_", "MODEL_"),
    *("ONLINE_", "OTEL_", "STREAM_", "TICKERTAPE_", "TOPICS_"),
)
# The reader has made the environment, so `make` does not make it again.
MAKE = '#!/bin/sh\nexec {make} -o .venv/run.stamp -o .venv/all.stamp "$@"\n'
# Who labels says of every tweet that it is of the stock market's news.
EDITOR = '#!/bin/sh\nsed -i \'s/^{/{"label": "Macro", /\' "$1"\n'


@dataclass
class Account:
    """Which blocks of which pages were run, and which were left out; kept for the end of the run."""

    run: list[Block] = field(default_factory=list)
    left_out: list[Block] = field(default_factory=list)


ACCOUNT = pytest.StashKey[Account]()


@pytest.fixture(scope="session")
def account(request: pytest.FixtureRequest) -> Account:
    return request.config.stash.setdefault(ACCOUNT, Account())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    told = config.stash.get(ACCOUNT, None)
    if told is None:
        return
    known = sum(block.is_runnable for page in pages() for block in read_blocks(page))
    others = known - len(told.run) - len(told.left_out)
    terminalreporter.section("code blocks of the documentation")
    terminalreporter.write_line(
        f"{len(told.run)} run, {len(told.left_out)} left out, {others} on pages that were not chosen"
    )
    for reason, count in sorted(Counter(block.left_out for block in told.left_out).items()):
        terminalreporter.write_line(f"  left out {count}: {reason}")


@dataclass(frozen=True)
class System:
    """What runs beside the reader: a Kafka, and worker, API and feed on it."""

    servers: str
    url: str


def clean_environment(**variables: str) -> dict[str, str]:
    """Give the variables of this process without settings of ours, and some more."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return inherited | {"PYTHONPATH": str(ROOT)} | variables


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Run one Kafka, one worker and one API for all pages, with a feed of made-up tweets and a drift report.

    Nothing is learned and no tweet is broken, so that no page sees what another one did.
    """
    folder = tmp_path_factory.mktemp("system")
    reports = ReportStore(folder / "reports", kept=100)
    reports.put(msgspec.convert(examples.DRIFT_EVENT, DriftEvent), "<!doctype html><p>moved</p>", b"{}")
    with embedded_kafka(folder / "kafka") as servers, ExitStack() as parts:
        environment = clean_environment(
            KAFKA_BOOTSTRAP_SERVERS=servers,
            TICKERTAPE_HOME=str(folder),
            DRIFT_REPORTS_DIR=str(folder / "reports"),
            LABELLING_PER_MINUTE="600",  # no reader waits long for tweets to label
            LABELLING_RANDOM_SHARE="0.5",
            LABELLING_UNCERTAIN_SHARE="0.5",
            ONLINE_ENABLED="false",
        )

        def start(name: str, *words: str) -> DemoProcess:
            part = DemoProcess(name, words, folder=folder, environment=environment)
            parts.callback(part.stop)
            return part

        api = start("api", "serve", "--port", "0", "--json")
        start("worker", "worker").wait_for("partitions_assigned")
        start("feed", "produce", "--generate", "--rate", str(FEED_TWEETS_PER_SECOND), "--malformed-share", "0")
        yield System(servers, json.loads(api.wait_for('{"url"'))["url"])


@pytest.fixture
def open_session(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """Sit a reader down in a folder that looks like a clone of the project; what they leave running ends with the test."""
    opened: list[Session] = []

    def open_session(addresses: Mapping[str, str], **variables: str) -> Session:
        folder, tools = tmp_path / "clone", tmp_path / "tools"
        for made in (folder, tools):
            made.mkdir()
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / "Makefile").symlink_to(ROOT / "Makefile")
        shutil.copytree(ROOT / "tests" / "data" / "labelled", folder / "data")
        for name, content in {"make": MAKE.format(make=shutil.which("make")), "editor": EDITOR}.items():
            (tools / name).write_text(content)
            (tools / name).chmod(0o755)
        path = os.pathsep.join([str(tools), str(Path(sys.prefix) / "bin"), os.environ["PATH"]])
        environment = clean_environment(PATH=path, EDITOR="editor", DEMO_SECONDS="2", **variables)
        opened.append(Session(folder, environment, addresses))
        return opened[-1]

    yield open_session
    for session in opened:
        session.kill()


@pytest.fixture
def free_ports() -> tuple[int, int]:
    """Name two ports on which nothing listens."""
    return find_free_port(), find_free_port()
