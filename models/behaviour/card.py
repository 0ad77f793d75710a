"""The part of the model card that says how the shipped model behaves; written by `tickertape behaviour --accept`."""

from collections.abc import Iterator, Mapping

from models.behaviour.report import BehaviourReport, Outcome, PassRate, wanted
from models.markdown import around, table

BEGIN, END = "<!-- behaviour: begin -->", "<!-- behaviour: end -->"
_FAILURE_COLUMNS = ("case", "text, and what it is changed to", "answered", "expected", "because")


def card_with(report: BehaviourReport, card: str) -> str:
    """Put a report into a model card, between the two marks, in place of what is there.

    Raises:
        ModelError: the card lacks the marks.
    """
    before, after = around(card, (BEGIN, END), name="the model card")
    return f"{before}{BEGIN}\n{_markdown(report)}\n{END}{after}"


def _markdown(report: BehaviourReport) -> str:
    failed = [outcome for outcome in report.outcomes if not outcome.passed]
    return "\n".join(
        [
            f"`{report.model.version}` passes {report.total.passed} of {report.total.cases} cases.",
            "",
            *_rates("asked", report.kinds),
            "",
            *_rates("class", report.classes),
            "",
            f"The {len(failed)} known failures:",
            "",
            *table(_FAILURE_COLUMNS, [_failure(outcome) for outcome in failed], word_columns=len(_FAILURE_COLUMNS)),
        ]
    )


def _rates(title: str, rates: Mapping[str, PassRate]) -> Iterator[str]:
    rows = [(name, str(rate.passed), str(rate.cases)) for name, rate in rates.items()]
    return table((title, "passed", "cases"), rows)


def _failure(outcome: Outcome) -> tuple[str, ...]:
    case = outcome.case
    texts = " -> ".join(f"`{text}`" for text in case.texts)
    return case.id, texts, ", then ".join(outcome.answers), wanted(case), case.reason
