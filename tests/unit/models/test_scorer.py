import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.predictor import pretrained_predictor
from models.scorer import Scorer
from models.taxonomy import LABELS
from models.weights import Weights


@pytest.fixture(scope="module")
def shipped() -> Scorer:
    return pretrained_predictor(1).scorer


def test_score_is_scaled_sum_over_length_plus_bias(two_word_weights: Weights) -> None:
    scores = Scorer(two_word_weights).scores(["Good, bad!"])

    # sums 100 and 50, length sqrt(4 + 12) = 4, scale 0.5, biases 0, 1, 2 and so on
    assert scores.labels[0, :3].tolist() == [12.5, 7.25, 2.0]
    assert scores.sentiments[0].tolist() == [20.0, 21.0, 22.0]


@pytest.mark.parametrize("text", ["", "unknown words", "\x00"])
def test_text_without_known_feature_gets_the_biases(two_word_weights: Weights, text: str) -> None:
    scores = Scorer(two_word_weights).scores([text])

    assert scores.labels[0].tolist() == list(range(len(LABELS)))


def test_no_texts_give_no_rows(two_word_weights: Weights) -> None:
    probabilities = Scorer(two_word_weights).probabilities([])

    assert probabilities.labels.shape == (0, 20)
    assert probabilities.sentiments.shape == (0, 3)


def test_empty_texts_between_others_don_t_shift_the_rows(two_word_weights: Weights) -> None:
    scorer = Scorer(two_word_weights)

    together = scorer.scores(["", "good", "", "", "bad", ""]).labels

    assert together.tolist() == [scorer.scores([text]).labels[0].tolist() for text in ("", "good", "", "", "bad", "")]


def test_each_head_has_its_own_temperature(two_word_weights: Weights) -> None:
    scorer = Scorer(two_word_weights)
    scores = scorer.scores(["good"])

    probabilities = scorer.probabilities(["good"])

    log_odds = np.log(probabilities.sentiments[0, 2] / probabilities.sentiments[0, 0])
    assert log_odds == pytest.approx((scores.sentiments[0, 2] - scores.sentiments[0, 0]) / 2)
    assert np.log(probabilities.labels[0, 3] / probabilities.labels[0, 2]) == pytest.approx(1.0)


@given(st.lists(st.text(st.characters(codec=None), max_size=80), min_size=1, max_size=40))
def test_answer_to_a_text_is_the_same_alone_and_in_any_chunk(shipped: Scorer, texts: list[str]) -> None:
    together = shipped.probabilities(texts)

    alone = [shipped.probabilities([text]) for text in texts]
    assert together.labels.tolist() == [one.labels[0].tolist() for one in alone]
    assert together.sentiments.tolist() == [one.sentiments[0].tolist() for one in alone]
