"""How often a model was right when it was evaluated: from the report of its training."""

import logging
from pathlib import Path

import msgspec

from models.errors import ModelError
from models.loading import RegistryStore
from models.records import ModelVersion
from models.served_report import ServedReport, read_served_report

REPORT_PATH = "report.json"
"""Of a registered version, among the files of its run."""

logger = logging.getLogger(__name__)


class EvaluatedAccuracies:
    """Implements `monitoring.drift.concepts.Accuracies` with the reports of trainings.

    Args:
        report_file: `config/run.json` of a checkout; need not be there.
        store: the registry, for versions that the file is not about.
    """

    def __init__(self, report_file: Path, store: RegistryStore) -> None:
        self._report_file, self._store = report_file, store

    def of(self, model: ModelVersion) -> dict[str, float]:
        """Give the accuracy by head, 0 to 1; nothing where no report is found, which is logged."""
        try:
            report = read_served_report(self._report_file)
            if report is None or not report.is_of(model):
                report = self._registered(model)
        except (ModelError, msgspec.DecodeError) as exc:
            logger.warning("evaluation_missing", extra={"version": model.version, "error": str(exc)})
            return {}
        if report is None:
            logger.info("evaluation_missing", extra={"version": model.version, "error": "no report was kept"})
            return {}
        found = {"topic": report.labels.get("accuracy"), "sentiment": report.sentiments.get("accuracy")}
        return {head: float(accuracy) for head, accuracy in found.items() if isinstance(accuracy, int | float)}

    def _registered(self, model: ModelVersion) -> ServedReport | None:
        if not model.version.isdecimal() or not self._store.is_there or model.name != self._store.model_name:
            return None
        content = self._store.file(model.version, path=REPORT_PATH)
        return None if content is None else msgspec.json.decode(content, type=ServedReport)
