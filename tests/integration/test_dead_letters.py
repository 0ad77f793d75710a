"""`tickertape dead-letters`: letters of a real worker are listed, repaired and sent again, each input once."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

pytestmark = pytest.mark.integration

Cluster = Any
StartWorker = Callable[..., Any]
Run = Callable[..., "subprocess.CompletedProcess[str]"]

GOOD = [(str(number).encode(), json.dumps({"id": str(number), "text": "$AAPL up"}).encode()) for number in range(20)]
NUMERIC_IDS = [(None, json.dumps({"id": number, "text": "$TSLA down"}).encode()) for number in range(100, 105)]
HOPELESS: list[tuple[bytes | None, bytes | None]] = [(b"x", b"{"), (b"y", b"\xff\x81"), (b"z", None)]


def environment(cluster: Cluster) -> dict[str, str]:
    return os.environ | {"KAFKA_BOOTSTRAP_SERVERS": cluster.servers, "TOPICS_PREFIX": cluster.prefix}


@pytest.fixture
def run(cluster: Cluster) -> Run:
    def run(*words: str, given: str | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "tickertape", "dead-letters", *words],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            env=environment(cluster),
            timeout=120,
        )

    return run


@pytest.fixture
def letters(cluster: Cluster, start_worker: StartWorker) -> Any:
    """A worker that has refused eight of 28 records, and goes on."""
    cluster.publish([*GOOD, *NUMERIC_IDS, *HOPELESS])
    worker = start_worker()
    cluster.wait_until_answered(28)
    return worker


def outcomes(ended: "subprocess.CompletedProcess[str]") -> dict[str, int]:
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    return {name: count for name, count in told.items() if count and name != "dry_run"}


def refusals(cluster: Cluster) -> Counter[tuple[str, str]]:
    """Count dead letters by reason and attempt."""
    return Counter(
        (row.headers["reason"].decode(), row.headers["attempt"].decode())
        for row in cluster.read(cluster.topics.dead_letter.name)
    )


@pytest.mark.usefixtures("letters")
def test_repaired_letters_are_sent_again_once_and_classified(cluster: Cluster, run: Run, tmp_path: Path) -> None:
    exported = run("export", "--reason", "wrong_type")
    fixed = run("fix", "-", given=exported.stdout)
    (tmp_path / "fixed.jsonl").write_text(fixed.stdout)
    planned = outcomes(run("redrive", "--file", str(tmp_path / "fixed.jsonl"), "--json", "--dry-run"))
    first = outcomes(run("redrive", "--file", str(tmp_path / "fixed.jsonl"), "--json"))
    second = outcomes(run("redrive", "--file", str(tmp_path / "fixed.jsonl"), "--json"))

    cluster.wait_until_answered(33)
    assert (fixed.returncode, "5 id written as text" in fixed.stderr) == (0, True)
    assert (planned, first, second) == ({"redriven": 5}, {"redriven": 5}, {"already_redriven": 5})
    ids = Counter(json.loads(row.value)["id"] for row in cluster.read(cluster.topics.classified.name))
    assert ids == Counter(str(number) for number in [*range(20), *range(100, 105)])
    groups = {row["reason"]: row for row in json.loads(run("list", "--json").stdout)["groups"]}
    assert (groups["wrong_type"]["letters"], groups["wrong_type"]["redriven"]) == (5, 5)
    assert groups["null_value"]["redriven"] == 0


@pytest.mark.usefixtures("letters")
def test_input_that_is_refused_again_is_tried_no_more_than_allowed(cluster: Cluster, run: Run) -> None:
    first = outcomes(run("redrive", "--all", "--json"))
    cluster.wait_until_answered(36)
    second = outcomes(run("redrive", "--all", "--json"))
    cluster.wait_until_answered(44)
    third = outcomes(run("redrive", "--all", "--json"))

    assert first == {"redriven": 8}
    assert second == {"redriven": 8, "already_redriven": 8}
    assert third == {"already_redriven": 16, "too_many_attempts": 8}
    assert {attempt: sum(n for (_, a), n in refusals(cluster).items() if a == attempt) for attempt in "123"} == {
        "1": 8,
        "2": 8,
        "3": 8,
    }
    hopeless = [row for row in cluster.read(cluster.topics.dead_letter.name) if row.headers["reason"] == b"not_utf8"]
    assert {row.value for row in hopeless} == {b"\xff\x81"}
    assert len({row.partition for row in hopeless}) == 1


def test_two_runs_at_a_time_send_each_input_once(cluster: Cluster, letters: Any) -> None:
    letters.stop()  # it would refuse again what the first sends, and give the next new letters to send
    command = [sys.executable, "-m", "tickertape", "dead-letters", "redrive", "--all", "--json"]
    running = [
        subprocess.Popen(command, env=environment(cluster), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [(process.communicate(timeout=120), process.returncode) for process in running]

    sent = sum(json.loads(out)["redriven"] for (out, _), code in ended if code == 0)
    assert any(code == 0 for _, code in ended)
    assert [err for (_, err), code in ended if code and "another redrive" not in err] == []
    assert sent <= 8
    marks = Counter(row.key for row in cluster.read(cluster.topics.redriven.name, isolation_level="read_committed"))
    assert set(marks.values()) == {1}
    assert len(marks) == 8


@pytest.mark.usefixtures("letters")
def test_plan_leaves_a_run_that_is_on_alone(cluster: Cluster, run: Run) -> None:
    redriven = cluster.topics.redriven.name
    running = KafkaProducer(bootstrap_servers=cluster.servers, transactional_id=f"{redriven}.redrive")
    running.init_transactions()
    running.begin_transaction()
    running.send(redriven, key=b"tweets.raw-0-0", value=b"{}")

    planned = outcomes(run("redrive", "--all", "--json", "--dry-run"))
    running.commit_transaction()
    running.close()

    assert planned == {"redriven": 8}
    assert [row.key for row in cluster.read(redriven)] == [b"tweets.raw-0-0"]


@pytest.mark.usefixtures("letters")
def test_letter_is_shown_with_its_bytes(cluster: Cluster, run: Run) -> None:
    (spot,) = [
        f"{row.partition}:{row.offset}"
        for row in cluster.read(cluster.topics.dead_letter.name)
        if row.value == b"\xff\x81"
    ]

    shown = run("show", spot)

    assert shown.returncode == 0, shown.stderr
    assert "reason       not_utf8" in shown.stdout
    assert "value        2 bytes\n\\xff\\x81\n" in shown.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("letters")
def test_nothing_is_sent_of_a_file_with_a_letter_that_would_be_refused(cluster: Cluster, run: Run) -> None:
    exported = run("export")

    ended = run("redrive", "--file", "-", given=exported.stdout)
    fixed = run("fix", "-", given=exported.stdout)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "would be refused again" in ended.stderr
    assert (fixed.returncode, len(fixed.stdout.splitlines())) == (1, 5)
    assert "3 still refused" in fixed.stderr
    assert cluster.read(cluster.topics.redriven.name) == []
    assert sum(cluster.ends(cluster.topics.raw.name).values()) == 28


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "required: action"),
        (("redrive",), 2, "say which letters"),
        (("redrive", "--all", "--reason", "x"), 2, "say which letters"),
        (("show", "0"), 2, "invalid"),
        (("show", "0:0,1:0"), 2, "names 2 letters"),
        (("show", "0:0"), 1, "holds the offsets 0 to 0"),
        (("fix", "nowhere.jsonl"), 1, "can't read nowhere.jsonl"),
        (("list",), 0, "no dead letters"),
        (("redrive", "--all"), 0, "0 sent again"),
    ],
)
def test_wrong_use_and_an_empty_topic_end_with_one_clear_line(
    run: Run, words: tuple[str, ...], code: int, message: str
) -> None:
    ended = run(*words)

    assert ended.returncode == code, ended.stderr
    assert message in (ended.stderr.splitlines() or ended.stdout.splitlines())[-1]
    assert "Traceback" not in ended.stderr
