"""What is learned, by which head, and what workers then answer."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from models.calibration import FloatArray
from models.features import FEATURE_COUNT
from models.online.learner import OnlineLearner
from models.online.rules import LARGEST_STEP, LEAST_PROBABILITIES, STEPS_PER_UNIT, WORD_ROWS
from models.online.scores import OnlineScorer
from models.online.truth import UNKNOWN, Truth, truth_of
from models.online.weights import OnlineWeights, fresh_weights
from models.scorer import Scorer
from models.taxonomy import LABELS, Label, Sentiment
from models.weights import COLUMNS, HEAD_COLUMNS, LARGEST

AWKWARD = ["", " \n\t\x00", "\ud83d half an emoji", "a" * 100_000, "$" * 3_000]


def all_of(label: Label | None, sentiment: Sentiment | None, *, count: int) -> Truth:
    return np.array([truth_of(label, sentiment)] * count).reshape(count, 2)


def served(learner: OnlineLearner, scorer: Scorer, texts: list[str]) -> FloatArray:
    return OnlineScorer(scorer, learner.weights).answers(texts, top_k=1).probabilities


def test_answers_are_the_batch_models_before_anything_is_learned(
    pretrained_scorer: Scorer, tweet_texts: list[str]
) -> None:
    learner = OnlineLearner(pretrained_scorer)

    batch = pretrained_scorer.answers(tweet_texts, top_k=3)
    answers = OnlineScorer(pretrained_scorer, learner.weights).answers(tweet_texts, top_k=3)

    assert (answers.labels[:, 0] == batch.labels[:, 0]).all()
    assert (answers.sentiments == batch.sentiments).all()
    assert answers.probabilities == pytest.approx(batch.probabilities, abs=1e-7)


def test_a_new_meaning_of_a_label_is_learned_from_a_few_tweets(
    pretrained_scorer: Scorer, tweet_texts: list[str]
) -> None:
    answers = pretrained_scorer.answers(tweet_texts, top_k=1)
    earnings = [text for text, best in zip(tweet_texts, answers.labels[:, 0], strict=True) if best == 5]
    learner = OnlineLearner(pretrained_scorer)

    learner.learn(earnings[:10], all_of(Label.CURRENCIES, None, count=10))

    said = served(learner, pretrained_scorer, earnings[10:])[:, : len(LABELS)].argmax(axis=1)
    assert {LABELS[column] for column in said} == {Label.CURRENCIES}


def test_a_new_word_is_learned(pretrained_scorer: Scorer) -> None:
    learner = OnlineLearner(pretrained_scorer)
    text = "zorblax quenfrit ships now"
    before = served(learner, pretrained_scorer, [text])[0, LABELS.index(Label.ENERGY_OIL)]

    learner.learn([text] * 20, all_of(Label.ENERGY_OIL, None, count=20))

    assert before < 0.1
    assert served(learner, pretrained_scorer, ["zorblax quenfrit"])[0].argmax() == LABELS.index(Label.ENERGY_OIL)


@pytest.mark.parametrize(
    ("label", "sentiment", "head"),
    [(Label.EARNINGS, None, 0), (None, Sentiment.BEARISH, 1)],
    ids=["label", "sentiment"],
)
def test_a_label_for_one_head_leaves_the_other_alone(
    pretrained_scorer: Scorer, tweet_texts: list[str], label: Label | None, sentiment: Sentiment | None, head: int
) -> None:
    learner = OnlineLearner(pretrained_scorer)
    before = served(learner, pretrained_scorer, tweet_texts)

    learner.learn(tweet_texts, all_of(label, sentiment, count=len(tweet_texts)))

    after = served(learner, pretrained_scorer, tweet_texts)
    columns = (slice(0, len(LABELS)), slice(len(LABELS), COLUMNS))
    assert (after[:, columns[1 - head]] == before[:, columns[1 - head]]).all()
    assert (after[:, columns[head]] != before[:, columns[head]]).any()
    assert learner.weights.learned.tolist() == [len(tweet_texts) * (head == 0), len(tweet_texts) * (head == 1)]


def test_a_text_without_any_label_teaches_nothing(pretrained_scorer: Scorer, tweet_texts: list[str]) -> None:
    learner = OnlineLearner(pretrained_scorer)
    before = learner.snapshot()

    learner.learn(tweet_texts, np.full((len(tweet_texts), 2), UNKNOWN))

    assert learner.snapshot() == before


def test_a_text_is_scored_before_it_is_learned(pretrained_scorer: Scorer, tweet_texts: list[str]) -> None:
    learner = OnlineLearner(pretrained_scorer)
    learner.learn(tweet_texts[:200], all_of(Label.MACRO, Sentiment.BEARISH, count=200))
    before = served(learner, pretrained_scorer, tweet_texts[200:201])

    scores = learner.learn(tweet_texts[200:201], all_of(Label.IPO, Sentiment.BULLISH, count=1))

    assert (scores.served == before).all()
    assert (scores.batch == pretrained_scorer.answers(tweet_texts[200:201], top_k=1).probabilities).all()
    assert (served(learner, pretrained_scorer, tweet_texts[200:201]) != before).all()


def test_the_number_of_calls_makes_no_difference(pretrained_scorer: Scorer, tweet_texts: list[str]) -> None:
    truth = all_of(Label.MACRO, Sentiment.BEARISH, count=100)
    at_once, one_by_one = OnlineLearner(pretrained_scorer), OnlineLearner(pretrained_scorer)

    at_once.learn(tweet_texts[:100], truth)
    for place in range(100):
        one_by_one.learn(tweet_texts[place : place + 1], truth[place : place + 1])

    assert one_by_one.snapshot() == at_once.snapshot()


def test_any_text_is_learned_and_answered_with_probabilities(pretrained_scorer: Scorer, tweet_texts: list[str]) -> None:
    learner = OnlineLearner(pretrained_scorer)
    for _ in range(50):
        learner.learn(AWKWARD, all_of(Label.IPO, Sentiment.BULLISH, count=len(AWKWARD)))

    said = served(learner, pretrained_scorer, [*AWKWARD, *tweet_texts])

    assert said.min() >= 0
    assert said[:, : len(LABELS)].sum(axis=1) == pytest.approx(1)
    assert said[:, len(LABELS) :].sum(axis=1) == pytest.approx(1)
    assert np.abs(learner.weights.words.astype(int)).max() <= LARGEST_STEP


def test_labels_that_contradict_each_other_for_ever_stay_within_bounds(pretrained_scorer: Scorer) -> None:
    learner = OnlineLearner(pretrained_scorer)
    truth = np.array([truth_of(label, None) for label in (Label.IPO, Label.MACRO)] * 2_500)

    learner.learn(["one word"] * 5_000, truth)

    weights = learner.weights
    assert np.abs(weights.words.astype(int)).max() < 16 * STEPS_PER_UNIT
    assert np.abs(weights.label_confusions).max() < 16


@pytest.mark.parametrize("largest_step", [1, 300, LARGEST_STEP])
def test_workers_answer_by_the_rules_whatever_was_learned(
    pretrained_scorer: Scorer, tweet_texts: list[str], largest_step: int
) -> None:
    weights, chooser = fresh_weights(), np.random.default_rng(largest_step)
    moved = chooser.integers(0, len(weights.words), len(weights.words) // 2)
    weights.words[moved] = chooser.integers(-largest_step, largest_step, (len(moved), COLUMNS), endpoint=True)
    weights.label_confusions[:] = chooser.normal(0, largest_step / 100, weights.label_confusions.shape)
    weights.sentiment_confusions[:] = chooser.normal(0, largest_step / 100, weights.sentiment_confusions.shape)
    weights.votes[:] = chooser.dirichlet([1, 1, 1], 2)
    texts = [*tweet_texts, *AWKWARD]

    answers = OnlineScorer(pretrained_scorer, weights).answers(texts, top_k=1)

    expected = answers_by_the_rules(pretrained_scorer, weights, texts)
    assert np.abs(answers.probabilities - expected).max() < 1e-9


def answers_by_the_rules(scorer: Scorer, weights: OnlineWeights, texts: list[str]) -> FloatArray:
    """Compute `models.online.rules` in NumPy, a text after the other."""
    squares = np.full(FEATURE_COUNT, LARGEST)
    squares[scorer.weights.ids] = scorer.weights.table[:, -1]
    batch, rows = scorer.answers(texts, top_k=1), []
    for probabilities, begin, end in zip(batch.probabilities, batch.starts, batch.starts[1:], strict=False):
        ids = batch.ids[begin:end]
        length = np.sqrt(max(squares[ids].sum(), 1))
        learned = np.sqrt(squares[ids]) / length @ (weights.words[ids % WORD_ROWS] / STEPS_PER_UNIT)
        answer = np.empty(COLUMNS)
        for head, confusions in enumerate((weights.label_confusions, weights.sentiment_confusions)):
            own = HEAD_COLUMNS[head]
            said = [probabilities[own]]
            for least, confusion in zip(LEAST_PROBABILITIES, confusions, strict=True):
                scores = np.log(np.maximum(probabilities[own], least)) + probabilities[own] @ confusion + learned[own]
                shares = np.exp(scores - scores.max())
                said.append(shares / shares.sum())
            answer[own] = weights.votes[head] @ np.array(said) / weights.votes[head].sum()
        rows.append(answer)
    return np.array(rows)


def test_threads_that_answer_at_once_say_the_same(pretrained_scorer: Scorer, tweet_texts: list[str]) -> None:
    learner = OnlineLearner(pretrained_scorer)
    learner.learn(tweet_texts, all_of(Label.MACRO, Sentiment.BEARISH, count=len(tweet_texts)))
    scorer = OnlineScorer(pretrained_scorer, learner.weights)

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: scorer.answers(tweet_texts, top_k=3).probabilities, range(16)))

    assert all((one == said[0]).all() for one in said)


def test_the_largest_probabilities_are_named_first(pretrained_scorer: Scorer, tweet_texts: list[str]) -> None:
    learner = OnlineLearner(pretrained_scorer)
    learner.learn(tweet_texts, all_of(Label.MACRO, Sentiment.BEARISH, count=len(tweet_texts)))

    answers = OnlineScorer(pretrained_scorer, learner.weights).answers(tweet_texts, top_k=20)

    labels = answers.probabilities[:, : len(LABELS)]
    assert (answers.labels[:, 0] == labels.argmax(axis=1)).all()
    assert answers.label_scores == pytest.approx(-np.sort(-labels, axis=1), abs=1e-6)
    bearish, bullish = answers.probabilities[:, len(LABELS)], answers.probabilities[:, len(LABELS) + 1]
    assert answers.sentiment_scores == pytest.approx(bullish - bearish, abs=1e-6)


@pytest.mark.parametrize("truth", [[[20, -1]], [[-1, 3]], [[0]], [[0, 0], [0, 0]]])
def test_classes_that_are_none_are_refused(pretrained_scorer: Scorer, truth: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="truth has"):
        OnlineLearner(pretrained_scorer).learn(["a text"], np.array(truth))
