"""How a model does on the table of cases: case by case, by what was asked, and by class."""

import math
from collections.abc import Callable, Iterable

import msgspec

from models.behaviour.cases import Case, Kind, cases, known_failures
from models.contracts import Predictor
from models.records import ModelVersion, Prediction, Tweet
from models.taxonomy import LABELS, SENTIMENTS, Label, Sentiment

Class = Label | Sentiment

LEAST_SHARE = 0.8  # of the cases; the shipped model passes nine tenths, the linear one without a teacher 0.87


class Outcome(msgspec.Struct, frozen=True):
    """What a model made of one case.

    Attributes:
        case: see there.
        answers: the topics or sentiments, whichever the case expects, of the case's one or two texts.
        passed: whether they are as the case's kind asks.
        is_known_failure: whether the case is listed as one that the shipped model fails.
    """

    case: Case
    answers: tuple[str, ...]
    passed: bool
    is_known_failure: bool


class PassRate(msgspec.Struct, frozen=True):
    """How many of some cases passed."""

    passed: int
    cases: int


class BehaviourReport(msgspec.Struct, frozen=True):
    """What a model made of all cases.

    Attributes:
        model: the versions that answered.
        outcomes: in the order of the table.
        total: over all cases.
        kinds: by kind and what it was about, such as `invariance: tickers`.
        classes: by the expected class: topics, then sentiments.
    """

    model: ModelVersion
    outcomes: tuple[Outcome, ...]
    total: PassRate
    kinds: dict[str, PassRate]
    classes: dict[str, PassRate]


def behaviour_report(predictor: Predictor) -> BehaviourReport:
    """Ask a model all cases in one call; some milliseconds with the compiled scorer."""
    texts = [Tweet(text) for case in cases() for text in case.texts]
    answers = iter(predictor.predict(texts))
    known = known_failures()
    outcomes = tuple(
        _outcome(case, [next(answers) for _ in case.texts], is_known_failure=case.id in known) for case in cases()
    )
    by_class = _rates(outcomes, lambda case: case.expected)
    return BehaviourReport(
        model=predictor.model,
        outcomes=outcomes,
        total=_rate(outcomes),
        kinds=_rates(outcomes, lambda case: f"{case.kind}: {case.about}"),
        classes={name: by_class[name] for name in (*LABELS, *SENTIMENTS)},
    )


def behaviour_problems(predictor: Predictor) -> tuple[str, ...]:
    """Say why a model may not answer: it passes too few cases, then what it gets wrong beyond the known failures.

    Nothing is said of a model that passes `LEAST_SHARE` of the cases. The failures of the shipped model are no measure
    for others: each training fails some cases of its own.
    """
    report = behaviour_report(predictor)
    least = math.ceil(LEAST_SHARE * report.total.cases)
    if report.total.passed >= least:
        return ()
    wrong = [
        f"case {outcome.case.id} fails: answered {' then '.join(outcome.answers)}, expected {wanted(outcome.case)}; "
        f"{outcome.case.reason}"
        for outcome in report.outcomes
        if not outcome.passed and not outcome.is_known_failure
    ]
    return f"{report.total.passed} of {report.total.cases} cases pass, {least} are needed", *wrong


def wanted(case: Case) -> str:
    """Say in words which answers pass.

    >>> wanted(Case("x", Kind.DIRECTION, "negation", Sentiment.BEARISH, "a buy", "not a buy", "because"))
    'another, then bearish'
    """
    return {
        Kind.MINIMUM: case.expected.value,
        Kind.INVARIANCE: "the same twice",
        Kind.DIRECTION: f"another, then {case.expected.value}",
    }[case.kind]


def _outcome(case: Case, predictions: list[Prediction], *, is_known_failure: bool) -> Outcome:
    answers: tuple[Class, ...] = tuple(
        prediction.best_label if isinstance(case.expected, Label) else prediction.sentiment
        for prediction in predictions
    )
    return Outcome(case, answers, _has_passed(case, answers), is_known_failure)


def _has_passed(case: Case, answers: tuple[Class, ...]) -> bool:
    first, last = answers[0], answers[-1]
    match case.kind:
        case Kind.MINIMUM:
            return first is case.expected
        case Kind.INVARIANCE:
            return first is last
        case Kind.DIRECTION:
            return last is case.expected and first is not case.expected


def _rates(outcomes: Iterable[Outcome], group_of: Callable[[Case], str]) -> dict[str, PassRate]:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(group_of(outcome.case), []).append(outcome)
    return {name: _rate(group) for name, group in groups.items()}


def _rate(outcomes: Iterable[Outcome]) -> PassRate:
    passed = [outcome.passed for outcome in outcomes]
    return PassRate(sum(passed), len(passed))
