"""The part of the model card that says how the shipped model behaves; written by `tickertape behaviour --accept`."""

import re
from collections.abc import Mapping

from models.behaviour.report import BehaviourReport, Outcome, PassRate, wanted
from models.errors import ModelError

BEGIN, END = "<!-- behaviour: begin -->", "<!-- behaviour: end -->"
_PART = re.compile(f"(?<={BEGIN}\n).*?(?={END})", re.DOTALL)


def card_with(report: BehaviourReport, card: str) -> str:
    """Put a report into a model card, between the two marks, in place of what is there.

    Raises:
        ModelError: the card lacks the marks.
    """
    if not _PART.search(card):
        raise ModelError(f"the model card has no lines {BEGIN} and {END}; put them where the cases shall stand")
    return _PART.sub(lambda _: _markdown(report), card)


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
            "| case | text, and what it is changed to | answered | expected | because |",
            "| --- | --- | --- | --- | --- |",
            *map(_failure, failed),
            "",
        ]
    )


def _rates(title: str, rates: Mapping[str, PassRate]) -> list[str]:
    rows = [f"| {_cell(name)} | {rate.passed} | {rate.cases} |" for name, rate in rates.items()]
    return [f"| {title} | passed | cases |", "| --- | ---: | ---: |", *rows]


def _failure(outcome: Outcome) -> str:
    case = outcome.case
    texts = " -> ".join(f"`{_cell(text)}`" for text in case.texts)
    answered = ", then ".join(map(_cell, outcome.answers))
    return f"| {case.id} | {texts} | {answered} | {_cell(wanted(case))} | {_cell(case.reason)} |"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
