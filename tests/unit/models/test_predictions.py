import numpy as np
import pytest

from models.predictions import Columns, OpinionColumns, Opinions, Predictions
from models.records import ModelVersion, Opinion
from models.taxonomy import LABELS, OTHER, SENTIMENTS

MODEL = ModelVersion("tiny", "3")


@pytest.fixture
def predictions() -> Predictions:
    columns = Columns(
        labels=np.array([[4, 1], [0, 9], [7, 2]]),
        label_scores=np.array([[0.75, 0.125], [0.5, 0.25], [1.0, 0.0]]),
        sentiments=np.array([0, 1, 2]),
        sentiment_scores=np.array([-0.5, 0.0, 0.25]),
        answerers=np.array([0, 2, 0]),
        sentiment_answerers=np.array([0, 1, 0]),
    )
    return Predictions(columns, model=MODEL)


def test_records_hold_what_the_columns_say(predictions: Predictions) -> None:
    second = list(predictions)[1]

    assert (second.label, second.label_score) == (LABELS[0], 0.5)
    assert second.labels == {LABELS[0]: 0.5, LABELS[9]: 0.25}
    assert list(second.labels) == [LABELS[0], LABELS[9]]
    assert (second.sentiment, second.sentiment_score) == (SENTIMENTS[1], 0.0)
    assert (second.answered_by, second.sentiment_answered_by, second.model) == ("teacher", "online", MODEL)
    assert second.opinions == {}


def test_opinions_stand_where_the_models_differ(predictions: Predictions) -> None:
    batch = OpinionColumns(np.array([4, 0, 7]), np.array([0.75, 0.5, 1.0]), np.array([0, 1, 2]), np.zeros(3))
    online = batch._replace(labels=np.array([4, 1, 7]), sentiment_scores=np.array([0.1, 0.2, 0.3]))
    opinionated = Predictions(predictions.columns, model=MODEL, opinions=Opinions(batch, online))

    second = opinionated[1]

    assert second.opinions == {
        "batch": Opinion(LABELS[0], 0.5, SENTIMENTS[1], 0.0),
        "online": Opinion(LABELS[1], 0.5, SENTIMENTS[1], 0.2),
    }
    assert [one.opinions for one in opinionated] == [{}, second.opinions, {}]
    assert opinionated.disputes().tolist() == [False, True, False]


def test_record_by_its_place_is_that_of_the_row(predictions: Predictions) -> None:
    rows = list(predictions)

    assert [predictions[place] for place in (0, 1, 2, -1, -3)] == [rows[0], rows[1], rows[2], rows[2], rows[0]]
    assert list(predictions[1:]) == rows[1:]
    assert len(predictions) == 3


def test_unsure_label_is_other_and_the_rest_stays(predictions: Predictions) -> None:
    unsure = Predictions(predictions.columns, model=MODEL, abstain_below=0.75)

    assert [one.label for one in unsure] == [LABELS[4], OTHER, LABELS[7]]
    assert unsure.answers().tolist() == [4, 20, 7]
    assert [(one.label_score, one.labels, one.best_label) for one in unsure] == [
        (one.label_score, one.labels, one.label) for one in predictions
    ]
    assert [one.label for one in unsure[1:]] == [OTHER, LABELS[7]]


@pytest.mark.parametrize("place", [3, -4])
def test_place_beyond_the_tweets_is_an_index_error(predictions: Predictions, place: int) -> None:
    with pytest.raises(IndexError):
        predictions[place]
