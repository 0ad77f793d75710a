import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from models.records import ClassifiedTweet, ModelVersion
from models.taxonomy import Label, Sentiment
from monitoring.drift.records import Cause, DriftEvent, Kind, Span
from tickertape import main

Data = Callable[..., int]


@pytest.fixture
def make_classified() -> Callable[..., ClassifiedTweet]:
    def make(**overrides: object) -> ClassifiedTweet:
        tweet = ClassifiedTweet(
            id="1",
            text="$TSLA up 4%",
            created_at="2026-01-01T00:00:00Z",
            tickers=("TSLA",),
            label=Label.STOCK_MOVEMENT,
            label_score=0.75,
            labels={Label.STOCK_MOVEMENT: 0.75},
            sentiment=Sentiment.BULLISH,
            sentiment_score=0.5,
            answered_by="batch",
            sentiment_answered_by="batch",
            opinions={},
            model=ModelVersion("tickertape", "1"),
            classified_at="2026-01-01T00:00:00.000Z",
        )
        return msgspec.structs.replace(tweet, **overrides)

    return make


@pytest.fixture
def make_event() -> Callable[..., DriftEvent]:
    """Build the event of a window, with a report of its number."""

    def make(number: int = 1, **overrides: object) -> DriftEvent:
        event = DriftEvent(
            window=Span(
                number, 500, 5000, 2, {"0": 10}, {"0": 510}, 0, "2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z"
            ),
            reference="0a1b2c3d",
            model=ModelVersion("tickertape", "7"),
            outcome="drift",
            kinds=(Kind.DATA,),
            scores={"has_link": 2.0},
            causes=(Cause(Kind.DATA, "has_link", "yes", "short", 0.25, 0.75, 2.0),),
            opened=("has_link=yes",),
            closed=(),
            open={"has_link=yes": number},
            report=f"0a1b2c3d-{number:08}",
            replay="tickertape drift report --from 0:10 --to 0:510",
            time=f"2026-01-01T{number % 24:02}:00:00.000Z",
        )
        return msgspec.structs.replace(event, **overrides)

    return make


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Run an action on the project in the test's own folder."""
    return lambda action, *words: main(["data", action, "--project", str(tmp_path), *map(str, words)])


@pytest.fixture
def project(data: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A project with its own suites alone."""
    assert data("init", "--data-dir", tmp_path / "nowhere") == 0
    capsys.readouterr()
    return tmp_path / "gx"


@pytest.fixture
def checked(data: Data, tmp_path: Path, project: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., int]:
    """Write a file, add it with a checkpoint, and run that."""
    del project

    def run(name: str, content: bytes, suite: str) -> int:
        (tmp_path / name).write_bytes(content)
        assert data("source", "it", tmp_path / name) == 0
        assert data("checkpoint", "it", "--source", "it", "--suite", suite) == 0
        capsys.readouterr()
        return data("run", "it", "--json")

    return run


@pytest.fixture
def failures() -> Callable[[str], dict[str, list[int]]]:
    """Give what broke, and the rows that broke it, from what `run --json` printed."""

    def read(printed: str) -> dict[str, list[int]]:
        outcomes = json.loads(printed)["outcomes"]
        return {outcome["expectation"]: outcome["rows"] for outcome in outcomes if not outcome["success"]}

    return read
