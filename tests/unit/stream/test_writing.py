"""The bytes are those of the records: `encode(classified_tweet(...))` is the definition."""

from itertools import islice

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import ProjectSettings
from models.predictions import ANSWERERS, Columns, OpinionColumns, Opinions, Predictions
from models.predictor import pretrained_predictor
from models.records import ModelVersion, Tweet, classified_tweet, tweet_sentiment
from models.taxonomy import LABELS, SENTIMENTS
from stream.codecs import decode_tweet, encode
from stream.feed.files import read_records
from stream.writing import write_answers

NOW = "2026-01-01T00:00:00.250Z"
FEED = ProjectSettings().data_dir / "feed.jsonl.gz"

texts = st.text(st.characters(exclude_categories=["Cs"]))  # JSON has no lone surrogates, so a codec lets none through
tweets = st.builds(Tweet, text=texts, id=st.none() | texts, created_at=st.none() | texts, tickers=st.tuples(texts))
millionths = st.integers(0, 1_000_000).map(lambda number: number / 1e6)


def opinion_columns(count: int) -> st.SearchStrategy[OpinionColumns]:
    def column(values: st.SearchStrategy[int] | st.SearchStrategy[float], dtype: type) -> st.SearchStrategy[np.ndarray]:
        return st.lists(values, min_size=count, max_size=count).map(lambda drawn: np.array(drawn, dtype=dtype))

    return st.builds(
        OpinionColumns,
        column(st.integers(0, len(LABELS) - 1), np.int64),
        column(millionths, np.float64),
        column(st.integers(0, len(SENTIMENTS) - 1), np.int64),
        column(millionths, np.float64),
    )


@st.composite
def answered(draw: st.DrawFn) -> tuple[list[Tweet], Predictions]:
    its_tweets = draw(st.lists(tweets, max_size=5))
    count, width = len(its_tweets), draw(st.integers(1, len(LABELS)))
    rows = [draw(st.permutations(range(len(LABELS)))) for _ in its_tweets]
    columns = Columns(
        labels=np.array(rows, dtype=np.int64).reshape(count, len(LABELS))[:, :width],
        label_scores=np.array([[draw(millionths) for _ in range(width)] for _ in its_tweets]).reshape(count, width),
        sentiments=np.array([draw(st.integers(0, len(SENTIMENTS) - 1)) for _ in its_tweets], dtype=np.int64),
        sentiment_scores=np.array([draw(millionths) * draw(st.sampled_from([1, -1])) for _ in its_tweets]),
        answerers=np.array([draw(st.integers(0, len(ANSWERERS) - 1)) for _ in its_tweets], dtype=np.int64),
        sentiment_answerers=np.array([draw(st.integers(0, len(ANSWERERS) - 1)) for _ in its_tweets], dtype=np.int64),
    )
    opinions = draw(st.none() | st.builds(Opinions, *(opinion_columns(count) for _ in Opinions._fields)))
    model = ModelVersion(draw(texts), draw(texts), draw(st.integers(0, 2**31)))
    below = draw(st.sampled_from([0.0, 0.5, 1.0]))
    return its_tweets, Predictions(columns, model=model, abstain_below=below, opinions=opinions)


def defined(its_tweets: list[Tweet], predictions: Predictions) -> list[tuple[bytes, bytes]]:
    return [
        (
            encode(classified_tweet(tweet, prediction, classified_at=NOW)),
            encode(tweet_sentiment(tweet, prediction, classified_at=NOW)),
        )
        for tweet, prediction in zip(its_tweets, predictions, strict=True)
    ]


@given(answered())
def test_answers_have_the_bytes_of_their_records(example: tuple[list[Tweet], Predictions]) -> None:
    its_tweets, predictions = example

    assert list(write_answers(its_tweets, predictions, classified_at=NOW)) == defined(its_tweets, predictions)


@pytest.mark.skipif(not FEED.exists(), reason=f"{FEED} is not there: set TICKERTAPE_DATA_DIR to a folder that has it")
def test_real_tweets_are_answered_with_the_bytes_of_their_records() -> None:
    records = islice(read_records(str(FEED), file_format="jsonl"), 20_000)
    its_tweets = [decode_tweet(value) for _, value in records]
    predictions = pretrained_predictor(3).predict(its_tweets)

    assert list(write_answers(its_tweets, predictions, classified_at=NOW)) == defined(its_tweets, predictions)


def test_fields_of_the_records_are_those_that_are_written() -> None:
    tweet = Tweet("$TSLA up", "1", None, ("TSLA",))
    columns = Columns(np.array([[3]]), np.array([[0.5]]), np.array([1]), np.array([0.1]), np.array([0]), np.array([0]))
    predictions = Predictions(columns, model=ModelVersion("m", "1"))

    ((classified, sentiment),) = write_answers([tweet], predictions, classified_at=NOW)

    assert list(msgspec.json.decode(classified)) == [
        "id", "text", "created_at", "tickers", "label", "label_score", "labels", "sentiment", "sentiment_score",
        "answered_by", "sentiment_answered_by", "opinions", "model", "classified_at",
    ]  # fmt: skip
    assert list(msgspec.json.decode(sentiment)) == [
        "id", "created_at", "tickers", "sentiment", "sentiment_score", "model", "classified_at",
    ]  # fmt: skip
