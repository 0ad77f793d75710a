"""Run a checkpoint: one source against one suite, and what became of each expectation."""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from great_expectations.checkpoint import Checkpoint
from great_expectations.core import ExpectationSuite, ExpectationValidationResult, ValidationDefinition
from great_expectations.data_context import AbstractDataContext

from monitoring.data_tests.frames import reading
from monitoring.data_tests.outcomes import EXAMPLE_ROWS, Outcome
from monitoring.expectations.sources import Source, frame_parameters, path_of

# What is kept and shown names rows, never values: those are tweets.
_RESULT_FORMAT = {"result_format": "SUMMARY", "exclude_unexpected_values": True}
_HALF = 0.5
_COLUMN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,30}")


def add_checkpoint(context: AbstractDataContext, name: str, *, source: Source, suite: ExpectationSuite) -> Checkpoint:
    """Add a checkpoint under a name that is new to the project; source and suite are in it already."""
    definition = context.validation_definitions.add(ValidationDefinition(name=name, data=source, suite=suite))
    return context.checkpoints.add(
        Checkpoint(name=name, validation_definitions=[definition], result_format=_RESULT_FORMAT)
    )


def run_checkpoint(checkpoint: Checkpoint) -> list[Outcome]:
    """Test the checkpoint's source.

    Returns:
        One outcome for each expectation, in the suite's order.

    Raises:
        DataNotFoundError: the file is gone or can't be read.
        DataError: the file is not what its name says.
    """
    (definition,) = checkpoint.validation_definitions
    if not all(expectation.id for expectation in definition.suite.expectations):
        definition.suite.save()  # gives an id to each that somebody wrote, by which its result is found
    with reading(path_of(definition.data)):
        results = checkpoint.run(batch_parameters=frame_parameters(definition.data)).run_results
    by_id = {_configuration(result).id: result for run in results.values() for result in run.results}
    return [_outcome(by_id[expectation.id]) for expectation in definition.suite.expectations]


def _outcome(result: ExpectationValidationResult) -> Outcome:
    configuration = _configuration(result)
    sentence = configuration.description or _sentence(configuration.type, configuration.kwargs)
    # Where most rows may break it, naming five of them says nothing.
    names_rows = not result.success and configuration.kwargs.get("mostly", 1) >= _HALF
    rows = result.result.get("partial_unexpected_index_list") or [] if names_rows else []
    return Outcome(
        sentence,
        bool(result.success),
        _seen(configuration.kwargs, result),
        tuple(int(row) + 1 for row in islice(rows, EXAMPLE_ROWS)),
    )


def _configuration(result: ExpectationValidationResult) -> Any:  # noqa: ANN401  # None by its type, which no result of a run has
    return result.expectation_config


def _sentence(kind: str, kwargs: Mapping[str, object]) -> str:
    """Describe an expectation that somebody wrote without a description; values from the data stay out of it."""
    told = {key: value for key, value in kwargs.items() if key == "column" or isinstance(value, int | float)}
    return " ".join([kind, *(f"{key}={value}" for key, value in told.items())])


def _seen(kwargs: Mapping[str, Any], result: ExpectationValidationResult) -> str:
    """Say what was found; Great Expectations' own words may quote a tweet, so these are ours."""
    if _raised(result):
        column = kwargs.get("column")
        return f"the column {column} is missing, or holds what can't be tested so" if column else "it can't be tested"
    details: Mapping[str, Any] = result.result
    if "element_count" in details:
        count, rows = details["unexpected_count"], details["element_count"]
        if kwargs.get("mostly", 1) < _HALF:
            return f"{rows - count:,} of {rows:,} rows fulfil it"
        return f"{count:,} of {rows:,} rows break it"
    observed = details.get("observed_value")
    if isinstance(observed, int | float):
        return f"{observed:,}"
    if isinstance(observed, list) and "column" not in kwargs:  # else they are values
        return ",".join(map(_column_name, islice(observed, EXAMPLE_ROWS)))
    return "as expected" if result.success else "something else"


def _raised(result: ExpectationValidationResult) -> bool:
    information = result.exception_info or {}  # of one metric, or of several by their ids
    return any(
        entry.get("raised_exception", False)
        for entry in (information, *(value for value in information.values() if isinstance(value, dict)))
    )


def _column_name(name: object) -> str:
    # A file without a header has a tweet in its place.
    return str(name) if _COLUMN_NAME.fullmatch(str(name)) else "?"
