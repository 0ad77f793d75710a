"""Faults on purpose: trials on a real Kafka, and the table of what each fault cost."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.figures import Figures, table
from tests.faults.trial import Trial
from tests.integration.conftest import (  # noqa: F401  # fixtures
    cluster,
    free_port,
    kafka_servers,
    make_free_port,
    start_worker,
    topic_prefix,
)

REPORT_VARIABLE = "TICKERTAPE_FAULTS_REPORT"
FIGURES = pytest.StashKey[list[Figures]]()


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Callable[[Figures], None]:
    """Keep the figures of a fault for the table at the end of the run, and for the file that the environment names."""

    def keep(figures: Figures) -> None:
        request.config.stash.setdefault(FIGURES, []).append(figures)
        if path := os.environ.get(REPORT_VARIABLE):
            with Path(path).open("a") as report:
                report.write(f"{figures.line()}\n")

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if figures := config.stash.get(FIGURES, []):
        terminalreporter.section("what faults cost")
        terminalreporter.write("\n".join([*table(figures), ""]))


@pytest.fixture(params=["at_least_once", pytest.param("exactly_once", marks=pytest.mark.slow)])
def delivery(request: pytest.FixtureRequest) -> str:
    """What the workers of a trial promise; each fault is done to both."""
    return str(request.param)


@pytest.fixture
def make_trial(tmp_path: Path, topic_prefix: str, delivery: str) -> Iterator[Callable[..., Trial]]:  # noqa: F811
    """Begin a trial on a broker; its workers end with the test."""
    trials: list[Trial] = []

    def make(servers: str, **options: object) -> Trial:
        trials.append(Trial(servers, tmp_path, prefix=topic_prefix, delivery=delivery, **options))  # type: ignore[arg-type]  # as Trial says
        return trials[-1]

    yield make
    for trial in trials:
        trial.close()


@pytest.fixture
def trial(make_trial: Callable[..., Trial], kafka_servers: str) -> Trial:  # noqa: F811
    """Begin a trial on the broker of the run, which no fault reaches."""
    return make_trial(kafka_servers)
