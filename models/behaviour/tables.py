"""A report on a model's behaviour for the terminal."""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from models.behaviour.report import BehaviourReport, PassRate, wanted


def tables(report: BehaviourReport) -> RenderableType:
    """Render pass rates by what was asked and by class, and every case that failed with its reason."""
    total = f"{report.model.name} {report.model.version} passes {report.total.passed} of {report.total.cases} cases"
    return Group(_rates("asked", report.kinds), _rates("class", report.classes), _failures(report), Text(total))


def _rates(title: str, rates: Mapping[str, PassRate]) -> Table:
    table = Table(title)
    for column in ("passed", "cases"):
        table.add_column(column, justify="right")
    for name, rate in rates.items():
        table.add_row(name, str(rate.passed), str(rate.cases))
    return table


def _failures(report: BehaviourReport) -> Table:
    table = Table("failed", "known", "text", "answered", "expected", "because")
    for outcome in report.outcomes:
        if not outcome.passed:
            table.add_row(
                outcome.case.id,
                "yes" if outcome.is_known_failure else Text("NO", style="bold red"),
                Text("\n-> ".join(outcome.case.texts)),
                ",\nthen ".join(outcome.answers),
                wanted(outcome.case),
                Text(outcome.case.reason),
            )
    return table
