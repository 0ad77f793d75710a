"""Both models on the newest labels: what is compared, and how labels weigh."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from rich.console import Console

from models.data.dataset import LabelledTweets, Split, read_split
from models.predictor import pretrained_predictor
from models.retraining.comparison import Champion, findings
from models.retraining.findings import FeedbackFindings, FeedbackUsed, feedback_table
from models.retraining.material import Material, NewestLabels
from models.weights import Weights

LABELLED = Path(__file__).parents[3] / "data" / "labelled"
GOOD = pretrained_predictor(3).scorer.weights
USED = FeedbackUsed(100, "5a" * 32, 90, 60, 3, 12, 0, 85, 99)


@pytest.fixture(scope="module")
def split() -> Split:
    read = read_split(LABELLED, held_out_share=0.5, seed=3)
    return replace(read, is_published=True)  # weights that are scaled already


@pytest.fixture
def make_material(split: Split) -> Callable[..., Material]:
    """Material whose newest labels are held-out tweets with topics."""

    def make(*, selection: list[float] | None = None, count: int = 40) -> Material:
        chances = np.ones(count) if selection is None else np.array(selection)
        nobody = NewestLabels(
            LabelledTweets((), np.array([], dtype=np.int64)), np.array([], dtype=np.int64), np.array([])
        )
        topics = NewestLabels(split.labels.held_out.take(range(count)), np.arange(count), chances)
        return Material(split, (topics, nobody), USED)

    return make


def champion(weights: Weights, *, learned_offset: int = -1, measured: Weights | None = None) -> Champion:
    return Champion("4", replace(weights, learned_offset=learned_offset), measured)


def test_better_model_gains_and_a_head_without_newest_labels_is_left_out(
    make_material: Callable[..., Material], two_word_weights: Weights
) -> None:
    found = findings(make_material(), champion(two_word_weights), GOOD)

    topic = found.newest["topic"]
    assert found.newest.keys() == {"topic"}
    assert (found.champion, topic.labels, topic.equal_labels) == ("4", 40, 40)
    assert topic.challenger.accuracy.value > topic.champion.accuracy.value + 0.3
    assert topic.gain.accuracy.value == pytest.approx(topic.challenger.accuracy.value - topic.champion.accuracy.value)
    assert topic.gain.accuracy.interval.low > 0
    assert found.held_out == {}


def test_same_model_gains_nothing_for_certain(make_material: Callable[..., Material]) -> None:
    gain = findings(make_material(), champion(GOOD, measured=GOOD), GOOD).newest["topic"].gain

    assert (gain.accuracy.value, gain.accuracy.interval.low, gain.accuracy.interval.high) == (0, 0, 0)


def test_label_counts_as_one_over_the_probability_of_its_choice(
    make_material: Callable[..., Material], split: Split, two_word_weights: Weights
) -> None:
    truth = split.labels.held_out.classes[:40]
    said = pretrained_predictor(3).scorer.probabilities(split.labels.held_out.texts[:40]).labels.argmax(axis=1)
    is_right = said == truth
    assert 0 < is_right.sum() < 40
    selection = np.where(is_right, 1.0, 0.1)

    topic = findings(make_material(selection=selection.tolist()), champion(two_word_weights), GOOD).newest["topic"]

    right, wrong = int(is_right.sum()), int((~is_right).sum())
    assert topic.challenger.accuracy.value == pytest.approx(right / (right + 10 * wrong))
    assert topic.equal_labels == pytest.approx((right + 10 * wrong) ** 2 / (right + 100 * wrong))
    assert topic.challenger.accuracy.interval.low < topic.challenger.accuracy.value


def test_labels_that_the_champion_has_learned_are_not_compared(make_material: Callable[..., Material]) -> None:
    part = findings(make_material(), champion(GOOD, learned_offset=29), GOOD)
    nothing = findings(make_material(), champion(GOOD, learned_offset=39), GOOD)

    assert part.newest["topic"].labels == 10
    assert nothing.newest == {}


def test_held_out_tweets_of_the_files_are_compared_where_the_champion_held_them_out_too(
    make_material: Callable[..., Material], two_word_weights: Weights
) -> None:
    found = findings(make_material(), champion(two_word_weights, measured=two_word_weights), GOOD)

    assert list(found.held_out) == [
        "labels accuracy",
        "labels macro-F1",
        "sentiments accuracy",
        "sentiments macro-F1",
    ]
    assert found.held_out["labels accuracy"].value > 0.3


def test_figures_and_labels_have_names_that_mlflow_takes(
    make_material: Callable[..., Material], two_word_weights: Weights
) -> None:
    found = findings(make_material(), champion(two_word_weights, measured=two_word_weights), GOOD)

    metrics, parameters = found.metrics(), found.parameters()

    topic = found.newest["topic"]
    assert metrics["newest_topic_challenger_accuracy"] == topic.challenger.accuracy.value
    assert metrics["newest_topic_gain_macro_f1_low"] == topic.gain.macro_f1.interval.low
    assert metrics["held_out_gain_labels_macro_f1"] == found.held_out["labels macro-F1"].value
    assert all(name.replace("_", "").isalnum() for name in metrics)
    assert parameters["feedback_labels"] == 90
    assert parameters["feedback_sha256"] == USED.sha256


def test_table_shows_both_models_and_the_gain(
    make_material: Callable[..., Material], two_word_weights: Weights, capsys: pytest.CaptureFixture[str]
) -> None:
    found = findings(make_material(), champion(two_word_weights, measured=two_word_weights), GOOD)

    Console(width=200).print(feedback_table(found, version="5"))

    shown = capsys.readouterr().out
    topic = found.newest["topic"]
    assert "version 5 and version 4, which answers" in shown
    assert f"{topic.challenger.accuracy.value:.3f}" in shown
    assert f"{100 * topic.gain.accuracy.value:+.1f} (" in shown
    assert "90 topics, 60 sentiments; 3 left out" in shown


def test_findings_survive_json(make_material: Callable[..., Material], two_word_weights: Weights) -> None:
    found = findings(make_material(), champion(two_word_weights), GOOD)

    assert msgspec.json.decode(msgspec.json.encode(found), type=FeedbackFindings) == found
