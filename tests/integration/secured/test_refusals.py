"""Who is not let in, or lacks a right, is told once what was seen and what to do; and nobody asks again and again."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.errors import BrokerError
from stream.commands.cluster import kafka_of_settings
from stream.kafka.authentication import check_authentication

pytestmark = pytest.mark.integration

SecuredKafka = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
Cluster = Any
Allow = Callable[..., None]
Start = Callable[..., subprocess.Popen[str]]
Tickertape = Callable[..., subprocess.CompletedProcess[str]]
StartWorker = Callable[..., Any]
WRONG = {"KAFKA_SASL_PASSWORD": "the-secret-of-somebody-else"}
ADDRESS = r"Kafka at 127\.0\.0\.1:\d+"
LABEL = '{"tweet_id": "1", "label": "Dividend", "text": "$AAPL raises its dividend"}\n'


def told(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> str:
    """What is said to who comes with these settings."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BrokerError) as caught:
        check_authentication(kafka_of_settings())
    return str(caught.value)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"])
def test_wrong_password_is_told_after_one_attempt(
    monkeypatch: pytest.MonkeyPatch, secured: SecuredKafka, user: str, mechanism: str
) -> None:
    before = secured.refused_attempts()

    message = told(monkeypatch, secured.by_password(user, mechanism=mechanism) | WRONG)

    assert message.startswith(
        f"Kafka at 127.0.0.1:{secured.ports['PASSWORDS']} refuses the user '{user}' or its password"
    )
    assert "check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE" in message
    assert WRONG["KAFKA_SASL_PASSWORD"] not in message
    assert secured.refused_attempts() - before == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("listener", "seen", "to_do"),
    [
        ("EXPIRED", "certificate has expired", "have it renewed, or set this machine's clock"),
        ("ELSEWHERE", "not valid for '127.0.0.1'", "name it in KAFKA_BOOTSTRAP_SERVERS as its certificate does"),
    ],
)
def test_certificate_of_a_broker_that_is_out_of_date_or_of_another_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, secured: SecuredKafka, user: str, listener: str, seen: str, to_do: str
) -> None:
    message = told(monkeypatch, secured.by_password(user, listener=listener))

    assert message.startswith(f"the certificate of Kafka at 127.0.0.1:{secured.ports[listener]} is refused (")
    assert seen in message
    assert to_do in message


@pytest.mark.slow
def test_name_may_differ_where_it_is_not_checked(
    monkeypatch: pytest.MonkeyPatch, secured: SecuredKafka, user: str
) -> None:
    settings = secured.by_password(user, listener="ELSEWHERE") | {"KAFKA_SSL_CHECK_HOSTNAME": "false"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    check_authentication(kafka_of_settings())


def test_certificate_of_an_authority_that_nobody_named_is_refused(
    monkeypatch: pytest.MonkeyPatch, secured: SecuredKafka, user: str, make_authority: Callable[[str], Any]
) -> None:
    settings = secured.by_password(user) | {"KAFKA_SSL_CAFILE": str(make_authority("other").file)}

    message = told(monkeypatch, settings)

    assert "is refused (unable to get local issuer certificate): set KAFKA_SSL_CAFILE to the certificate" in message


@pytest.mark.slow
@pytest.mark.parametrize("shown", ["none", "one of another authority"])
def test_broker_that_wants_another_certificate_is_told(
    monkeypatch: pytest.MonkeyPatch,
    secured: SecuredKafka,
    user: str,
    make_authority: Callable[[str], Any],
    shown: str,
) -> None:
    settings = secured.by_certificate(user, make_authority("other"))
    if shown == "none":
        settings = {name: value for name, value in settings.items() if "CERTFILE" not in name and "KEYFILE" not in name}

    message = told(monkeypatch, settings)

    assert "refuses the certificate that it was shown, or wants one (" in message
    assert "check KAFKA_SSL_CERTFILE and KAFKA_SSL_KEYFILE" in message


@pytest.mark.slow
def test_listener_that_asks_for_no_password_is_told(
    monkeypatch: pytest.MonkeyPatch, secured: SecuredKafka, user: str
) -> None:
    settings = secured.by_password(user, listener="UNENCRYPTED") | {"KAFKA_BOOTSTRAP_SERVERS": secured.open_servers}

    assert "asks for no password: set KAFKA_SECURITY_PROTOCOL=PLAINTEXT" in told(monkeypatch, settings)


@pytest.mark.slow
def test_another_address_that_lets_in_is_enough(
    monkeypatch: pytest.MonkeyPatch, secured: SecuredKafka, user: str
) -> None:
    settings = secured.by_password(user)
    settings["KAFKA_BOOTSTRAP_SERVERS"] = (
        f"127.0.0.1:1,127.0.0.1:{secured.ports['EXPIRED']}," + settings["KAFKA_BOOTSTRAP_SERVERS"]
    )
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    check_authentication(kafka_of_settings())


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["worker"],
        ["produce", "--generate", "--count", "1"],
        ["tail"],
        ["label", "-"],
        ["verify"],
        ["diff", "pretrained", "pretrained", "--from", "0:0"],
        ["dead-letters", "list"],
        ["drift"],
        ["drift", "report", "--from", "0:0"],
        ["demo"],
    ],
    ids=" ".join,
)
def test_each_command_ends_at_once_with_a_line_where_the_password_is_wrong(
    secured: SecuredKafka, tickertape: Tickertape, words: list[str]
) -> None:
    before = secured.refused_attempts()

    done = tickertape(*words, **WRONG)

    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    last_line = done.stderr.splitlines()[-1]
    assert last_line.startswith(
        f"tickertape {words[0]}: Kafka at 127.0.0.1:{secured.ports['PASSWORDS']} refuses the user"
    )
    assert WRONG["KAFKA_SASL_PASSWORD"] not in done.stdout + done.stderr
    assert secured.refused_attempts() - before == 1


