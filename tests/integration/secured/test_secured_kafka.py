"""Every part on a Kafka that asks who is there, with the rights that the documentation lists and no others."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from models.feedback import LabelledTweet
from models.taxonomy import Label
from stream.codecs import encode
from stream.commands.cluster import kafka_of_settings
from stream.learning.archive import TopicArchive

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
SecuredKafka = Any
StartWorker = Callable[..., Any]
Allow = Callable[..., None]
Start = Callable[..., subprocess.Popen[str]]
Tickertape = Callable[..., subprocess.CompletedProcess[str]]
TIMEOUT_SECONDS = 60
TWEET = {"id": "1", "text": "$AAPL beats estimates and raises its dividend", "created_at": "2026-01-31T09:30:00.000Z"}
LABEL = {"tweet_id": "1", "label": "Dividend", "text": TWEET["text"], "labelled_at": "2026-01-31T09:31:00Z"}
BROKEN = b"{"


def wait_for_records(cluster: Cluster, topic: str, count: int, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    deadline = time.monotonic() + timeout_seconds
    while (found := sum(cluster.ends(topic).values())) < count:
        assert time.monotonic() < deadline, f"{found} of {count} records are in {topic}"
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "SCRAM-SHA-512 without TLS", "certificate"])
def test_worker_classifies_and_learns_with_its_rights_alone(
    secured: SecuredKafka, cluster: Cluster, start_worker: StartWorker, allow: Allow, user: str, way: str
) -> None:
    who = {
        "PLAIN": lambda: secured.by_password("plain-user", mechanism="PLAIN"),
        "certificate": lambda: secured.by_certificate(user),
        "SCRAM-SHA-512 without TLS": lambda: secured.by_password(user, listener="UNENCRYPTED"),
    }.get(way, lambda: secured.by_password(user, mechanism=way))
    allow("worker", to="plain-user" if way == "PLAIN" else user)

    worker = start_worker(**who(), TICKERTAPE_LOG_LEVEL="DEBUG")
    cluster.publish([(b"1", json.dumps(TWEET).encode()), (b"2", BROKEN)])
    cluster.publish([(b"1", json.dumps(LABEL | {"source": "test"}).encode())], topic=cluster.topics.feedback.name)
    cluster.wait_until_answered(2)
    wait_for_records(cluster, cluster.topics.online.name, 1)

    (classified,) = cluster.read(cluster.topics.classified.name)
    (letter,) = cluster.read(cluster.topics.dead_letter.name)
    (learned,) = cluster.read(cluster.topics.labelled.name)
    assert (json.loads(classified.value)["id"], letter.value, learned.key) == ("1", BROKEN, b"1")
    assert worker.stop() == 0
    assert "the-secret-of-" not in worker.log


def test_transactions_need_the_right_to_their_ids_and_no_other(
    secured: SecuredKafka,
    cluster: Cluster,
    start_worker: StartWorker,
    allow: Allow,
    user: str,
    tickertape: Tickertape,
) -> None:
    allow("worker")
    refused = tickertape("worker", DELIVERY="exactly_once")
    assert refused.returncode == 1
    first, last = (f"Write on the transactional id {cluster.prefix}group.{cluster.topics.raw.name}.{n}" for n in (0, 3))
    assert f"does not give this user {first}, " in refused.stderr.splitlines()[-1]
    assert f", {last}: add what is missing, see docs/how-to/secure-kafka.md" in refused.stderr.splitlines()[-1]

    allow("exactly-once")
    worker = start_worker(**secured.by_password(user), DELIVERY="exactly_once")
    cluster.publish([(b"1", json.dumps(TWEET).encode()), (b"2", BROKEN)])
    cluster.wait_until_answered(2)

    (classified,) = cluster.read(cluster.topics.classified.name)
    assert json.loads(classified.value)["id"] == "1"
    assert worker.stop() == 0


def test_each_command_works_with_its_rights_alone(
    secured: SecuredKafka,
    cluster: Cluster,
    start_worker: StartWorker,
    allow: Allow,
    user: str,
    tickertape: Tickertape,
) -> None:
    def run(verb: str, *words: str, given: str = "") -> Any:
        """Run a command as its own user, who has that command's rights; gives what it printed."""
        secured.add_user(f"{user}.{verb}")
        allow(verb, to=f"{user}.{verb}")
        done = tickertape(verb, *words, given=given, settings=secured.by_password(f"{user}.{verb}"))
        assert done.returncode == 0, f"{verb}: {done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    allow("worker")
    start_worker(**secured.by_password(user), LABELLING_PER_MINUTE="0")

    (produced,) = run("produce", "-", "--json", given=f"{json.dumps(TWEET)}\n")
    cluster.publish([(b"2", BROKEN)])
    cluster.wait_until_answered(2)
    (labelled,) = run("label", "-", "--json", given=f"{json.dumps(LABEL)}\n")
    (tailed,) = run("tail", "--from-beginning", "--count", "1", "--json")
    (verified,) = run("verify", "--json")
    (letter,) = run("dead-letters", "list", "--json")
    (redriven,) = run("dead-letters", "redrive", "--all", "--json")
    (difference,) = run("diff", "pretrained", "pretrained", "--from", "0:0,1:0,2:0,3:0", "--json")
    cluster.wait_until_answered(3)

    assert (produced["published"], labelled["sent"], tailed["id"], verified["right"]) == (1, 1, "1", True)
    assert (letter["letters"], redriven["redriven"], difference["tweets"]) == (1, 1, 1)


