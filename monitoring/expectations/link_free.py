"""The project's own expectation: no text repeats an earlier one once links are gone."""

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.core.expect_column_values_to_be_unique import ExpectColumnValuesToBeUnique
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from models.data.dataset import link_free

_METRIC = "column_values.new_without_links"


class NewWithoutLinks(ColumnMapMetricProvider):
    """Tells which texts are the first of their kind; the metric that the expectation asks for by name."""

    condition_metric_name = _METRIC

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: "pd.Series[str]", **_: object) -> "pd.Series[bool]":  # noqa: N805  # GX makes it a classmethod
        return ~column.map(lambda text: link_free(str(text))).duplicated()


class ExpectColumnValuesToBeNewWithoutLinks(ExpectColumnValuesToBeUnique):
    """Expect that a text stands in no earlier row, links, case and punctuation aside; `mostly` as elsewhere."""

    map_metric = _METRIC
