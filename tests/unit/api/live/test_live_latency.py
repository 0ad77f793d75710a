from collections.abc import Callable
from typing import Any

import pytest

from api.live.latency import answered_at, latencies_of, measured

Make = Callable[..., Any]
NOW = 1_767_225_600.0


def test_answers_tell_the_places_of_their_inputs(make_answer: Make) -> None:
    answers = [make_answer(at=NOW, ce_id="raw-3-17"), make_answer(at=NOW + 1, ce_id="raw-3-18")]

    assert answered_at(answers, "raw") == {(3, 17): 1_767_225_600_000, (3, 18): 1_767_225_601_000}


@pytest.mark.parametrize(
    "ce_id",
    ["", "other-3-17", "x-raw-3-17", "raw-3", "raw-3-", "raw--3-17", "raw-3-17-2", "raw-3-" + "9" * 99, "raw-\u00b2-1"],
)
def test_an_id_that_names_no_input_is_passed_over(make_answer: Make, ce_id: str) -> None:
    assert answered_at([make_answer(ce_id=ce_id)], "raw") == {}


def test_a_repeat_does_not_replace_the_first_answer(make_answer: Make) -> None:
    answers = [make_answer(at=NOW, ce_id="raw-0-1"), make_answer(at=NOW + 9, ce_id="raw-0-1")]

    assert answered_at(answers, "raw") == {(0, 1): 1_767_225_600_000}


def test_latencies_are_of_inputs_that_were_answered_and_none_is_below_0(make_told: Make) -> None:
    inputs = [make_told(at=NOW), make_told(at=NOW + 5), make_told(at=NOW)]
    inputs[1].offset, inputs[2].offset = 1, 2
    ms = int(NOW * 1000)

    assert latencies_of({(0, 0): ms + 3, (0, 1): ms + 7, (1, 2): ms}, inputs, 0) == [3.0, 0.0]


def test_an_input_without_a_time_has_no_latency(make_told: Make) -> None:
    record = make_told()
    record.timestamp = -1

    assert latencies_of({(0, 0): 5}, [record], 0) == []


async def test_inputs_are_read_from_the_first_that_was_answered(log: Any, make_answer: Make, make_told: Make) -> None:
    log.add("raw", 1, *(make_told(at=NOW + number) for number in range(9)))
    answers = [make_answer(at=NOW + 10, ce_id=f"raw-1-{offset}") for offset in (6, 4)]

    assert await measured(log, answers, "raw") == [6_000.0, 4_000.0]
    assert [offset for _, offset, _ in log.fetched] == [4]


async def test_a_partition_that_there_is_not_is_not_asked_for(log: Any, make_answer: Make, make_told: Make) -> None:
    log.add("raw", 0, make_told())

    assert await measured(log, [make_answer(ce_id="raw-5-0")], "raw") == []
    assert log.fetched == []
