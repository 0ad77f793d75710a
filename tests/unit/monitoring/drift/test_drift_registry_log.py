"""Reports of drift on their way to the registry."""

import logging
import threading
from collections.abc import Callable, Mapping

import msgspec
import pytest

from models.errors import ModelNotFoundError
from models.records import ModelVersion
from monitoring.drift.records import DriftEvent
from monitoring.drift.reports.registry_log import WAITING_REPORTS, RegistryLog

Make = Callable[..., DriftEvent]


class Run:
    """Keeps what is logged; fails as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.logged: list[tuple[str, int, int, Mapping[str, float], Mapping[str, bytes]]] = []
        self.free = threading.Event()
        self.free.set()
        self.began = threading.Event()
        self._failures = list(failures)

    def __call__(
        self, version: str, *, step: int, time_ms: int, metrics: Mapping[str, float], files: Mapping[str, bytes]
    ) -> None:
        self.began.set()
        self.free.wait(10)
        if self._failures:
            raise self._failures.pop(0)
        self.logged.append((version, step, time_ms, metrics, files))


def test_report_of_drift_is_logged_with_scores_page_and_event(make_event: Make) -> None:
    run = Run()
    log = RegistryLog(run)

    log.put(make_event(3), "<html>")
    log.close(10)

    files = {
        "0a1b2c3d-00000003/report.html": b"<html>",
        "0a1b2c3d-00000003/event.json": msgspec.json.encode(make_event(3)),
    }
    assert run.logged == [("7", 3, 1_767_236_400_000, {"has_link": 2.0}, files)]


@pytest.mark.parametrize(
    "changed",
    [{"outcome": "quiet"}, {"outcome": "too_few"}, {"model": ModelVersion("tickertape", "pretrained-0a1b2c3d")}],
    ids=str,
)
def test_report_without_drift_or_of_the_shipped_model_is_not_logged(
    make_event: Make, changed: dict[str, object]
) -> None:
    run = Run()
    log = RegistryLog(run)

    log.put(make_event(1, **changed), "<html>")
    log.close(10)

    assert run.logged == []


def test_store_that_is_gone_is_told_once_and_again_after_it_came_back(
    make_event: Make, caplog: pytest.LogCaptureFixture
) -> None:
    gone = ModelNotFoundError("the model registry can't be used")
    run = Run(gone, gone)
    log = RegistryLog(run)

    with caplog.at_level(logging.WARNING):
        for number in range(1, 4):
            log.put(make_event(number), "<html>")
        log.close(10)

    told = [(record.getMessage(), record.__dict__["error"]) for record in caplog.records]
    assert told == [("drift_not_logged_to_registry", "the model registry can't be used")]
    assert [logged[1] for logged in run.logged] == [3]


def test_fault_of_the_store_client_ends_nothing(make_event: Make, caplog: pytest.LogCaptureFixture) -> None:
    run = Run(RuntimeError("unexpected"))
    log = RegistryLog(run)

    log.put(make_event(1), "<html>")
    log.put(make_event(2), "<html>")
    log.close(10)

    assert [logged[1] for logged in run.logged] == [2]
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_slow_store_holds_up_nobody_and_costs_no_more_memory_than_some_reports(
    make_event: Make, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run()
    run.free.clear()
    log = RegistryLog(run)
    log.put(make_event(1), "<html>")
    assert run.began.wait(10)

    for number in range(2, 20):
        log.put(make_event(number), "<html>")
    run.free.set()
    log.close(10)

    assert [logged[1] for logged in run.logged] == list(range(1, WAITING_REPORTS + 2))
    assert [record.__dict__["error"] for record in caplog.records] == ["4 reports wait already"]
