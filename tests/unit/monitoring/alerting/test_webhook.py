"""The webhook as a whole, against a real server."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from models.errors import WebhookError
from monitoring.alerting.webhook import LONGEST_PAUSE_SECONDS, MOST_EVENTS, Webhook
from monitoring.drift.records import DriftEvent
from monitoring.metrics import ALERTS

Site = Any  # the fixture's own class stands in conftest.py, which tests can't import
MakeEvent = Callable[..., DriftEvent]


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="monitoring.alerting")


@pytest.fixture
def make_webhook(site: Site) -> Iterator[Callable[..., Webhook]]:
    """Start a webhook to the site; closed after the test."""
    made: list[Webhook] = []

    def make(*, quiet_seconds: float = 0.0, **options: Any) -> Webhook:
        given = {"body": "generic", "pauses_seconds": (0.0, 0.0)} | options
        webhook = Webhook(given.pop("url", site.url), quiet_seconds=quiet_seconds, **given)
        webhook.start()
        made.append(webhook)
        return webhook

    yield make
    for webhook in made:
        webhook.close()


def counted(outcome: str) -> float:
    return ALERTS.labels(outcome)._value.get()


def bodies(site: Site) -> list[dict[str, Any]]:
    return [json.loads(body) for body in site.posted]


def opened(site: Site) -> list[list[str]]:
    return [[alarm["name"] for alarm in body["opened"]] for body in bodies(site)]


def test_opened_and_closed_alarms_are_told_once(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent
) -> None:
    webhook = make_webhook()

    webhook.tell(make_drift_event(1))
    webhook.tell(make_drift_event(2, "label=IPO", opened=("label=IPO",)))
    webhook.tell(make_drift_event(3, "label=IPO"))
    webhook.tell(make_drift_event(4, closed=("label=IPO",)))
    webhook.close()

    assert opened(site) == [["label=IPO"], []]
    assert [body["closed"] for body in bodies(site)] == [[], ["label=IPO"]]


def test_slack_gets_blocks(make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent) -> None:
    webhook = make_webhook(body="slack")

    webhook.tell(make_drift_event(2, "label=IPO", opened=("label=IPO",)))
    webhook.close()

    assert bodies(site)[0]["text"] == "Drift: 1 alarm opened"
    assert bodies(site)[0]["blocks"][0]["type"] == "header"


def test_restart_tells_nothing_twice(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent
) -> None:
    for number in (2, 3):
        webhook = make_webhook(quiet_seconds=3600)
        webhook.tell(make_drift_event(number, "label=IPO", opened=("label=IPO",) if number == 2 else ()))
        webhook.close()

    assert opened(site) == [["label=IPO"]]


def test_message_that_fails_twice_is_delivered_by_the_third_try(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent, caplog: pytest.LogCaptureFixture
) -> None:
    site.answers = [500, 429, 200]
    before = counted("delivered")
    webhook = make_webhook()

    webhook.tell(make_drift_event(1, "a", opened=("a",)))
    site.wait_for_posts(3)
    webhook.close()

    assert site.posted == [site.posted[0]] * 3
    assert [(record.message, record.__dict__["tries"]) for record in caplog.records] == [("alert_sent", 3)]
    assert counted("delivered") == before + 1


def test_message_is_given_up_after_three_tries_and_the_next_is_sent(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent, caplog: pytest.LogCaptureFixture
) -> None:
    site.answers = [500, 500, 500, 200]
    before = counted("failed")
    webhook = make_webhook()

    webhook.tell(make_drift_event(1, "a", opened=("a",)))
    site.wait_for_posts(3)
    webhook.tell(make_drift_event(2, "a", "b", opened=("b",)))
    site.wait_for_posts(1)
    webhook.close()

    assert opened(site) == [["a"], ["a"], ["a"], ["b"]]
    failed = caplog.records[0].__dict__
    assert (failed["message"], failed["levelname"]) == ("alert_not_sent", "ERROR")
    assert (failed["reason"], failed["status"], failed["tries"], failed["opened"]) == ("status", 500, 3, 1)
    assert counted("failed") == before + 1


def test_refusal_is_not_tried_again(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent, caplog: pytest.LogCaptureFixture
) -> None:
    site.answers = [404]
    webhook = make_webhook()

    webhook.tell(make_drift_event(1, "a", opened=("a",)))
    webhook.close()

    assert len(site.posted) == 1
    assert (caplog.records[0].__dict__["status"], caplog.records[0].__dict__["tries"]) == (404, 1)


@pytest.mark.parametrize(("asked", "waited"), [("7", 7.0), ("86400", LONGEST_PAUSE_SECONDS), ("1", 2.0)])
def test_receiver_that_asks_for_a_pause_gets_it_up_to_a_limit(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent, asked: str, waited: float
) -> None:
    def busy(request: Any) -> None:
        request.send_response(429)
        request.send_header("Retry-After", asked)
        request.send_header("Content-Length", "0")
        request.end_headers()

    site.answers = [busy, 200]
    webhook = make_webhook(pauses_seconds=(2.0, 30.0))
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return False

    webhook._is_ending.wait = pause  # type: ignore[method-assign, assignment]  # so that no test waits a minute

    webhook.tell(make_drift_event(1, "a", opened=("a",)))
    site.wait_for_posts(2)

    assert pauses == [waited]


def test_who_watches_never_waits_and_what_the_receiver_is_too_slow_for_is_counted_and_logged_once(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent, caplog: pytest.LogCaptureFixture
) -> None:
    may_end = threading.Event()

    def hang(request: Any) -> None:
        may_end.wait(30)
        request.send_response(200)
        request.end_headers()

    site.answers = [hang, 200]
    before = counted("dropped")
    webhook = make_webhook()
    webhook.tell(make_drift_event(1, "a", opened=("a",)))
    site.wait_for_posts(1)

    for number in range(2, MOST_EVENTS + 12):
        webhook.tell(make_drift_event(number, "a"))
    webhook.tell(make_drift_event(200, "a", "b", opened=("b",)))
    may_end.set()

    assert counted("dropped") == before + 11
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == ["alert_events_dropped"]
    webhook.close()
    assert opened(site) == [["a"]]


def test_alarm_of_an_event_that_was_dropped_is_told_by_the_next(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent
) -> None:
    webhook = make_webhook()

    webhook.tell(make_drift_event(1))
    webhook.tell(make_drift_event(3, "a"))
    webhook.close()

    assert opened(site) == [["a"]]


def test_what_waits_is_told_when_its_time_has_come_though_no_event_comes(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent
) -> None:
    webhook = make_webhook(quiet_seconds=0.3)

    for number, names in enumerate((["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]), start=1):
        webhook.tell(make_drift_event(number, *names, opened=(names[-1],)))
    site.wait_for_posts(4)

    assert opened(site) == [["a"], ["b"], ["c"], ["d"]]


def test_what_waits_is_told_at_the_end(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent
) -> None:
    webhook = make_webhook(quiet_seconds=3600)

    for number, names in enumerate((["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]), start=1):
        webhook.tell(make_drift_event(number, *names, opened=(names[-1],)))
    webhook.close()

    assert opened(site) == [["a"], ["b"], ["c"], ["d"]]


def test_end_does_not_wait_between_tries(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent, caplog: pytest.LogCaptureFixture
) -> None:
    site.answers = [500]
    webhook = make_webhook(pauses_seconds=(3600.0, 3600.0))

    webhook.tell(make_drift_event(1, "a", opened=("a",)))
    site.wait_for_posts(1)
    webhook.close()

    assert len(site.posted) == 1
    assert [record.message for record in caplog.records] == ["alert_not_sent"]


def test_receiver_that_hangs_does_not_keep_the_process(
    make_webhook: Callable[..., Webhook], site: Site, make_drift_event: MakeEvent, caplog: pytest.LogCaptureFixture
) -> None:
    may_end = threading.Event()
    site.answers = [lambda _: may_end.wait(30)]
    webhook = make_webhook()

    webhook.tell(make_drift_event(1, "a", opened=("a",)))
    site.wait_for_posts(1)
    webhook.close(timeout_seconds=0.01)
    may_end.set()

    assert "alerts_left_untold" in [record.message for record in caplog.records]
    assert webhook._thread.daemon


def fail_naming(url: str) -> Callable[[bytes], None]:
    def post(_: bytes) -> None:
        raise ValueError(url)

    return post


def test_address_is_in_no_log_line_whatever_happens(
    make_webhook: Callable[..., Webhook],
    site: Site,
    make_drift_event: MakeEvent,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    site.answers = [302]
    broken = make_webhook()
    monkeypatch.setattr(broken._receiver, "post", fail_naming(site.url))

    for webhook in (make_webhook(), make_webhook(url=f"http://127.0.0.1:{port}/TOKEN"), broken):
        webhook.tell(make_drift_event(1, "a", opened=("a",)))
        webhook.close()

    lines = [json.dumps(record.__dict__, default=str) for record in caplog.records]
    assert [record.message for record in caplog.records] == ["alert_not_sent"] * 3
    assert [line for line in lines if "TOKEN" in line] == []
    assert "TOKEN" not in repr(broken)


def test_webhook_with_a_wrong_address_is_not_made() -> None:
    with pytest.raises(WebhookError, match="DRIFT_WEBHOOK_URL is no http or https address"):
        Webhook("hooks.example.com/TOKEN", body="slack", quiet_seconds=1)
