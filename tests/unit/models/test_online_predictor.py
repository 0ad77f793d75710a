"""The predictor that answers with what was learned: whose answer counts, and in whose name."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import numpy as np
import pytest

from models.abstention import Abstention
from models.online.learner import OnlineLearner
from models.online.predictor import OnlinePredictor
from models.online.scores import OnlineScorer
from models.online.truth import truth_of
from models.predictor import ScorerPredictor
from models.records import ModelVersion, Tweet
from models.scorer import Scorer
from models.taxonomy import Label, Sentiment

TEXT = "zorblax quenfrit ships now"
TWEET = Tweet(TEXT)


@pytest.fixture(scope="module")
def online_scorer(pretrained_scorer: Scorer) -> OnlineScorer:
    """What is left of a text that was labelled thirty times as something else."""
    learner = OnlineLearner(pretrained_scorer)
    learner.learn([TEXT] * 30, np.array([truth_of(Label.ENERGY_OIL, Sentiment.BEARISH)] * 30))
    return OnlineScorer(pretrained_scorer, learner.weights)


def predictor_of(
    scorer: Scorer,
    online: OnlineScorer,
    *,
    answering: tuple[str, str] = ("online", "online"),
    abstention: Abstention | None = None,
) -> OnlinePredictor:
    batch = ScorerPredictor(scorer, ModelVersion("tickertape", "7"), 3, abstention=abstention or Abstention())
    return OnlinePredictor(batch, online, version=30, answering=answering)


@pytest.mark.parametrize(
    "answering", [("online", "online"), ("online", "batch"), ("batch", "online"), ("batch", "batch")]
)
def test_each_head_is_answered_by_whom_it_was_given_to(
    pretrained_scorer: Scorer, online_scorer: OnlineScorer, answering: tuple[str, str]
) -> None:
    predictor = predictor_of(pretrained_scorer, online_scorer, answering=answering)
    alone = predictor.batch.predict([TWEET])[0]

    answer = predictor.predict([TWEET])[0]

    assert (answer.answered_by, answer.sentiment_answered_by) == answering
    assert answer.label == (Label.ENERGY_OIL if answering[0] == "online" else alone.label)
    assert answer.sentiment == (Sentiment.BEARISH if answering[1] == "online" else alone.sentiment)
    assert answer.opinions["online"].label == Label.ENERGY_OIL
    assert answer.opinions["batch"].label == alone.label
    assert answer.label in answer.labels
    assert len(answer.labels) == 3


def test_predictor_for_another_number_of_labels_answers_the_same(
    pretrained_scorer: Scorer, online_scorer: OnlineScorer
) -> None:
    predictor = predictor_of(pretrained_scorer, online_scorer, answering=("online", "batch"))

    other = predictor.with_top_k(5)

    (answer,), (before,) = other.predict([TWEET]), predictor.predict([TWEET])
    assert (len(answer.labels), len(before.labels)) == (5, 3)
    assert msgspec.structs.replace(answer, labels=before.labels) == before


def test_online_model_can_be_asked_alone_whoever_wins_the_contest(
    pretrained_scorer: Scorer, online_scorer: OnlineScorer
) -> None:
    predictor = predictor_of(pretrained_scorer, online_scorer, answering=("batch", "batch"))

    other = predictor.with_online_answers()

    (answer,) = other.predict([TWEET])
    assert (answer.answered_by, answer.sentiment_answered_by) == ("online", "online")
    assert (answer.label, answer.sentiment) == (Label.ENERGY_OIL, Sentiment.BEARISH)
    assert answer.model == predictor.model
    assert predictor.answering == ("batch", "batch")


def test_answers_name_batch_and_online_version(pretrained_scorer: Scorer, online_scorer: OnlineScorer) -> None:
    predictor = predictor_of(pretrained_scorer, online_scorer)

    assert predictor.predict([TWEET])[0].model == predictor.model == ModelVersion("tickertape", "7", 30)


def test_mixed_answer_has_the_probabilities_of_each_heads_own(
    pretrained_scorer: Scorer, online_scorer: OnlineScorer
) -> None:
    predictor = predictor_of(pretrained_scorer, online_scorer, answering=("online", "batch"))

    said = predictor.say([TEXT])

    adjusted = online_scorer.answers([TEXT], top_k=3).probabilities
    alone = pretrained_scorer.answers([TEXT], top_k=3).probabilities
    assert said.answers.probabilities[0, :20].tolist() == adjusted[0, :20].tolist()
    assert said.answers.probabilities[0, 20:].tolist() == alone[0, 20:].tolist()


def test_abstaining_counts_for_what_was_learned_too(pretrained_scorer: Scorer, online_scorer: OnlineScorer) -> None:
    predictor = predictor_of(pretrained_scorer, online_scorer, abstention=Abstention(below=0.999))

    answer = predictor.predict([Tweet("good morning everyone")])[0]

    assert answer.label == "other"
    assert answer.answered_by == "online"


def test_threads_get_the_answers_that_one_gets(
    pretrained_scorer: Scorer, online_scorer: OnlineScorer, tweet_texts: list[str]
) -> None:
    predictor = predictor_of(pretrained_scorer, online_scorer)
    tweets = [Tweet(text) for text in tweet_texts]
    alone = list(predictor.predict(tweets))

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda _: list(predictor.predict(tweets)), range(16)))

    assert all(answers == alone for answers in together)
