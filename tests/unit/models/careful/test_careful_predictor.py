import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.calibration import FloatArray
from models.careful.doubt import doubt_quantiles, doubts_of
from models.careful.predictor import Care, CarefulPredictor, fast, mixed
from models.predictor import ScorerPredictor, pretrained_predictor
from models.records import Tweet
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import COLUMNS

TEXTS = (
    "$AAPL beats estimates and raises its dividend",
    "Fed holds rates",
    "maybe something happened somewhere",
    "Oil slides as OPEC raises output",
    "who knows",
    "$TSLA price target raised to $300 at Citi",
    "it is what it is",
    "Company appoints new CFO",
)
TWEETS = [Tweet(text) for text in TEXTS]
SURE = np.zeros(COLUMNS)
SURE[[7, 20]] = 1.0  # of the eighth topic, and of bearish


class FixedTeacher:
    """Is sure of the same for every text, and keeps what it was asked."""

    def __init__(self, fast_predictor: ScorerPredictor) -> None:
        self.doubts = doubt_quantiles(doubts(fast_predictor))
        self.asked: list[str] = []

    def probabilities(self, text: str) -> FloatArray:
        self.asked.append(text)
        return SURE


def doubts(predictor: ScorerPredictor) -> FloatArray:
    return doubts_of(predictor.scorer.answers(TEXTS, top_k=1).probabilities)


@pytest.fixture(scope="module")
def table() -> ScorerPredictor:
    return pretrained_predictor(3)


@pytest.fixture
def teacher(table: ScorerPredictor) -> FixedTeacher:
    return FixedTeacher(table)


@pytest.fixture
def counts() -> Counter[str]:
    return Counter()


@pytest.fixture
def careful(table: ScorerPredictor, teacher: FixedTeacher, counts: Counter[str]) -> Callable[..., CarefulPredictor]:
    def make(share: float, *, budget: float = 1000, wait: float = 10, **more: Any) -> CarefulPredictor:
        def count(outcome: str, tweets: int) -> None:
            counts[outcome] += tweets

        return CarefulPredictor(table, teacher, Care(share, budget, wait, count), **more)

    return make


def most_doubtful(predictor: ScorerPredictor, count: int) -> list[str]:
    return [TEXTS[row] for row in np.argsort(-doubts(predictor))[:count]]


def test_teacher_answers_the_least_sure_share_and_the_fast_model_the_rest(
    careful: Callable[..., CarefulPredictor], table: ScorerPredictor, teacher: FixedTeacher, counts: Counter[str]
) -> None:
    answers = careful(0.25).predict(TWEETS)

    assert teacher.asked == most_doubtful(table, 2)
    alone = table.predict(TWEETS)
    for text, answer, without in zip(TEXTS, answers, alone, strict=True):
        if text in teacher.asked:
            assert (answer.answered_by, answer.label, answer.sentiment) == ("teacher", LABELS[7], SENTIMENTS[0])
            assert answer.model == without.model
        else:
            assert answer == without
    assert counts == {"answered": 2}


def test_answer_is_the_mean_of_both_models_probabilities(
    careful: Callable[..., CarefulPredictor], table: ScorerPredictor
) -> None:
    both = mixed(table.scorer.answers(TEXTS, top_k=1).probabilities, np.tile(SURE, (len(TEXTS), 1)))

    answers = careful(1.0).predict(TWEETS)

    for answer, row in zip(answers, both, strict=True):
        best = np.argsort(-row[:20], kind="stable")[:3]
        assert answer.labels == {LABELS[place]: round(row[place], 6) for place in best.tolist()}
        assert answer.sentiment_score == round(row[21] - row[20], 6)
    assert both[:, :20].sum(axis=1) == pytest.approx(1)


def test_share_of_nothing_asks_nobody(careful: Callable[..., CarefulPredictor], teacher: FixedTeacher) -> None:
    assert {answer.answered_by for answer in careful(0.0).predict(TWEETS)} == {"batch"}
    assert list(careful(1.0).predict([])) == []
    assert teacher.asked == []


def test_budget_is_for_the_most_doubtful_and_comes_back_with_time(
    careful: Callable[..., CarefulPredictor], table: ScorerPredictor, teacher: FixedTeacher, counts: Counter[str]
) -> None:
    now = [0.0]
    predictor = careful(1.0, budget=2, clock=lambda: now[0])

    predictor.predict(TWEETS)
    assert teacher.asked == most_doubtful(table, 2)
    predictor.predict(TWEETS)
    assert len(teacher.asked) == 2
    now[0] = 0.5
    predictor.predict(TWEETS)
    assert len(teacher.asked) == 3
    now[0] = 1000.0  # no more than a second's worth is saved up
    predictor.predict(TWEETS)
    assert len(teacher.asked) == 5
    assert counts == {"answered": 5, "over_budget": 6 + 8 + 7 + 6}


def test_call_waits_no_longer_than_it_may(
    careful: Callable[..., CarefulPredictor], teacher: FixedTeacher, counts: Counter[str]
) -> None:
    now = [0.0]
    predictor = careful(1.0, wait=0.1, clock=lambda: now[0])

    def slow(text: str) -> FloatArray:
        now[0] += 0.04
        teacher.asked.append(text)
        return SURE

    teacher.probabilities = slow  # type: ignore[method-assign]

    answers = predictor.predict(TWEETS)

    assert counts == {"answered": 3, "late": 5}
    assert Counter(answer.answered_by for answer in answers) == {"teacher": 3, "batch": 5}


def test_failing_teacher_leaves_the_fast_model_and_is_told_once(
    careful: Callable[..., CarefulPredictor],
    table: ScorerPredictor,
    teacher: FixedTeacher,
    counts: Counter[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(text: str) -> FloatArray:
        teacher.asked.append(text)
        raise RuntimeError("out of memory")

    teacher.probabilities = fail  # type: ignore[method-assign]
    predictor = careful(1.0)

    assert [list(predictor.predict(TWEETS)) for _ in range(3)] == [list(table.predict(TWEETS))] * 3
    assert counts == {"failed": 24}
    assert [record.message for record in caplog.records] == ["teacher_fails_fast_model_answers"]
    assert TEXTS[0] not in caplog.text


def test_call_does_not_wait_for_another_threads_call(
    careful: Callable[..., CarefulPredictor], table: ScorerPredictor, teacher: FixedTeacher, counts: Counter[str]
) -> None:
    is_asked, may_answer = threading.Event(), threading.Event()

    def wait(_text: str) -> FloatArray:
        is_asked.set()
        assert may_answer.wait(10)
        return SURE

    teacher.probabilities = wait  # type: ignore[method-assign]
    predictor = careful(1.0)
    other = threading.Thread(target=predictor.predict, args=(TWEETS[:1],))
    other.start()
    assert is_asked.wait(10)

    assert list(predictor.predict(TWEETS)) == list(table.predict(TWEETS))

    may_answer.set()
    other.join()
    assert counts == {"over_budget": 8, "answered": 1}


def test_fast_part_is_the_fast_model(careful: Callable[..., CarefulPredictor], table: ScorerPredictor) -> None:
    assert fast(careful(1.0)) is table
    assert fast(table) is table
