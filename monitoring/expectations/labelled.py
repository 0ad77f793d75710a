"""Test one file of labelled tweets without a project: nothing is kept."""

from pathlib import Path

import great_expectations as gx
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from monitoring.data_tests.limits import Kind
from monitoring.data_tests.outcomes import Outcome
from monitoring.expectations.running import add_checkpoint, run_checkpoint
from monitoring.expectations.sources import add_source
from monitoring.expectations.suites import labelled_suite


def validate(path: Path, kind: Kind) -> list[Outcome]:
    """Test a file of labelled tweets against the suite of its kind.

    Returns:
        One outcome for each expectation, in a fixed order.

    Raises:
        DataNotFoundError: no such file, or it can't be read.
        DataError: it is not what its name says.
    """
    context = _quiet_context()
    source, suite = add_source(context, "labelled", path), context.suites.add(labelled_suite(kind))
    return run_checkpoint(add_checkpoint(context, "labelled", source=source, suite=suite))


def _quiet_context() -> EphemeralDataContext:
    # Built here, so that no file, no environment variable and no folder of a user's own project has a say in it.
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)
