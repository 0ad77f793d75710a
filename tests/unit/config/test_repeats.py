"""A library that says the same again and again is written once in a while, with the count of what was left out."""

import logging

import pytest

from config.repeats import MOST_MESSAGES, RepeatFilter
from tests.clock import Clock

SECONDS = 10.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def repeats(clock: Clock) -> RepeatFilter:
    return RepeatFilter(libraries=["aiokafka"], seconds=SECONDS, clock=clock)


def record(
    message: str, *arguments: object, name: str = "aiokafka.client", level: int = logging.ERROR
) -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, message, arguments, None)


def test_message_is_written_once_in_its_time_and_then_says_how_many_were_left_out(
    repeats: RepeatFilter, clock: Clock
) -> None:
    first, *others = [repeats.filter(record("node %s is away", 1)) for _ in range(100)]
    clock.now = SECONDS
    later = record("node %s is away", 1)

    assert (first, set(others), repeats.filter(later)) == (True, {False}, True)
    assert vars(later)["left_out"] == 99


def test_line_after_a_quiet_time_counts_nothing(repeats: RepeatFilter, clock: Clock) -> None:
    repeats.filter(record("away"))
    clock.now = SECONDS
    later = record("away")

    assert repeats.filter(later)
    assert "left_out" not in vars(later)


def test_count_begins_anew_with_each_line_that_is_written(repeats: RepeatFilter, clock: Clock) -> None:
    for _ in range(5):
        repeats.filter(record("away"))
    clock.now = SECONDS
    for _ in range(3):
        repeats.filter(record("away"))
    clock.now = 2 * SECONDS
    later = record("away")

    assert repeats.filter(later)
    assert vars(later)["left_out"] == 2


@pytest.mark.parametrize(
    "other",
    [
        record("node %s is away", 2),
        record("node %s is away", 1, level=logging.WARNING),
        record("node %s is away", 1, name="aiokafka.conn"),
    ],
    ids=["text", "level", "logger"],
)
def test_another_message_is_written_at_once(repeats: RepeatFilter, other: logging.LogRecord) -> None:
    repeats.filter(record("node %s is away", 1))

    assert repeats.filter(other)


@pytest.mark.parametrize("name", ["stream.worker.stall_restart", "aiokafkas", "root"])
def test_lines_of_others_are_all_written(repeats: RepeatFilter, name: str) -> None:
    assert all(repeats.filter(record("tweets_refused", name=name)) for _ in range(3))


def test_message_is_forgotten_when_very_many_others_came_after_it(repeats: RepeatFilter) -> None:
    for number in range(MOST_MESSAGES + 1):
        repeats.filter(record("node %s is away", number))

    assert repeats.filter(record("node %s is away", 0))
    assert not repeats.filter(record("node %s is away", MOST_MESSAGES))
