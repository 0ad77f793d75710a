import asyncio
import logging

import pytest

from stream.worker.refusals import RefusalLog

logger = logging.getLogger(__name__)


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, int]]:
    """Give the counts of each line."""
    names = ("invalid_json", "empty_text")
    assert {record.getMessage() for record in caplog.records} <= {"tweets_refused"}
    return [{name: vars(record)[name] for name in names if name in vars(record)} for record in caplog.records]


async def test_ten_thousand_refusals_in_a_moment_are_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with RefusalLog(logger, "tweets_refused", seconds=0.01) as refusals:
        for _ in range(10_000):
            refusals.add({"invalid_json": 1})
        async with asyncio.timeout(10):
            while not caplog.records:  # noqa: ASYNC110 -- what is waited for is a log line
                await asyncio.sleep(0.001)

    assert lines(caplog) == [{"invalid_json": 10_000}]


async def test_later_refusals_have_a_line_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    with RefusalLog(logger, "tweets_refused", seconds=60) as refusals:
        refusals.add({"invalid_json": 1})
        refusals.tell()
        refusals.add({"invalid_json": 2})
        refusals.add({"empty_text": 3})

    assert lines(caplog) == [{"invalid_json": 1}, {"invalid_json": 2, "empty_text": 3}]


async def test_what_is_left_is_logged_at_the_end_even_of_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        with RefusalLog(logger, "tweets_refused", seconds=60) as refusals:
            refusals.add({"empty_text": 1})
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        fail()
    assert lines(caplog) == [{"empty_text": 1}]


async def test_nothing_refused_is_no_line(caplog: pytest.LogCaptureFixture) -> None:
    with RefusalLog(logger, "tweets_refused", seconds=60) as refusals:
        refusals.add({})

    assert lines(caplog) == []
