# ruff: noqa: PLC0415 -- MLflow is imported by the tests that use it: it costs seconds and warns while it loads
"""From a label that somebody gives to a challenger that has learned it, and to the news that it leads."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kafka import KafkaProducer

from config.settings import RegistrySettings
from models.feedback import Feedback, LabelledTweet
from models.predictor import PRETRAINED, pretrained_predictor
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import WEIGHTS_FILE, Weights, encode_weights
from stream.codecs import decode_labelled, encode

pytestmark = [
    pytest.mark.integration,
    pytest.mark.training,  # needs MLflow
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),  # SQLAlchemy complains of what MLflow calls
]

Cluster = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
Command = Callable[..., "subprocess.CompletedProcess[str]"]
LABELLED = Path(__file__).parents[1] / "data" / "labelled"
AT = "2026-01-02T03:04:05Z"
TIMEOUT_SECONDS = 120
# No checkout, so that a promotion leaves its config/run.json alone.
PROGRAM = """import sys; from pathlib import Path; from models.commands import promote; from tickertape import main
promote._CHECKOUT_MARK = Path("nowhere"); sys.exit(main(sys.argv[1:]))"""


def rows_of(name: str) -> list[list[str]]:
    with (LABELLED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def write_half(folder: Path, name: str) -> list[list[str]]:
    """Put every second row into a folder; gives the others."""
    header, *rows = rows_of(name)
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows[::2]])
    return rows[1::2]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def given(data_dir: Path) -> list[Feedback]:
    """What people say of the tweets that are not in the files: topics and sentiments, of different tweets."""
    topics, moods = (write_half(data_dir, name) for name in ("topic_train.csv", "sent_train.csv"))
    rows = [(text, LABELS[int(column)], None) for text, column in topics]
    rows += [(text, None, SENTIMENTS[int(column)]) for text, column in moods]
    return [
        Feedback(str(number), "desk", AT, label=label, sentiment=sentiment, text=text)
        for number, (text, label, sentiment) in enumerate(rows)
    ]


@pytest.fixture
def tickertape(cluster: Cluster, tmp_path: Path, data_dir: Path) -> Command:
    """Run a command to its end."""

    def call(*words: str) -> "subprocess.CompletedProcess[str]":
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": cluster.servers,
            "TOPICS_PREFIX": cluster.prefix,
            "TICKERTAPE_HOME": str(tmp_path),
            "TICKERTAPE_DATA_DIR": str(data_dir),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "COLUMNS": "200",
        }
        command = [sys.executable, "-c", PROGRAM, *words]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=TIMEOUT_SECONDS, check=False, cwd=tmp_path
        )

    return call


def send(cluster: Cluster, topic: str, values: Sequence[bytes]) -> None:
    producer = KafkaProducer(bootstrap_servers=cluster.servers, acks="all")
    for value in values:
        producer.send(topic, value)
    producer.flush()
    producer.close()


def learned(feedback: Sequence[Feedback]) -> list[LabelledTweet]:
    """What a learner makes of feedback with texts."""
    return [
        LabelledTweet(
            id=one.tweet_id,
            text=one.text or "",
            label=one.label,
            sentiment=one.sentiment,
            source=one.source,
            labelled_at=one.labelled_at,
            why=None,
            probability=1.0,
            feedback_offset=offset,
        )
        for offset, one in enumerate(feedback)
    ]


def wait_for_records(cluster: Cluster, topic: str, is_enough: Callable[[list[Any]], bool]) -> list[Any]:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_enough(found := cluster.read(topic)):
        assert time.monotonic() < deadline, f"{len(found)} records in {topic}"
        time.sleep(0.2)
    return list(found)


def registered(home: Path, weights: Weights | bytes, *, alias: str) -> str:
    """Save a version in the registry of a home folder."""
    from models import registry

    settings = RegistrySettings()
    store = registry.open_store(tracking_uri=settings.uri(home), model_name=settings.model_name)
    content = weights if isinstance(weights, bytes) else encode_weights(weights)
    return registry.save_version(
        store, registry.TrainingRun({}, {}, {WEIGHTS_FILE: content}), model_alias=alias
    ).version


def confused(weights: Weights) -> Weights:
    """Weights that take most topics for one and the same."""
    biases = weights.biases.copy()
    biases[3] += np.float32(40)
    return replace(weights, biases=biases)


@pytest.mark.slow
def test_labels_that_a_worker_learned_are_in_the_challenger_and_the_worker_follows_it(
    cluster: Cluster,
    start_worker: Callable[..., Any],
    tickertape: Command,
    given: list[Feedback],
    make_registry: Callable[[Path], str],
    tmp_path: Path,
) -> None:
    from models import registry

    make_registry(tmp_path)
    worker = start_worker(MLFLOW_POLL_SECONDS=0.2)
    send(cluster, cluster.topics.feedback.name, [encode(one) for one in given])
    records = wait_for_records(cluster, cluster.topics.labelled.name, lambda found: len(found) >= len(given))

    done = tickertape("retrain", "--seed", "11", "--json")

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    report, used = answer["report"], answer["report"]["feedback"]["used"]
    assert answer["promotion"] is None
    tweets = [decode_labelled(record.value) for record in records]
    assert used["tweets"] == len({tweet.feedback_offset for tweet in tweets}) == len(given)
    assert used["labels"] + used["sentiments"] + used["known"] == len(given)
    assert report["label_tweets"] > 1.5 * len(given) / 2
    store = registry.existing_store(tracking_uri=RegistrySettings().uri(tmp_path), model_name="tickertape")
    assert registry.alias_version(store, registry.CHALLENGER) == report["model_version"] == "1"
    assert registry.alias_version(store, "champion") is None
    run = store.client.get_run(report["run_id"])
    assert run.data.params["feedback_sha256"] == used["sha256"]
    assert run.data.params["feedback_last_offset"] == str(len(given) - 1)
    assert "newest_sentiment_challenger_accuracy" in run.data.metrics
    worker.wait_for("challenger_followed version=1")
    assert worker.stop() == 0


@pytest.mark.slow
@pytest.mark.usefixtures("given")
def test_what_people_labelled_changes_what_the_challenger_says_and_the_newest_are_measured_unseen(
    cluster: Cluster, tickertape: Command, make_registry: Callable[[Path], str], tmp_path: Path
) -> None:
    from models import registry
    from models.scorer import Scorer

    make_registry(tmp_path)
    odd = [f"zibbel wobbel{chr(97 + number % 7)} quax{chr(97 + number // 7)} plonk" for number in range(60)]
    newest = [f"grumpf {text}" for text in odd[:10]]
    said = [Feedback(str(1_000 + number), "desk", AT, label=LABELS[9], text=text) for number, text in enumerate(odd)]
    last = [Feedback(str(2_000 + number), "desk", AT, label=LABELS[4], text=text) for number, text in enumerate(newest)]
    send(cluster, cluster.topics.labelled.name, [encode(one) for one in learned([*said, *last])])

    done = tickertape("retrain", "--seed", "11", "--json")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["report"]["feedback"]
    assert (found["used"]["labels"], found["used"]["newest_labels"]) == (70, 10)
    store = registry.existing_store(tracking_uri=RegistrySettings().uri(tmp_path), model_name="tickertape")
    measured = registry.load_measured_weights(store, "1")
    assert measured is not None
    challenger = registry.load_weights(store, "1").weights
    assert (measured.learned_offset, challenger.learned_offset) == (59, 69)
    of_measured, of_challenger = Scorer(measured), Scorer(challenger)
    assert set(of_challenger.answers(odd[10:], top_k=1).labels[:, 0].tolist()) == {9}
    assert set(of_challenger.answers(newest, top_k=1).labels[:, 0].tolist()) == {4}
    assert set(of_measured.answers(newest, top_k=1).labels[:, 0].tolist()) == {9}
    assert found["newest"]["topic"]["challenger"]["accuracy"]["value"] == 0
    assert found["champion"] == pretrained_predictor(1).model.version


@pytest.mark.slow
def test_next_training_is_compared_with_the_champion_on_labels_that_neither_has_seen(
    cluster: Cluster, tickertape: Command, given: list[Feedback], make_registry: Callable[[Path], str], tmp_path: Path
) -> None:
    from models import registry

    make_registry(tmp_path)
    send(cluster, cluster.topics.labelled.name, [encode(one) for one in learned(given)[:200]])
    first = json.loads(tickertape("retrain", "--json").stdout)["report"]["feedback"]["used"]
    store = registry.existing_store(tracking_uri=RegistrySettings().uri(tmp_path), model_name="tickertape")
    registry.point_alias(store, "champion", version="1")
    send(cluster, cluster.topics.labelled.name, [encode(one) for one in learned(given)[195:]])

    done = tickertape("retrain", "--promote")

    second = report_of(registry.load_file(store, "2", path=registry.REPORT_FILE))
    assert second["feedback"]["champion"] == "1"
    assert next(iter(second["feedback"]["held_out"])) == "labels accuracy"
    assert second["feedback"]["used"]["first_newest_offset"] > first["first_newest_offset"]
    assert second["feedback"]["used"]["tweets"] == len(given)
    assert "gate of tickertape version 2" in done.stdout
    assert "to version 1 on the same tweets" in done.stdout
    assert "version 2 and version 1, which answers" in done.stdout
    promoted = "champion is version 2 now (before: 1)" in done.stdout
    assert done.returncode == (0 if promoted else 1)
    assert registry.alias_version(store, "champion") == ("2" if promoted else "1")


def report_of(content: bytes | None) -> dict[str, Any]:
    assert content is not None
    report: dict[str, Any] = json.loads(content)
    return report


@pytest.mark.slow
def test_a_challenger_that_leads_on_the_labels_that_come_is_told_on_the_topic_of_metrics(
    cluster: Cluster,
    start_worker: Callable[..., Any],
    given: list[Feedback],
    make_registry: Callable[[Path], str],
    tmp_path: Path,
) -> None:
    make_registry(tmp_path)
    shipped = pretrained_predictor(1).scorer
    registered(tmp_path, confused(shipped.weights), alias="champion")
    registered(tmp_path, (PRETRAINED / WEIGHTS_FILE).read_bytes(), alias="challenger")
    worker = start_worker(MLFLOW_POLL_SECONDS=0.2)
    worker.wait_for("challenger_followed version=2 answers=1")
    texts = [one.text or "" for one in given]
    right = shipped.answers(texts, top_k=1).labels[:, 0].tolist()
    labels = [
        Feedback(str(number), "desk", AT, label=LABELS[column], text=text)
        for number, (text, column) in enumerate(zip(texts, right, strict=True))
    ]

    send(cluster, cluster.topics.feedback.name, [encode(one) for one in labels])

    def leads(records: list[Any]) -> list[dict[str, Any]]:
        events = [json.loads(record.value) for record in records]
        return [event for event in events if event.get("event", {}).get("event") == "challenger_lead"]

    records = wait_for_records(cluster, cluster.topics.metrics.name, lambda found: bool(leads(found)))
    lead = leads(records)[0]
    assert (lead["version"], lead["event"]["challenger"], lead["event"]["head"]) == ("1", "2", "topic")
    assert worker.stop() == 0


def test_too_few_labels_are_one_line_that_says_what_to_do(
    cluster: Cluster, tickertape: Command, given: list[Feedback], tmp_path: Path
) -> None:
    send(cluster, cluster.topics.labelled.name, [encode(one) for one in learned(given)[:20]] + [b"{"])

    done = tickertape("retrain")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("tickertape retrain: people labelled 20 tweets so far")
    assert "labelled_tweets_unreadable" in done.stderr
    assert not (tmp_path / "mlflow.db").exists()
