"""Suites that somebody makes: by hand, by answering questions, or from a profile of the data."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.core import ExpectationSuite
from great_expectations.expectations.expectation import Expectation

from monitoring.data_tests.frames import reading
from monitoring.expectations.sources import Source, frame_parameters, path_of

Ask = Callable[[str], str]

MAX_VALUES = 25  # more different values are no closed set
_ROWS_PER_VALUE = 4  # fewer rows for each value say nothing about a set
MAX_VALUE_CHARACTERS = 60  # the longest value that a suite keeps; a longer one is a text


@dataclass(frozen=True)
class Choice:
    """An expectation that can be asked for.

    Attributes:
        name: what stands in the list.
        questions: asked one after the other.
        build: makes it from the column and the answers; ValueError says that an answer doesn't fit.
    """

    name: str
    questions: tuple[str, ...]
    build: Callable[..., Expectation]


def _lengths(column: str, fewest: str, most: str) -> Expectation:
    return gxe.ExpectColumnValueLengthsToBeBetween(column=column, min_value=int(fewest), max_value=int(most))


def _numbers(column: str, least: str, greatest: str) -> Expectation:
    return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=float(least), max_value=float(greatest))


def _one_of(column: str, values: str) -> Expectation:
    return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[value.strip() for value in values.split(",")])


def _pattern(column: str, pattern: str) -> Expectation:
    try:
        re.compile(pattern)
    except re.error as exc:
        raise ValueError(pattern) from exc
    return gxe.ExpectColumnValuesToMatchRegex(column=column, regex=pattern)


CHOICES: tuple[Choice, ...] = (
    Choice("no value is missing", (), lambda column: gxe.ExpectColumnValuesToNotBeNull(column=column)),
    Choice("no value stands twice", (), lambda column: gxe.ExpectColumnValuesToBeUnique(column=column)),
    Choice("lengths lie between", ("fewest characters", "most characters"), _lengths),
    Choice("numbers lie between", ("least", "greatest"), _numbers),
    Choice("values are one of", ("values, with commas between",), _one_of),
    Choice("values match a pattern", ("regular expression",), _pattern),
)


def template_suite(name: str) -> ExpectationSuite:
    """Build a suite of one expectation, for an editor."""
    return ExpectationSuite(
        name=name, expectations=[gxe.ExpectTableRowCountToBeBetween(min_value=1, description="there are rows")]
    )


def asked_suite(name: str, source: Source, ask: Ask) -> ExpectationSuite:
    """Build a suite from answers.

    Args:
        name: of the suite.
        source: whose columns can be chosen.
        ask: shows a question and gives the answer; an empty one where a column is asked for ends the suite. Answers
            that do not fit are asked for again.
    """
    columns = [str(column) for column in _frame(source).columns]
    return ExpectationSuite(name=name, expectations=list(_asked(columns, ask)))


def profiled_suite(name: str, source: Source) -> ExpectationSuite:
    """Build a suite that the source's data fulfil as they are, for a look and a change by hand.

    Column names and order; between half and twice as many rows; of each column the share of missing values, and its
    range of numbers, its set of values (at most `MAX_VALUES`), or its range of lengths.
    """
    frame = _frame(source)
    rows = len(frame)
    expectations: list[Expectation] = [
        gxe.ExpectTableColumnsToMatchOrderedList(column_list=[str(column) for column in frame.columns]),
        gxe.ExpectTableRowCountToBeBetween(min_value=rows // 2, max_value=rows * 2),
    ]
    for column in frame.columns:
        expectations.extend(_profiled(str(column), frame[column]))
    return ExpectationSuite(name=name, expectations=expectations)


def _profiled(column: str, values: "pd.Series[str]") -> Iterator[Expectation]:
    known = values.dropna()
    if known.empty:
        return
    share = math.floor(100 * len(known) / len(values)) / 100
    yield gxe.ExpectColumnValuesToNotBeNull(column=column, mostly=share)
    if pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known):
        yield gxe.ExpectColumnValuesToBeBetween(
            column=column, min_value=float(known.min()), max_value=float(known.max())
        )
    elif all(isinstance(value, str) for value in known):
        different = sorted(set(known))
        is_closed = len(different) <= min(MAX_VALUES, len(known) / _ROWS_PER_VALUE)
        if is_closed and max(map(len, different)) <= MAX_VALUE_CHARACTERS:
            yield gxe.ExpectColumnValuesToBeInSet(column=column, value_set=different)
        else:
            lengths = known.map(len)
            yield gxe.ExpectColumnValueLengthsToBeBetween(
                column=column, min_value=int(lengths.min()), max_value=int(lengths.max())
            )


def _asked(columns: Sequence[str], ask: Ask) -> Iterator[Expectation]:
    names = [choice.name for choice in CHOICES]
    while (column := _picked("column", columns, ask)) is not None:
        while (number := _picked("expectation", names, ask)) is not None:
            choice = CHOICES[number]
            try:
                yield choice.build(columns[column], *[ask(f"{question}: ") for question in choice.questions])
                break
            except ValueError:
                continue  # an answer that is no number, or a pattern that is none: the list is shown again


def _picked(what: str, names: Sequence[str], ask: Ask) -> int | None:
    """Ask for one of the names by its number until there is one; None for an empty answer."""
    listed = "".join(f"  {number} {name}\n" for number, name in enumerate(names, start=1))
    while answer := ask(f"{listed}{what}, 1 to {len(names)} (empty: done): ").strip():
        if answer.isdecimal() and 1 <= int(answer) <= len(names):
            return int(answer) - 1
    return None


def _frame(source: Source) -> pd.DataFrame:
    with reading(path_of(source)):
        batch = source.get_batch(batch_parameters=frame_parameters(source))
    return cast("pd.DataFrame", batch.data.dataframe)  # type: ignore[attr-defined]  # of pandas, as all sources are
