"""The API and the stream share one inference path: the same tweets get the same answers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from stream.feed.generator import generate

pytestmark = pytest.mark.integration

TWEETS = 300


@pytest.fixture
def api_url(tmp_path: Path) -> Iterator[str]:
    environment = os.environ | {"TICKERTAPE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "tickertape", "serve", "--port", "0", "--json"]
    with (
        (tmp_path / "api.log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


def test_stream_and_api_answer_the_same_for_the_same_tweets(
    cluster: Any, start_worker: Callable[..., Any], api_url: str
) -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    tweets = [tweet.value for tweet in islice(generate(11, malformed_share=0.0, start=start), TWEETS)]
    start_worker()

    cluster.publish([(None, value) for value in tweets])
    cluster.wait_until_answered(TWEETS)
    streamed = [json.loads(row.value) for row in cluster.read(cluster.topics.classified.name)]
    body = {"texts": [json.loads(value) for value in tweets if value is not None]}
    answered = httpx.post(f"{api_url}/predict", json=body, timeout=30).raise_for_status().json()["predictions"]

    for answer in (*streamed, *answered):
        del answer["classified_at"]
    assert len(answered) == TWEETS
    assert sorted(streamed, key=lambda answer: answer["id"]) == sorted(answered, key=lambda answer: answer["id"])
    assert len({answer["label"] for answer in answered}) > 10
