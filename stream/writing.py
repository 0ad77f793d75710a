"""Write the answers to the tweets of a chunk: the same bytes as `encode` of their records, without making the records.

An answer is put together from its JSON parts. What few values can be (a label, a sentiment) is encoded once, what is
the same in a chunk (model, time) once a chunk, and all probabilities of a chunk in one call.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from models.predictions import ANSWERERS, OpinionColumns, Predictions
from models.records import ModelVersion, Tweet
from models.taxonomy import ANSWERS, LABELS, SENTIMENTS

_encode = msgspec.json.Encoder().encode

# Parts of an answer's JSON, by the places of what they say in `ANSWERS`, `ANSWERERS`, `LABELS` and `SENTIMENTS`.
ANSWER_MEMBERS = tuple(b',"label":' + _encode(label) + b',"label_score":' for label in ANSWERS)
ANSWERED_BY = tuple(b',"answered_by":' + _encode(answerer) for answerer in ANSWERERS)
SENTIMENT_ANSWERED_BY = tuple(b',"sentiment_answered_by":' + _encode(answerer) for answerer in ANSWERERS)
BATCH_LABELS, ONLINE_LABELS = (
    tuple(begin + b'{"label":' + _encode(label) + b',"label_score":' for label in LABELS)
    for begin in (b',"opinions":{"batch":', b'},"online":')
)
NO_OPINIONS = b',"opinions":{}'
LABEL_KEYS = tuple(_encode(label) + b":" for label in LABELS)
SENTIMENT_MEMBERS = tuple(b',"sentiment":' + _encode(sentiment) + b',"sentiment_score":' for sentiment in SENTIMENTS)


def write_answers(
    tweets: Sequence[Tweet], predictions: Predictions, *, classified_at: str
) -> Iterator[tuple[bytes, bytes]]:
    """Write each tweet's answers.

    Args:
        tweets: n tweets.
        predictions: n predictions.
        classified_at: see `models.records.ClassifiedTweet`.

    Returns:
        For each tweet the JSON of its `ClassifiedTweet` and of its `TweetSentiment`.
    """
    columns = predictions.columns
    ending = answer_ending(predictions.model, classified_at)
    label_scores = _numbers(columns.label_scores.ravel())
    rows = zip(
        tweets,
        predictions.answers().tolist(),
        _grouped(label_scores, columns.labels),
        columns.sentiments.tolist(),
        _numbers(columns.sentiment_scores),
        columns.answerers.tolist(),
        columns.sentiment_answerers.tolist(),
        _opinions(predictions),
        strict=True,
    )
    for tweet, answer, (label_score, labels), sentiment, sentiment_score, answerer, sentiment_answerer, said in rows:
        tweet_id = _encode(tweet.id)
        when = b',"created_at":' + _encode(tweet.created_at) + b',"tickers":' + _encode(tweet.tickers)
        leaning = SENTIMENT_MEMBERS[sentiment] + sentiment_score
        yield (
            b"".join(
                (
                    b'{"id":',
                    tweet_id,
                    b',"text":',
                    _encode(tweet.text),
                    when,
                    ANSWER_MEMBERS[answer],
                    label_score,
                    b',"labels":{',
                    labels,
                    b"}",
                    leaning,
                    ANSWERED_BY[answerer],
                    SENTIMENT_ANSWERED_BY[sentiment_answerer],
                    said,
                    ending,
                )
            ),
            b"".join((b'{"id":', tweet_id, when, leaning, ending)),
        )


def answer_ending(model: ModelVersion, classified_at: str) -> bytes:
    """Write what ends the JSON of all answers of a chunk."""
    return b',"model":' + _encode(model) + b',"classified_at":' + _encode(classified_at) + b"}"


def _opinions(predictions: Predictions) -> list[bytes]:
    """Give of each tweet the member `opinions`."""
    said = [NO_OPINIONS] * len(predictions)
    if predictions.opinions is not None:
        disputes = np.flatnonzero(predictions.disputes())
        parts: list[list[bytes]] = []
        for labels, opinion in zip((BATCH_LABELS, ONLINE_LABELS), predictions.opinions, strict=True):
            columns = OpinionColumns._make(column[disputes] for column in opinion)
            parts += [
                [labels[label] for label in columns.labels.tolist()],
                _numbers(columns.label_scores),
                [SENTIMENT_MEMBERS[sentiment] for sentiment in columns.sentiments.tolist()],
                _numbers(columns.sentiment_scores),
            ]
        for place, pieces in zip(disputes.tolist(), zip(*parts, strict=True), strict=True):
            said[place] = b"".join((*pieces, b"}}"))
    return said


def _grouped(label_scores: list[bytes], labels: Any) -> Iterator[tuple[bytes, bytes]]:  # noqa: ANN401  # an array
    """Give of each tweet the probability of its first label, and the members of its `labels`."""
    members = [LABEL_KEYS[label] + score for label, score in zip(labels.ravel().tolist(), label_scores, strict=True)]
    width = labels.shape[1]
    for start in range(0, len(members), width):
        yield label_scores[start], b",".join(members[start : start + width])


def _numbers(column: Any) -> list[bytes]:  # noqa: ANN401  # an array
    """Encode many numbers at once: one call costs less than the many."""
    return _encode(column.tolist())[1:-1].split(b",") if len(column) else []
