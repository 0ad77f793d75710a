"""The champion's report as it is served; read without any training library."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from models.errors import ModelCorruptError
from models.records import ModelVersion


class ServedReport(msgspec.Struct, frozen=True):
    """The part of `models.training.report.Report` that is served; what else `config/run.json` holds is passed over."""

    run_id: str
    model_name: str
    model_version: str
    weights_sha256: str
    data_sha256: str
    held_out: str
    arguments: dict[str, Any]
    labels: dict[str, Any]
    sentiments: dict[str, Any]

    def is_of(self, model: ModelVersion) -> bool:
        """Tell whether it is about this version: the registry's number, or the pretrained weights by their hash."""
        kind, _, digits = model.version.partition("-")
        if kind == "pretrained":
            return self.weights_sha256.startswith(digits)
        return (self.model_name, self.model_version) == (model.name, model.version)


def read_served_report(path: Path) -> ServedReport | None:
    """Read `config/run.json`; None where there is none, as in an installed package.

    Raises:
        ModelCorruptError: it is no report.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=ServedReport)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as exc:
        raise ModelCorruptError(f"{path}: {exc}; `tickertape train` or `tickertape promote` writes it again") from exc


def filters(report: ServedReport) -> list[str]:
    """List the parts of a performance: its heads, the figures over all tweets, and what is told by name in each head.

    >>> head = {"accuracy": 0.9, "classes": {"Macro": {"f1": 0.8}}}
    >>> filters(ServedReport("", "", "", "", "", "", {}, labels=head, sentiments=head))
    ['labels', 'sentiments', 'overall', 'classes']
    """
    tables = {name for head in (report.labels, report.sentiments) for name, value in head.items() if _is_table(value)}
    return ["labels", "sentiments", "overall", *sorted(tables)]


def performance(report: ServedReport, wanted: str | None) -> dict[str, dict[str, Any]]:
    """Give the performance by head, or the part that one of its `filters` names.

    >>> head = {"accuracy": 0.9, "classes": {"Macro": {"f1": 0.8}}}
    >>> performance(ServedReport("", "", "", "", "", "", {}, labels=head, sentiments=head), "overall")
    {'labels': {'accuracy': 0.9}, 'sentiments': {'accuracy': 0.9}}
    """
    heads = {"labels": report.labels, "sentiments": report.sentiments}
    if wanted is None:
        return heads
    if wanted in heads:
        return {wanted: heads[wanted]}
    if wanted == "overall":
        return {
            name: {key: value for key, value in head.items() if not _is_table(value)} for name, head in heads.items()
        }
    return {name: {wanted: head[wanted]} for name, head in heads.items() if wanted in head}


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)
