"""What happens where Kafka goes away, and where it never was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from models.errors import BrokerError, DriftError
from stream.drift import session


class EndError(Exception):
    """Ends the watch, as Ctrl-C does."""


class Sessions:
    """What each session comes to: an error when it is opened, or those of its steps."""

    def __init__(self, *sessions: list[Exception | None] | Exception) -> None:
        self._sessions = iter(sessions)
        self.pauses: list[float] = []
        self.now = 0.0

    @contextmanager
    def opened(self, *_: Any) -> Iterator["Steps"]:
        found = next(self._sessions)
        if isinstance(found, Exception):
            raise found
        yield Steps(found, self)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(session, "opened", self.opened)
        nothing: Any = None
        session.watch_without_end(nothing, nothing, clock=lambda: self.now, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Steps:
    """A watch whose steps take a second each, and do nothing or fail."""

    def __init__(self, errors: list[Exception | None], sessions: Sessions) -> None:
        self._errors, self._sessions = iter(errors), sessions

    def step(self) -> None:
        self._sessions.now += 1
        if (error := next(self._errors)) is not None:
            raise error


def test_no_kafka_at_the_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BrokerError, match="none answers"):
        Sessions(BrokerError("none answers")).watch(monkeypatch)


def test_kafka_that_goes_away_is_waited_for_and_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    away = [BrokerError("away")] * 7
    sessions = Sessions([None, KafkaTimeoutError("gone")], *away, [None, EndError()])

    with pytest.raises(EndError):
        sessions.watch(monkeypatch)

    assert [record.message for record in caplog.records] == ["kafka_lost", "kafka_found_again"]
    assert sessions.pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_trouble_that_comes_again_soon_is_waited_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = KafkaTimeoutError("gone")
    sessions = Sessions([gone], [None, gone], [None] * 10 + [gone], [None] * 100 + [gone], [EndError()])

    with pytest.raises(EndError):
        sessions.watch(monkeypatch)

    assert sessions.pauses == [1, 2, 4, 1]


def test_second_process_is_no_trouble_with_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DriftError, match="another"):
        Sessions([DriftError("another drift process")]).watch(monkeypatch)
