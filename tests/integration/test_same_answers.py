"""The API and the stream share one inference path: the same tweets get the same answers."""

import json
import os
import subprocess
import sys
import time
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
def api_url(cluster: Any, tmp_path: Path) -> Iterator[str]:
    environment = os.environ | {
        "TICKERTAPE_HOME": str(tmp_path),
        "KAFKA_BOOTSTRAP_SERVERS": cluster.servers,
        "TOPICS_PREFIX": cluster.prefix,
    }
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
    tweets = [tweet.value for tweet in islice(generate(11, malformed_share=0.0, start=start), TWEETS) if tweet.value]
    start_worker()

    streamed, answered = both_answers(cluster, api_url, tweets)

    assert len(answered) == TWEETS
    assert streamed == answered
    assert len({answer["label"] for answer in answered}) > 10
    assert [asked(api_url, "", json.loads(value)) for value in tweets[:20]] == [
        [answer] for answer in in_order(answered, tweets[:20])
    ]


def test_serving_protocols_answer_what_the_stream_does(
    cluster: Any, start_worker: Callable[..., Any], api_url: str
) -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    tweets = [tweet.value for tweet in islice(generate(13, malformed_share=0.0, start=start), TWEETS) if tweet.value]
    start_worker()
    texts = [text_of(value) for value in tweets]
    tensor = {"name": "text", "shape": [len(texts)], "datatype": "BYTES", "data": texts}

    streamed, _ = both_answers(cluster, api_url, tweets)
    inferred = post(api_url, "/v2/models/tickertape/infer", {"inputs": [tensor]})
    invoked = post(api_url, "/invocations", {"dataframe_records": [{"text": text} for text in texts]})["predictions"]

    expected = in_order(streamed, tweets)
    columns = {output["name"]: output["data"] for output in inferred["outputs"]}
    for field in ("label", "label_score", "sentiment", "sentiment_score"):
        assert columns[field] == [answer[field] for answer in expected]
        assert [row[field] for row in invoked] == [answer[field] for answer in expected]
    assert inferred["model_version"] == expected[0]["model"]["version"]


def test_what_was_learned_from_posted_labels_is_in_both_answers(
    cluster: Any, start_worker: Callable[..., Any], api_url: str
) -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    tweets = [tweet.value for tweet in islice(generate(12, malformed_share=0.0, start=start), TWEETS) if tweet.value]
    said = [{"tweet_id": str(number), "label": "IPO", "text": text_of(tweets[number])} for number in range(100)]
    wrong = {"tweet_id": "0", "label": "Macro"}
    start_worker(ONLINE_SNAPSHOT_SECONDS=0.2)
    for feedback in (said, [wrong]):
        httpx.post(f"{api_url}/feedback", json={"feedback": feedback}, timeout=30).raise_for_status()
    models = wait_for_version(api_url, len(said) + 1)
    wait_for_version_in_stream(cluster, len(said) + 1)

    streamed, answered = both_answers(cluster, api_url, tweets)
    body = {"texts": [json.loads(value) for value in tweets]}
    online, batch = asked(api_url, "?model=online", body), asked(api_url, "?model=batch", body)
    figures = httpx.get(f"{api_url}/performance/online", timeout=30).raise_for_status().json()

    assert streamed == answered
    assert online == in_order(answered, tweets)
    assert {(answer["answered_by"], answer["model"]["online_version"]) for answer in batch} == {("batch", 0)}
    assert len([answer for answer in batch if answer["label"] == "IPO"]) < TWEETS / 2
    assert models["answering"] == {"topic": "online", "sentiment": "online"}
    learned = [answer for answer in answered if answer["label"] == "IPO"]
    assert len(learned) > TWEETS / 2
    assert {answer["answered_by"] for answer in answered} == {"online"}
    assert any(answer["opinions"]["batch"]["label"] != "IPO" for answer in learned if answer["opinions"])
    assert figures["online_version"] == len(said) + 1
    window = figures["heads"]["topic"]["window"]
    assert window["served"]["labels"] == len(said)
    assert window["served"]["accuracy"]["value"] > window["batch"]["accuracy"]["value"]
    (letter,) = cluster.read(cluster.topics.dead_letter.name)
    assert letter.headers["reason"] == b"contradiction"


def text_of(value: bytes) -> str:
    tweet = json.loads(value)
    text: str = tweet.get("data", tweet)["text"]
    return text


def id_of(value: bytes) -> str:
    tweet = json.loads(value)
    tweet_id: str = tweet.get("data", tweet)["id"]
    return tweet_id


def in_order(answers: list[dict[str, Any]], tweets: list[bytes]) -> list[dict[str, Any]]:
    """Give the answers to these tweets, in their order."""
    by_id = {answer["id"]: answer for answer in answers}
    return [by_id[id_of(value)] for value in tweets]


def post(api_url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.post(f"{api_url}{path}", json=body, timeout=30).raise_for_status().json()
    return answer


def asked(api_url: str, query: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what /predict says, without the time."""
    answers: list[dict[str, Any]] = post(api_url, f"/predict{query}", body)["predictions"]
    for answer in answers:
        del answer["classified_at"]
    return answers


def wait_for_version(api_url: str, version: int) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while (models := httpx.get(f"{api_url}/models", timeout=30).json())["model"]["online_version"] < version:
        assert time.monotonic() < deadline, models
        time.sleep(0.1)
    found: dict[str, Any] = models
    return found


def wait_for_version_in_stream(cluster: Any, version: int) -> None:
    """Publish a tweet again and again until it is answered with what was learned."""
    deadline, place = time.monotonic() + 60, 0
    while True:
        cluster.publish([(b"1", b'{"id":"1","text":"$AAPL up"}')])
        place += 1
        cluster.wait_until_answered(place)
        newest = [json.loads(row.value) for row in cluster.read(cluster.topics.classified.name)][-1]
        if newest["model"]["online_version"] == version:
            return
        assert time.monotonic() < deadline, newest["model"]
        time.sleep(0.2)


def both_answers(cluster: Any, api_url: str, tweets: list[bytes]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the answers of stream and API, each in the order of ids, without their times."""
    before = len(cluster.read(cluster.topics.classified.name))
    expected = cluster.answered() + len(tweets)
    cluster.publish([(None, value) for value in tweets])
    cluster.wait_until_answered(expected)
    rows = [json.loads(row.value) for row in cluster.read(cluster.topics.classified.name)]
    body = {"texts": [json.loads(value) for value in tweets]}
    answered = httpx.post(f"{api_url}/predict", json=body, timeout=30).raise_for_status().json()["predictions"]
    ids = {answer["id"] for answer in answered}
    streamed = [row for row in rows if row["id"] in ids]
    assert len(streamed) == len(rows) - before
    for answer in (*streamed, *answered):
        del answer["classified_at"]
    return sorted(streamed, key=lambda one: one["id"]), sorted(answered, key=lambda one: one["id"])
