"""What training expects of labelled tweets, as Great Expectations suites built in code; its only importer."""

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

import great_expectations as gx
import pandas as pd
from great_expectations.core import ExpectationSuite, ExpectationValidationResult
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.core.expect_column_proportion_of_unique_values_to_be_between import (
    ExpectColumnProportionOfUniqueValuesToBeBetween,
)
from great_expectations.expectations.core.expect_column_value_lengths_to_be_between import (
    ExpectColumnValueLengthsToBeBetween,
)
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_match_regex import ExpectColumnValuesToMatchRegex
from great_expectations.expectations.core.expect_column_values_to_not_be_null import ExpectColumnValuesToNotBeNull
from great_expectations.expectations.core.expect_table_columns_to_match_ordered_list import (
    ExpectTableColumnsToMatchOrderedList,
)
from great_expectations.expectations.core.expect_table_row_count_to_be_between import ExpectTableRowCountToBeBetween
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from models.dataset import link_free
from models.errors import DataError, DataNotFoundError
from models.tweets import MAX_TEXT_CHARACTERS
from monitoring.limits import LIMITS, Kind, Limits

COLUMNS = ["text", "label"]
EXAMPLE_ROWS = 5  # enough to find the fault, few enough for one line
_DERIVED_FROM = {"link_free": "text", "share": "label"}
_COLUMN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,30}")


@dataclass(frozen=True)
class Outcome:
    """What became of one expectation.

    Attributes:
        expectation: the sentence that should be true.
        success: whether it is.
        seen: what was found instead, or beside it; never the text of a tweet.
        rows: up to `EXAMPLE_ROWS` rows that break it; 1 is the first row after the header.
    """

    expectation: str
    success: bool
    seen: str
    rows: tuple[int, ...] = ()


def validate(path: Path, kind: Kind) -> list[Outcome]:
    """Test a CSV file of labelled tweets.

    Returns:
        One outcome for each expectation, in a fixed order.

    Raises:
        DataNotFoundError: no such file, or it can't be read.
        DataError: it is not CSV in UTF-8 with a header.
    """
    limits = LIMITS[kind]
    tweets = _read(path)
    context = _quiet_context()
    source = context.data_sources.add_pandas("labelled")
    outcomes = []
    for name, frame, suite in _suites(tweets, limits):
        batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
        results = batch.get_batch(batch_parameters={"dataframe": frame}).validate(suite, result_format="SUMMARY")
        outcomes.extend(_outcomes(suite, results.results, frame, limits))
    return outcomes


def _suites(tweets: pd.DataFrame, limits: Limits) -> Iterator[tuple[str, pd.DataFrame, ExpectationSuite]]:
    yield "tweets", tweets, tweets_suite(limits)
    yield "link_free", _without_links(tweets), duplicates_suite(limits)
    yield "classes", _class_shares(tweets, limits), classes_suite(limits)


def tweets_suite(limits: Limits) -> ExpectationSuite:
    """Build what is expected of the rows as they are in the file."""
    last = len(limits.classes) - 1
    return _suite(
        "tweets",
        {
            "the columns are text,label": ExpectTableColumnsToMatchOrderedList(column_list=COLUMNS),
            "there are rows": ExpectTableRowCountToBeBetween(min_value=1),
            "no text is missing": ExpectColumnValuesToNotBeNull(column="text"),
            "no label is missing": ExpectColumnValuesToNotBeNull(column="label"),
            "each text has more than spaces": ExpectColumnValuesToMatchRegex(column="text", regex=r"\S"),
            f"each text has 1 to {MAX_TEXT_CHARACTERS:,} characters": ExpectColumnValueLengthsToBeBetween(
                column="text", min_value=1, max_value=MAX_TEXT_CHARACTERS
            ),
            f"each label is one of 0 to {last}": ExpectColumnValuesToBeInSet(
                column="label", value_set=[str(number) for number in range(last + 1)]
            ),
        },
    )


def duplicates_suite(limits: Limits) -> ExpectationSuite:
    """Build what is expected of the texts once links are gone."""
    return _suite(
        "duplicates",
        {
            f"at most {limits.duplicate_share:.0%} of the texts repeat another": (
                ExpectColumnProportionOfUniqueValuesToBeBetween(
                    column="link_free", min_value=1 - limits.duplicate_share
                )
            )
        },
    )