@pytest.mark.slow
def test_drift_process_tells_with_its_rights_alone(
    secured: SecuredKafka, cluster: Cluster, start_worker: StartWorker, allow: Allow, user: str, start: Start
) -> None:
    secured.add_user(f"{user}.drift")
    allow("worker")
    allow("drift", to=f"{user}.drift")
    start_worker(**secured.by_password(user), LABELLING_PER_MINUTE="0")
    tweets = [json.dumps(TWEET | {"id": str(number)}).encode() for number in range(1, 301)]
    cluster.publish([(None, tweet) for tweet in tweets])
    cluster.wait_until_answered(300)

    start(
        "drift", "watch", "--from-beginning", settings=secured.by_password(f"{user}.drift"), DRIFT_WINDOW_TWEETS="200"
    )
    wait_for_records(cluster, cluster.topics.drift.name, 1, timeout_seconds=180)  # with a report, which takes its time

    (event,) = cluster.read(cluster.topics.drift.name)
    assert json.loads(event.value)["window"]["tweets"] == 200


def test_retraining_reads_what_was_learned_with_its_rights_alone(
    secured: SecuredKafka, cluster: Cluster, allow: Allow, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow("retrain")
    for name, value in secured.by_password(user).items():
        monkeypatch.setenv(name, value)
    learned = LabelledTweet(
        id="1",
        text=TWEET["text"],
        label=Label.DIVIDEND,
        sentiment=None,
        source="test",
        labelled_at=LABEL["labelled_at"],
        why=None,
        probability=1.0,
        feedback_offset=0,
    )
    cluster.publish([(b"1", encode(learned))], topic=cluster.topics.labelled.name)

    archive = TopicArchive(
        kafka_of_settings(), online=cluster.topics.online.name, labelled=cluster.topics.labelled.name
    )

    assert [one.id for one in archive.labelled()] == ["1"]


@contextmanager
def served(start: Start, settings: dict[str, str] | None = None) -> Iterator[httpx.Client]:
    """Run `tickertape serve` as this test's user, and give a client for it."""
    process = start("serve", "--port", "0", "--json", settings=settings)
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as client:
        yield client


def live_state(client: httpx.Client) -> dict[str, Any]:
    """The first event of the live feed."""
    with client.stream("GET", "/live") as answer:
        lines = answer.iter_lines()
        return dict(json.loads(next(line for line in lines if line.startswith("data:"))[5:]))


def test_api_takes_feedback_and_shows_the_stream_with_its_rights_alone(
    cluster: Cluster, allow: Allow, start: Start
) -> None:
    allow("api")

    with served(start) as client:
        answer = client.post("/feedback", json={"feedback": [LABEL]})
        state = live_state(client)

    (record,) = cluster.read(cluster.topics.feedback.name)
    assert (answer.status_code, record.key) == (202, b"1")
    assert state["broker"] == "connected"
