import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

import config
from models.data.dataset import Split, read_split
from models.evaluation.metrics import HeadPerformance
from models.predictions import Predictions
from models.predictor import ScorerPredictor, pretrained_predictor
from models.promotion.gate import Check, Evidence, Floors, gate
from models.records import ModelVersion, Tweet
from models.training.report import Report
from models.weights import Weights

LABELLED = Path(__file__).parents[3] / "data" / "labelled"
RECORDED = msgspec.json.decode((Path(config.__path__[0]) / "run.json").read_bytes(), type=Report)
REPORT = msgspec.structs.replace(
    RECORDED,
    labels=msgspec.structs.replace(RECORDED.labels, tweets=2297, accuracy=0.825, macro_f1=0.79),
    sentiments=msgspec.structs.replace(RECORDED.sentiments, tweets=1412, accuracy=0.836, macro_f1=0.77),
)
PREDICTOR = pretrained_predictor(3)
WEIGHTS = PREDICTOR.scorer.weights


def behaves(_predictor: object) -> tuple[str, ...]:
    return ()


def refused(
    candidate: Evidence,
    champion: Evidence | None = None,
    *,
    predictor: ScorerPredictor = PREDICTOR,
    split: Split | None = None,
    problems: tuple[str, ...] = (),
    floors: Floors | None = None,
) -> dict[str, str]:
    """The checks that fail, and what they saw."""
    checks = gate(predictor, candidate, champion, split=split, behaviour=lambda _: problems, floors=floors or Floors())
    return {check.name: check.seen for check in checks if not check.passed}


def recorded(version: str = "2", *, labels: HeadPerformance = REPORT.labels) -> Evidence:
    return Evidence(version, msgspec.structs.replace(REPORT, labels=labels), None)


@pytest.fixture
def split() -> Split:
    """The project's own labelled tweets, as if the report had been measured on them."""
    read = read_split(LABELLED, held_out_share=0.5, seed=3)
    return Split(read.labels, read.sentiments, is_published=False, data_sha256=REPORT.data_sha256)


def test_first_version_with_good_figures_may_answer() -> None:
    assert refused(recorded()) == {}


def test_gate_tells_all_that_it_looked_at() -> None:
    checks = gate(PREDICTOR, recorded(), recorded("1"), split=None, behaviour=behaves, floors=Floors())

    assert [check.name for check in checks] == [
        "behaviour",
        "floor: labels accuracy",
        "floor: labels macro-F1",
        "floor: sentiments accuracy",
        "floor: sentiments macro-F1",
        "champion: labels accuracy",
        "champion: labels macro-F1",
        "champion: sentiments accuracy",
        "champion: sentiments macro-F1",
        "latency: one tweet",
        "latency: 500 tweets",
    ]
    assert checks[1] == Check("floor: labels accuracy", passed=True, seen="0.825", allowed="0.750 or more")


def test_wrong_behaviour_is_refused_with_the_first_reasons() -> None:
    problems = tuple(f"case {number} is wrong" for number in range(1, 6))

    seen = refused(recorded(), problems=problems)

    assert seen == {"behaviour": "case 1 is wrong; case 2 is wrong; case 3 is wrong; and 2 more"}


def test_figures_below_a_floor_are_refused() -> None:
    low = msgspec.structs.replace(REPORT.labels, accuracy=0.7499)

    assert refused(recorded(labels=low)) == {"floor: labels accuracy": "0.750"}


def test_version_without_a_report_is_refused() -> None:
    assert refused(Evidence("2", None, WEIGHTS)) == {"quality": "no report of this release"}


def test_champion_without_a_report_leaves_the_floors() -> None:
    assert refused(recorded(), Evidence("1", None, None)) == {}
    assert list(refused(recorded(), Evidence("1", None, None), floors=Floors(label_accuracy=0.9))) == [
        "floor: labels accuracy"
    ]


def test_more_than_a_point_less_is_refused() -> None:
    less = msgspec.structs.replace(REPORT.labels, accuracy=REPORT.labels.accuracy - 0.011)

    assert list(refused(recorded(labels=less), recorded("1"))) == ["champion: labels accuracy"]


def test_small_loss_that_chance_explains_is_allowed() -> None:
    less = msgspec.structs.replace(REPORT.labels, accuracy=REPORT.labels.accuracy - 0.009)

    assert refused(recorded(labels=less), recorded("1")) == {}


def test_small_loss_that_is_certain_is_refused() -> None:
    many = msgspec.structs.replace(REPORT.labels, tweets=1_000_000)
    less = msgspec.structs.replace(many, accuracy=many.accuracy - 0.009)

    seen = refused(recorded(labels=less), recorded("1", labels=many))

    assert seen == {"champion: labels accuracy": "-0.9 points to version 1 as recorded, 95 %: -1.0 to -0.8"}


def test_measured_weights_are_compared_on_the_same_tweets(split: Split, two_word_weights: Weights) -> None:
    good, bad = Evidence("1", REPORT, WEIGHTS), Evidence("2", REPORT, two_word_weights)

    assert refused(good, good, split=split) == {}
    seen = refused(bad, good, split=split)
    assert len(seen) == 4
    assert all("on the same tweets" in text for text in seen.values())


def test_tweets_of_other_files_are_not_compared_on(split: Split, two_word_weights: Weights) -> None:
    other = Split(split.labels, split.sentiments, is_published=False, data_sha256="other")

    assert refused(Evidence("2", REPORT, two_word_weights), Evidence("1", REPORT, WEIGHTS), split=other) == {}


def test_slow_version_is_refused() -> None:
    class SlowPredictor(ScorerPredictor):
        def predict(self, tweets: Sequence[Tweet]) -> Predictions:
            time.sleep(0.06 if len(tweets) > 1 else 0.003)
            return super().predict(tweets)

    slow = SlowPredictor(PREDICTOR.scorer, ModelVersion("tickertape", "2"), 3)

    assert list(refused(recorded(), predictor=slow)) == ["latency: one tweet", "latency: 500 tweets"]