def classes_suite(limits: Limits) -> ExpectationSuite:
    """Build what is expected of the classes' shares of the rows."""
    return _suite(
        "classes",
        {
            f"each class has at least {limits.class_share:.1%} of the rows": ExpectColumnValuesToBeBetween(
                column="share", min_value=limits.class_share
            )
        },
    )


def _suite(name: str, expectations: Mapping[str, Expectation]) -> ExpectationSuite:
    for sentence, expectation in expectations.items():
        expectation.meta = {"sentence": sentence}
    return ExpectationSuite(name=name, expectations=list(expectations.values()))


def _quiet_context() -> EphemeralDataContext:
    # Built here, so that no file, no environment variable and no folder of a user's own project has a say in it.
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _read(path: Path) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows with more fields than the header
            # All as text: 1.0 and 01 are no label ids, and "NA" and "null" are words that a tweet may hold.
            return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], index_col=False)
    except FileNotFoundError as exc:
        raise DataNotFoundError(f"{path} is not there: give a CSV file, or run `tickertape fetch-data`") from exc
    except OSError as exc:
        raise DataNotFoundError(f"{path} can't be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise DataError(f"{path} is not UTF-8: byte {exc.object[exc.start]:#04x}") from exc
    except pd.errors.EmptyDataError as exc:
        raise DataError(f"{path} is empty: expected the header {','.join(COLUMNS)}") from exc
    except (pd.errors.ParserError, pd.errors.ParserWarning) as exc:
        raise DataError(f"{path} is not CSV: {exc}") from exc


def _without_links(tweets: pd.DataFrame) -> pd.DataFrame:
    if "text" not in tweets:
        return tweets
    return pd.DataFrame({"link_free": tweets["text"].dropna().map(link_free)})


def _class_shares(tweets: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    if "label" not in tweets:
        return tweets
    counts = tweets["label"].value_counts()
    ids = [str(number) for number in range(len(limits.classes))]
    return pd.DataFrame({"share": counts.reindex(ids, fill_value=0) / max(len(tweets), 1)}).reset_index(drop=True)


def _outcomes(
    suite: ExpectationSuite, results: Sequence[ExpectationValidationResult], frame: pd.DataFrame, limits: Limits
) -> list[Outcome]:
    """Bring the results, which come in any order, into the suite's order."""
    unordered = {}
    for result in results:
        configuration = cast("ExpectationConfiguration", result.expectation_config)  # a result of ours has one
        seen, rows = _seen(configuration.kwargs.get("column"), result, frame, limits)
        sentence = _sentence(configuration.meta)
        unordered[sentence] = Outcome(sentence, bool(result.success), seen, () if result.success else rows)
    return [unordered[_sentence(expectation.meta)] for expectation in suite.expectations]


def _sentence(meta: dict[str, str] | None) -> str:
    return (meta or {})["sentence"]


def _seen(
    column: str | None, result: ExpectationValidationResult, frame: pd.DataFrame, limits: Limits
) -> tuple[str, tuple[int, ...]]:
    """Say what was found, and in which rows; Great Expectations' own words may quote a tweet, so these are ours."""
    if column is None:
        return f"{len(frame):,} rows of {_column_names(frame)}", ()
    if column not in frame:
        return f"the column {_DERIVED_FROM.get(column, column)} is missing", ()
    if column == "link_free":
        repeated = frame[frame["link_free"].duplicated()].index
        return f"{len(repeated) / max(len(frame), 1):.1%} of {len(frame):,}", _rows(repeated)
    if column == "share":
        index = int(frame["share"].argmin())
        return f"fewest: {limits.classes[index]}, {frame['share'].iloc[index]:.2%}", ()
    count = result.result["unexpected_count"]
    return f"{count:,} of {len(frame):,} rows break it", _rows(result.result["partial_unexpected_index_list"])


def _rows(index: Iterable[int]) -> tuple[int, ...]:
    return tuple(int(position) + 1 for position in islice(index, EXAMPLE_ROWS))


def _column_names(frame: pd.DataFrame) -> str:
    # A file without a header has a tweet in its place.
    return ",".join(name if _COLUMN_NAME.fullmatch(name) else "?" for name in map(str, frame.columns[:EXAMPLE_ROWS]))
