"""A project of Great Expectations in a folder: its suites, sources, checkpoints and pages."""

import json
import logging
from pathlib import Path

import great_expectations as gx
from great_expectations.checkpoint import Checkpoint
from great_expectations.core import ExpectationSuite
from great_expectations.data_context import FileDataContext
from great_expectations.exceptions import GreatExpectationsError
from marshmallow import ValidationError

from models.errors import DataError
from monitoring.data_tests.outcomes import Outcome
from monitoring.expectations.pages import FIRST_PAGE, finish_pages
from monitoring.expectations.running import add_checkpoint, run_checkpoint
from monitoring.expectations.sources import Source, add_source, get_source
from monitoring.expectations.suites import SUITES

FOLDER = "gx"  # what Great Expectations calls it
# What Great Expectations raises of files that somebody edited.
_BROKEN = (GreatExpectationsError, ValidationError, ValueError, KeyError, TypeError)
_SETTINGS = "great_expectations.yml"
# Great Expectations writes one that allows analytics, and links to its own site, when it finds none.
_FIRST_SETTINGS = """\
config_version: 4.0
analytics_enabled: false
plugins_directory: plugins/
progress_bars:
  globally: false
stores:
  expectations_store:
    class_name: ExpectationsStore
    store_backend: {class_name: TupleFilesystemStoreBackend, base_directory: expectations/}
  validation_results_store:
    class_name: ValidationResultsStore
    store_backend: {class_name: TupleFilesystemStoreBackend, base_directory: uncommitted/validations/}
  checkpoint_store:
    class_name: CheckpointStore
    store_backend: {class_name: TupleFilesystemStoreBackend, base_directory: checkpoints/}
  validation_definition_store:
    class_name: ValidationDefinitionStore
    store_backend: {class_name: TupleFilesystemStoreBackend, base_directory: validation_definitions/}
expectations_store_name: expectations_store
validation_results_store_name: validation_results_store
checkpoint_store_name: checkpoint_store
data_docs_sites:
  local_site:
    class_name: SiteBuilder
    show_how_to_buttons: false
    store_backend: {class_name: TupleFilesystemStoreBackend, base_directory: uncommitted/data_docs/}
    site_index_builder: {class_name: DefaultSiteIndexBuilder}
"""


class Project:
    """The suites, sources and checkpoints that a folder keeps; every change is on disk when its call returns."""

    def __init__(self, context: FileDataContext, folder: Path) -> None:
        """Keep the open context and its folder."""
        self._context = context
        self._folder = folder

    def put_suites(self) -> list[str]:
        """Write the suites that the code builds, over those of the same names; return the names."""
        for build in SUITES.values():
            self._context.suites.add_or_update(build())
        return list(SUITES)

    def add_source(self, name: str, path: Path) -> None:
        """Add a file under a new name."""
        self._refuse_known("source", name, self.sources())
        add_source(self._context, name, path)

    def add_suite(self, suite: ExpectationSuite) -> Path:
        """Add a suite of a new name; return the file that holds it."""
        self._refuse_known("suite", suite.name, self.suites())
        self._context.suites.add(suite)
        return self._suite_file(suite.name)

    def add_checkpoint(self, name: str, *, source: str, suite: str) -> None:
        """Add the test of one source against one suite under a new name."""
        self._refuse_known("checkpoint", name, self.checkpoints())
        add_checkpoint(self._context, name, source=self.source(source), suite=self._suite(suite))

    def source(self, name: str) -> Source:
        """Give a source by its name."""
        self._require_known("source", name, self.sources())
        return get_source(self._context, name)

    def run(self, name: str) -> list[Outcome]:
        """Run a checkpoint and keep its result for the pages."""
        self._require_known("checkpoint", name, self.checkpoints())
        return run_checkpoint(self._checkpoint(name))

    def build_pages(self) -> Path:
        """Write the suites and all results as HTML; return the first page."""
        for name in self.suites():
            self._suite(name)
        self._context.build_data_docs()
        pages = self._folder / "uncommitted" / "data_docs"
        finish_pages(pages, self._folder / "uncommitted" / "validations")
        return pages / FIRST_PAGE

    def sources(self) -> list[str]:
        """List the names of the sources."""
        return sorted(self._context.data_sources.all())

    def suites(self) -> list[str]:
        """List the names of the suites."""
        return sorted(path.stem for path in (self._folder / "expectations").glob("*.json"))

    def checkpoints(self) -> list[str]:
        """List the names of the checkpoints."""
        return sorted(path.stem for path in (self._folder / "checkpoints").glob("*.json"))

    def _suite(self, name: str) -> ExpectationSuite:
        self._require_known("suite", name, self.suites())
        path = self._suite_file(name)
        try:
            suite = self._context.suites.get(name)
            written = len(json.loads(path.read_bytes())["expectations"])
        except _BROKEN as exc:
            raise DataError(f"{path} is no suite ({type(exc).__name__}): correct what was edited in it") from exc
        if len(suite.expectations) != written:  # Great Expectations goes on without those that it does not know
            raise DataError(
                f"{path} has {written} expectations, {len(suite.expectations)} can be used: correct the others"
            )
        return suite

    def _checkpoint(self, name: str) -> Checkpoint:
        try:
            checkpoint = self._context.checkpoints.get(name)
            used = [definition.suite.name for definition in checkpoint.validation_definitions]
        except _BROKEN as exc:
            raise DataError(
                f"checkpoint {name} can't be read ({type(exc).__name__}): correct the files in {self._folder} that were "
                "edited, its suite first"
            ) from exc
        for suite in used:
            self._suite(suite)
        return checkpoint

    def _suite_file(self, name: str) -> Path:
        return self._folder / "expectations" / f"{name}.json"

    def _require_known(self, kind: str, name: str, known: list[str]) -> None:
        if name not in known:
            raise DataError(f"{self._folder} has no {kind} {name}; it has {', '.join(known) or 'none'}")

    def _refuse_known(self, kind: str, name: str, known: list[str]) -> None:
        if name in known:
            raise DataError(f"{self._folder} has a {kind} {name} already: choose another name")


def init_project(root: Path) -> Project:
    """Make the project in `root/gx`, or open the one that is there.

    Raises:
        DataError: the folder can't be written, or holds settings that can't be read.
    """
    settings = root / FOLDER / _SETTINGS
    try:
        settings.parent.mkdir(parents=True, exist_ok=True)
        if not settings.exists():
            settings.write_text(_FIRST_SETTINGS, encoding="utf-8")
    except OSError as exc:
        raise DataError(f"{settings} can't be written: {exc.strerror}; choose another folder with --project") from exc
    return open_project(root)


def open_project(root: Path) -> Project:
    """Open the project in `root/gx`.

    Raises:
        DataError: there is none, or its settings can't be read.
    """
    folder = root / FOLDER
    if not (folder / _SETTINGS).exists():
        raise DataError(f"{folder} is no project: make it with `tickertape data init`, or name another with --project")
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # what it would say, our errors say in one line
    try:
        return Project(gx.get_context(mode="file", context_root_dir=folder), folder)
    except GreatExpectationsError as exc:
        raise DataError(f"{folder / _SETTINGS} can't be read: correct it, or delete {folder} and init again") from exc
