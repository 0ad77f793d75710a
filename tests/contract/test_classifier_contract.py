"""The same checks for everything that implements `models.contracts.Predictor` with real weights."""

import copy
from collections.abc import Callable

import numpy as np
import pytest

from models.contracts import Predictor
from models.features import FEATURE_COUNT, feature_ids
from models.online.learner import OnlineLearner
from models.online.predictor import OnlinePredictor
from models.online.scores import OnlineScorer
from models.predictor import ScorerPredictor, pretrained_predictor
from models.records import ModelVersion, Tweet
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import COLUMNS, Weights

TEXTS = (
    "$TSLA jumps 8% after record deliveries https://example.org/a",
    "Fed raises rates by 75 basis points",
    "",
    " \n\t\x00",
    "\ud83d half an emoji",
    "\U0001f680" * 50,
    "&amp;&amp;&#39;&quot;",
    "Kurse fallen in Zürich, 株価は上昇",
    "wordsnobodyeverwrote qqqqzzzz",
    "1,1," * 5000 + "x",
    "$" * 3000,
    "a" * 100_000,
)


def pretrained() -> Predictor:
    return pretrained_predictor(20)


def single_word() -> ScorerPredictor:
    """Weights that know one word, as a new model of scarce data does."""
    return ScorerPredictor(
        Scorer(
            Weights(
                ids=np.array(sorted(feature_ids("fed")), dtype=np.int32),
                table=np.full((1, COLUMNS + 1), 7, dtype=np.int8),
                scales=np.linspace(-1, 1, COLUMNS, dtype=np.float32),
                biases=np.zeros(COLUMNS, dtype=np.float32),
                temperatures=np.array([0.2, 0.5]),
            )
        ),
        ModelVersion("one-word", "1"),
        20,
    )


def learned(batch: ScorerPredictor, answering: tuple[str, str]) -> Predictor:
    """Weights that learned some odd labels."""
    learner = OnlineLearner(batch.scorer)
    truth = np.array([(place, place % 3) for place in range(len(TEXTS))])
    learner.learn(TEXTS * 20, np.tile(truth, (20, 1)))
    return OnlinePredictor(batch, OnlineScorer(batch.scorer, learner.weights), version=12, answering=answering)


def online() -> Predictor:
    return learned(pretrained_predictor(20), ("online", "online"))


def online_for_labels() -> Predictor:
    return learned(pretrained_predictor(20), ("online", "batch"))


def online_for_sentiments() -> Predictor:
    return learned(pretrained_predictor(20), ("batch", "online"))


def online_of_a_single_word() -> Predictor:
    return learned(single_word(), ("online", "online"))


ONLINE = (online, online_for_labels, online_for_sentiments, online_of_a_single_word)


@pytest.fixture(params=[pretrained, single_word, *ONLINE], ids=lambda make: make.__name__)
def predictor(request: pytest.FixtureRequest) -> Predictor:
    make: Callable[[], Predictor] = request.param
    return make()


def test_every_text_is_answered_in_order(predictor: Predictor) -> None:
    predictions = list(predictor.predict([Tweet(text) for text in TEXTS]))

    assert predictions == [predictor.predict([Tweet(text)])[0] for text in TEXTS]


def test_probabilities_are_a_distribution_over_the_labels(predictor: Predictor) -> None:
    for prediction in predictor.predict([Tweet(text) for text in TEXTS]):
        scores = list(prediction.labels.values())
        assert set(prediction.labels) == set(LABELS)
        assert sum(scores) == pytest.approx(1.0, abs=1e-4)
        assert scores == sorted(scores, reverse=True)
        assert (prediction.label, prediction.label_score) == next(iter(prediction.labels.items()))


def test_sentiment_is_one_of_three_and_its_score_within_bounds(predictor: Predictor) -> None:
    for prediction in predictor.predict([Tweet(text) for text in TEXTS]):
        assert prediction.sentiment in SENTIMENTS
        assert -1.0 <= prediction.sentiment_score <= 1.0


def test_every_answer_names_the_model(predictor: Predictor) -> None:
    predictions = list(predictor.predict([Tweet(text) for text in TEXTS]))

    assert {prediction.model for prediction in predictions} == {predictor.model}
    answerers = {(prediction.answered_by, prediction.sentiment_answered_by) for prediction in predictions}
    assert len(answerers) == 1
    assert ("online" in next(iter(answerers))) == (predictor.model.online_version > 0)


def test_opinions_of_both_models_are_told_exactly_where_they_differ(predictor: Predictor) -> None:
    predictions = predictor.predict([Tweet(text) for text in TEXTS])

    disputes = predictions.disputes().tolist()

    assert any(disputes) == (predictor.model.online_version > 0)
    for prediction, is_disputed in zip(predictions, disputes, strict=True):
        assert set(prediction.opinions) == ({"batch", "online"} if is_disputed else set())
        if is_disputed:
            of_batch, of_online = prediction.opinions["batch"], prediction.opinions["online"]
            assert (of_batch.label, of_batch.sentiment) != (of_online.label, of_online.sentiment)


@pytest.mark.parametrize("make", ONLINE, ids=lambda make: make.__name__)
def test_answer_is_the_opinion_of_who_gave_it(make: Callable[[], Predictor]) -> None:
    disputed = [one for one in make().predict([Tweet(text) for text in TEXTS]) if one.opinions]

    assert disputed
    for prediction in disputed:
        of_label = prediction.opinions[prediction.answered_by]
        of_sentiment = prediction.opinions[prediction.sentiment_answered_by]
        assert (prediction.label, prediction.label_score) == (of_label.label, of_label.label_score)
        assert (prediction.sentiment, prediction.sentiment_score) == (
            of_sentiment.sentiment,
            of_sentiment.sentiment_score,
        )


def test_batch_opinion_is_what_the_batch_model_says_alone() -> None:
    alone = list(pretrained().predict([Tweet(text) for text in TEXTS]))
    answers = list(online().predict([Tweet(text) for text in TEXTS]))

    disputed = [(one.opinions["batch"], batch) for one, batch in zip(answers, alone, strict=True) if one.opinions]

    assert disputed
    for said, batch in disputed:
        assert (said.label, said.label_score) == (batch.label, batch.label_score)
        assert (said.sentiment, said.sentiment_score) == (batch.sentiment, batch.sentiment_score)


def test_input_is_not_changed_and_only_the_text_counts(predictor: Predictor) -> None:
    tweets = [Tweet(text, id="1", created_at="2022-07-01T00:00:00Z", tickers=("TSLA",)) for text in TEXTS]
    before = copy.deepcopy(tweets)

    predictions = list(predictor.predict(tweets))

    assert tweets == before
    assert predictions == list(predictor.predict([Tweet(text) for text in TEXTS]))


def test_nothing_is_answered_with_nothing(predictor: Predictor) -> None:
    assert list(predictor.predict([])) == []


def test_features_of_the_texts_stay_in_the_hash_space() -> None:
    assert all(0 <= number < FEATURE_COUNT for text in TEXTS for number in feature_ids(text))
