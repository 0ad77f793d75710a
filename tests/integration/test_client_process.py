"""The Python client and `tickertape serve` as a process of its own."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tickertape.client import AsyncClient, ClassifiedTweet, Client, NoAnswerError, Retries, UnavailableError

TEXT = "Goldman cuts $AAPL to neutral, target $195"
END_SECONDS = 30  # generous: it only ends a test that hangs


class Served(NamedTuple):
    """A running server: its process and its URL."""

    process: subprocess.Popen[str]
    url: str


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Run `tickertape serve` on a free port, without a Kafka."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("API_", "MLFLOW_", "TICKERTAPE_"))
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tickertape", "serve", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=clean | {"TICKERTAPE_HOME": str(tmp_path), "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"},
    )
    assert process.stdout is not None
    yield Served(process, json.loads(process.stdout.readline())["url"])
    process.kill()
    process.communicate(timeout=END_SECONDS)


def test_both_clients_get_the_same_answers(served: Served) -> None:
    async def ask() -> list[ClassifiedTweet]:
        async with AsyncClient(served.url) as api:
            return await api.predict_many([TEXT] * 1500)

    with Client(served.url) as api:
        answers = api.predict_many([TEXT] * 1500)
        ready: Any = api.ready()

    assert {answer.label for answer in answers} == {"Analyst Update"}
    assert {answer.model for answer in answers} == {ready.model}
    assert [(one.label_score, one.sentiment) for one in asyncio.run(ask())] == [
        (one.label_score, one.sentiment) for one in answers
    ]


def test_feedback_without_kafka_is_told_and_nothing_else_is_lost(served: Served) -> None:
    with Client(served.url, retries=Retries(most=0)) as api:
        with pytest.raises(UnavailableError) as raised:
            api.feedback("1", label="IPO")

        assert raised.value.detail.startswith("no feedback was taken, as no Kafka answers")
        assert api.predict(TEXT).tickers == ("AAPL",)


def test_client_tells_when_the_server_is_gone_and_finds_it_again_by_itself(served: Served) -> None:
    with Client(served.url) as api:
        assert api.is_live()
        served.process.kill()
        served.process.wait(END_SECONDS)

        assert (api.is_live(), api.is_ready()) == (False, False)
        with pytest.raises(NoAnswerError, match=f"no API answers at {served.url}"):
            api.predict(TEXT)


def test_program_without_the_server_packages_can_ask(served: Served) -> None:
    code = """
import sys
for name in ("faust", "aiokafka", "kafka", "uvicorn", "numba"): sys.modules[name] = None
from tickertape.client import Client
with Client() as api: print(api.predict("Goldman cuts $AAPL to neutral, target $195").label)
"""

    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"TICKERTAPE_API_URL": served.url},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.stdout, run.returncode) == ("Analyst Update\n", 0), run.stderr