@pytest.mark.parametrize(
    ("part", "words", "without", "lacking"),
    [
        ("produce", ["produce", "--generate", "--count", "1"], "tweets.raw", "Write on the topic {}tweets.raw"),
        ("tail", ["tail"], "tweets.classified", "Read on the topic {}tweets.classified"),
        pytest.param("drift", ["drift"], "tickertape.drift", "Read on the group {}group.drift", marks=pytest.mark.slow),
        pytest.param(
            "worker", ["worker"], "tweets.sentiment", "Write on the topic {}tweets.sentiment", marks=pytest.mark.slow
        ),
    ],
)
def test_right_that_is_missing_is_named_at_the_start(  # one assertion, many parts
    cluster: Cluster, tickertape: Tickertape, allow: Allow, part: str, words: list[str], without: str, lacking: str
) -> None:
    allow(part, but=without)

    done = tickertape(*words)

    expected = f"does not give this user {lacking.format(cluster.prefix)}: add what is missing, see docs/how-to/secure"
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert expected in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_worker_ends_soon_after_it_is_not_let_in_any_more(
    secured: SecuredKafka, start_worker: StartWorker, allow: Allow, user: str
) -> None:
    allow("worker")
    worker = start_worker(**secured.by_password(user, listener="BRIEF"), ONLINE_ENABLED="false")
    before = secured.refused_attempts()

    secured.add_user(user, "another password")

    assert worker.process.wait(timeout=30) == 1
    assert f"refuses the user '{user}' or its password" in worker.log.splitlines()[-1]
    assert secured.refused_attempts() - before < 10


@pytest.mark.slow
def test_reader_ends_soon_after_it_is_not_let_in_any_more(
    secured: SecuredKafka, start: Start, allow: Allow, user: str
) -> None:
    allow("tail")
    process = start("tail", settings=secured.by_password(user, listener="BRIEF"))
    assert process.stderr is not None
    assert any("topic_followed" in line for line in process.stderr)
    before = secured.refused_attempts()

    secured.add_user(user, "another password")

    _, log = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in log) == (1, False)
    assert f"refuses the user '{user}' or its password" in log.splitlines()[-1]
    assert secured.refused_attempts() - before < 10


@pytest.mark.slow
def test_api_that_is_not_let_in_answers_and_asks_seldom(secured: SecuredKafka, start: Start, user: str) -> None:
    before = secured.refused_attempts()
    process = start("serve", "--port", "0", "--json", **WRONG)
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    started = time.monotonic()

    with httpx.Client(base_url=url, timeout=30) as client:
        answers = []
        while time.monotonic() - started < 6:
            answers.append(client.post("/feedback", json={"feedback": [json.loads(LABEL)]}))
            time.sleep(0.1)  # nobody reads its log meanwhile
        predicted = client.post("/predict", json={"texts": [{"text": "$AAPL beats"}]})
    process.terminate()
    _, log = process.communicate(timeout=30)

    assert predicted.status_code == 200
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (
            503,
            (
                "no feedback was taken, as Kafka does not let this server in: its log says why; "
                "when that is mended, send all again"
            ),
        )
    }
    assert len(answers) > 20
    assert f"refuses the user '{user}' or its password: check KAFKA_SASL_USERNAME" in log
    assert WRONG["KAFKA_SASL_PASSWORD"] not in log
    assert secured.refused_attempts() - before <= 12


@pytest.mark.slow
def test_feedback_that_may_not_be_written_is_told(
    cluster: Cluster, secured: SecuredKafka, allow: Allow, start: Start, user: str
) -> None:
    allow("api", but="tweets.feedback")
    secured.allow(user, "topic", cluster.topics.feedback.name, "DESCRIBE")
    process = start("serve", "--port", "0", "--json")
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]

    answer = httpx.post(f"{url}/feedback", json={"feedback": [json.loads(LABEL)]}, timeout=30)

    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        (
            f"no feedback was taken, as Kafka does not let this server write to {cluster.topics.feedback.name}: "
            "its log says more"
        ),
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", ["worker", "serve", "tail", "demo"])
def test_settings_that_can_not_be_used_end_the_start_with_a_line(
    tmp_path: Path, tickertape: Tickertape, command: str
) -> None:
    missing = tmp_path / "missing.pem"

    done = tickertape(command, KAFKA_SSL_CAFILE=str(missing))

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"tickertape {command}: KAFKA_SSL_CAFILE={missing} can't be read (No such file or directory): "
        "name a file that is there"
    )
