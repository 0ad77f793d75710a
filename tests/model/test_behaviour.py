"""The shipped model on the table of cases, the table itself, and what the model card says of both."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import tickertape
from models.behaviour import BehaviourReport, behaviour_problems, behaviour_report
from models.behaviour.card import card_with
from models.behaviour.cases import Case, Kind, cases, known_failures
from models.behaviour.report import Outcome, wanted
from models.errors import ModelError
from models.predictor import pretrained_predictor
from models.records import Tweet
from models.taxonomy import LABELS, SENTIMENTS

CARD = Path(tickertape.__file__).parents[1] / "docs" / "model-card.md"
CHANGES = {
    Kind.INVARIANCE: {"verbs", "tickers", "amounts", "names", "links", "case", "typos", "writing"},
    Kind.DIRECTION: {"raised or cut", "beat or missed", "up or down", "negation", "comparison", "topic word"},
}


@pytest.fixture(scope="module")
def report() -> BehaviourReport:
    """The shipped model's report."""
    return behaviour_report(pretrained_predictor(1))


@pytest.fixture(scope="module")
def outcomes(report: BehaviourReport) -> dict[str, Outcome]:
    """The shipped model's outcomes by the id of their case."""
    return {outcome.case.id: outcome for outcome in report.outcomes}


def marked(case: Case) -> object:
    marks = [pytest.mark.xfail(strict=True, reason=f"known failure: {case.reason}")]
    return pytest.param(case, id=case.id, marks=marks if case.id in known_failures() else [])


@pytest.mark.parametrize("case", [marked(case) for case in cases()])
def test_shipped_model_answers_as_the_case_says(case: Case, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[case.id]

    assert outcome.passed, f"answered {' then '.join(outcome.answers)}, expected {wanted(case)}: {case.reason}"


def test_model_card_shows_the_shipped_model_as_it_is(report: BehaviourReport) -> None:
    card = CARD.read_text(encoding="utf-8")

    assert card == card_with(report, card), "run `tickertape behaviour --accept`"


def test_card_without_the_marks_is_refused(report: BehaviourReport) -> None:
    with pytest.raises(ModelError, match="behaviour: begin"):
        card_with(report, "# Model card\n")


def test_ids_are_given_once_and_known_failures_are_among_them() -> None:
    ids = [case.id for case in cases()]

    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert known_failures() - set(ids) == set()


def test_no_case_asks_the_same_twice() -> None:
    asked = Counter((case.kind, case.expected, *case.texts) for case in cases())

    assert [question for question, count in asked.items() if count > 1] == []


def test_every_case_has_what_its_kind_needs() -> None:
    for case in cases():
        assert case.text.strip(), case.id
        assert case.reason.strip(), case.id
        assert (case.changed == "") == (case.kind is Kind.MINIMUM), case.id
        assert case.changed != case.text, case.id


def test_every_class_has_its_plain_cases() -> None:
    plain = Counter(case.expected for case in cases() if case.kind is Kind.MINIMUM)

    assert {name: plain[name] for name in LABELS if plain[name] < 4} == {}
    assert {name: plain[name] for name in SENTIMENTS if plain[name] < 8} == {}


@pytest.mark.parametrize("kind", CHANGES)
def test_every_change_has_cases(kind: Kind) -> None:
    found = Counter(case.about for case in cases() if case.kind is kind)

    assert set(found) == CHANGES[kind]
    assert {about: count for about, count in found.items() if count < 5} == {}


def test_pass_rates_count_each_case_once(report: BehaviourReport) -> None:
    passed = sum(outcome.passed for outcome in report.outcomes)

    assert len(report.outcomes) == len(cases()) >= 170
    for rates in (report.kinds, report.classes):
        assert sum(rate.cases for rate in rates.values()) == len(cases())
        assert sum(rate.passed for rate in rates.values()) == passed == report.total.passed
    assert list(report.classes) == [*LABELS, *SENTIMENTS]


def test_shipped_model_passes_the_gate() -> None:
    assert behaviour_problems(pretrained_predictor(3)) == ()


def test_model_that_always_says_the_same_does_not_pass_the_gate(fixed_predictor: Any) -> None:
    problems = behaviour_problems(fixed_predictor)

    known = known_failures()
    plain = [case for case in cases() if case.kind is Kind.MINIMUM and case.expected not in {"Earnings", "bullish"}]
    turns = [case for case in cases() if case.kind is Kind.DIRECTION]
    refused = [case.id for case in (*plain, *turns) if case.id not in known]
    passed = behaviour_report(fixed_predictor).total.passed
    assert problems[0] == f"{passed} of {len(cases())} cases pass, {math.ceil(0.8 * len(cases()))} are needed"
    assert [problem.split()[1] for problem in problems[1:]] == refused
    assert problems[1] == (
        "case analyst-update-1 fails: answered Earnings, expected Analyst Update; a bank changes its rating"
    )


def test_gate_asks_each_text_once(fixed_predictor: Any) -> None:
    behaviour_problems(fixed_predictor)

    assert fixed_predictor.asked == [Tweet(text) for case in cases() for text in case.texts]
