from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ModelNotExplainableError
from models.explain import explain, explainable
from models.explanations import AnswerExplanation, Share, TermShare
from models.features import feature_ids
from models.predictor import pretrained_predictor
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS, Label
from models.weights import Weights

WORDS = ("shares", "surge", "oil", "dividend", "$TSLA", "+5%", "https://t.co/a", "not", "Fed", "🚀", "\ud83d", "é", "!")


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    """The shipped model's scorer."""
    return pretrained_predictor(1).scorer


def added_up(answer: AnswerExplanation) -> tuple[float, float]:
    parts = (answer.bias, *answer.terms, answer.rest)
    return sum(part.score for part in parts), sum(part.lead for part in parts)


@given(
    st.lists(st.sampled_from(WORDS) | st.text(st.characters(codec=None), max_size=20), max_size=15).map(" ".join),
    st.integers(0, 12),
)
def test_parts_add_up_to_the_scorer_s_score_and_its_lead_for_any_text(scorer: Scorer, text: str, top: int) -> None:
    scores = scorer.scores([text])

    explanation = explain(scorer, text, top=top)

    for answer, row in ((explanation.label, scores.labels[0]), (explanation.sentiment, scores.sentiments[0])):
        best, second = sorted(row.tolist(), reverse=True)[:2]
        assert answer.total == Share(best, best - second)
        assert added_up(answer) == pytest.approx((best, best - second), abs=1e-9)
        assert len(answer.terms) <= top


@given(st.lists(st.sampled_from(WORDS), max_size=10).map(" ".join))
def test_explained_classes_are_those_that_are_answered(scorer: Scorer, text: str) -> None:
    answers = scorer.answers([text], top_k=2)

    explanation = explain(scorer, text, top=3)

    assert [explanation.label.answer, explanation.label.runner_up] == [LABELS[place] for place in answers.labels[0]]
    assert explanation.sentiment.answer == SENTIMENTS[answers.sentiments[0]]


def test_each_term_has_its_part_in_score_and_lead(two_word_weights: Weights) -> None:
    good = explain(Scorer(two_word_weights), "good good", top=5).label

    # length sqrt(4) = 2, scale 0.5: good adds 100 / 2 * 0.5 to column 0; biases 0 and 19
    assert (good.answer, good.runner_up) == (Label.ANALYST_UPDATE, Label.STOCK_MOVEMENT)
    assert good.total == Share(25.0, 6.0)
    assert good.bias == Share(0.0, -19.0)
    assert good.terms == (TermShare("good", 25.0, 25.0),)
    assert good.rest == Share(0.0, 0.0)


def test_terms_without_weight_are_left_out(two_word_weights: Weights) -> None:
    explanation = explain(Scorer(two_word_weights), "good, bad and unknown", top=5)

    # both words are known, but neither says anything of the two columns with the largest biases
    assert (explanation.label.answer, explanation.label.runner_up) == (Label.STOCK_MOVEMENT, Label.STOCK_COMMENTARY)
    assert explanation.label.terms == ()
    assert explanation.label.rest == Share(0.0, 0.0)


def test_terms_beyond_the_top_are_summed_up(scorer: Scorer) -> None:
    text = "Goldman cuts $AAPL to neutral"

    everything = explain(scorer, text, top=100).label
    little = explain(scorer, text, top=2).label

    assert little.terms == everything.terms[:2]
    assert little.rest.lead == pytest.approx(sum(part.lead for part in everything.terms[2:]))
    assert everything.rest == Share(0.0, 0.0)
    leads = [abs(part.lead) for part in everything.terms]
    assert leads == sorted(leads, reverse=True)


def test_terms_are_readable(scorer: Scorer) -> None:
    explanation = explain(scorer, "$TSLA shares surging 5%", top=100)

    shown = {part.term for part in explanation.label.terms}
    assert {"shar...", "...ing", "<ticker> shares", "<percent>"} <= shown


def test_terms_of_one_feature_are_joined(two_word_weights: Weights) -> None:
    assert feature_ids("ilyi") == feature_ids("good")

    explanation = explain(Scorer(two_word_weights), "ilyi and good", top=5)

    assert explanation.label.terms == (TermShare("ilyi / good", 25.0, 25.0),)


def test_predictor_of_another_kind_can_t_be_explained(fixed_predictor: Any) -> None:
    with pytest.raises(ModelNotExplainableError, match="tickertape 7 are not those of a linear scorer"):
        explainable(fixed_predictor)
