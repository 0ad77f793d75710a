"""Bytes <-> records: the HTTP edge of `models.tweets`, `models.feedback` and `models.records`."""

from collections.abc import Sequence
from functools import partial

import msgspec

from api.bodies import ListBody, WrongField, check_count, checked, invalid, is_string, read_each, read_json
from models.feedback import Feedback, FeedbackFields, FeedbackReason, read_feedback
from models.records import ClassifiedTweet, Tweet
from models.tweets import Reason, TweetFields, TweetRecord, read_tweet, tweet_fields

DEFAULT_SOURCE = "api"
MIXED_INPUT = "mixed_input"
"""The code of a body that holds two kinds of input where one is read."""

_FIELD_OF_TWEET = {
    Reason.INVALID_ID: "id",
    Reason.EMPTY_TEXT: "text",
    Reason.TEXT_TOO_LONG: "text",
    Reason.INVALID_CREATED_AT: "created_at",
    Reason.MISSING_FIELD: "text",
}
_FIELD_OF_FEEDBACK: dict[str, str] = {
    Reason.INVALID_ID: "tweet_id",
    Reason.EMPTY_TEXT: "text",
    Reason.TEXT_TOO_LONG: "text",
    FeedbackReason.UNKNOWN_LABEL: "label",
    FeedbackReason.UNKNOWN_SENTIMENT: "sentiment",
    FeedbackReason.NO_LABEL: "label",
    FeedbackReason.INVALID_SOURCE: "source",
    FeedbackReason.INVALID_LABELLED_AT: "labelled_at",
}


class Accepted(msgspec.Struct, frozen=True):
    """The answer of `POST /feedback`.

    Attributes:
        accepted: elements that Kafka has acknowledged: all that were sent.
    """

    accepted: int


class _PredictBody(msgspec.Struct, frozen=True):
    texts: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    text: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Predictions(msgspec.Struct, frozen=True):
    predictions: Sequence[ClassifiedTweet]


def _place_in_tweet(record: TweetRecord, reason: str) -> str:
    field = _FIELD_OF_TWEET[Reason(reason)]
    return f"data.{field}" if isinstance(record.data, TweetFields) else field


_feedback = ListBody("feedback", FeedbackFields, place_of=lambda _, reason: _FIELD_OF_FEEDBACK[reason])
_predict_decoder = msgspec.json.Decoder(_PredictBody)
_tweet_decoder = msgspec.json.Decoder(TweetRecord)
_text_decoder = msgspec.json.Decoder(str)
_encoder = msgspec.json.Encoder()


def decode_request(body: bytes, *, max_texts: int) -> list[Tweet]:
    """Read the body of `POST /predict`.

    Args:
        body: JSON in UTF-8: an object with 1 to `max_texts` texts, or as many tweets, in `texts`; or one tweet. Unknown
            fields are ignored.
        max_texts: most texts in one request.

    Raises:
        MalformedBodyError: no JSON in UTF-8.
        InvalidBodyError: JSON of another shape; names the first wrong field of each text.

    >>> decode_request(b'{"texts": ["$TSLA up"]}', max_texts=10)[0].tickers
    ('TSLA',)
    >>> decode_request(b'{"text": "$TSLA up", "id": "1"}', max_texts=10)[0].id
    '1'
    """
    return read_json(body, lambda content: _tweets(content, max_texts))


def _tweets(body: bytes, max_texts: int) -> list[Tweet]:
    members = _predict_decoder.decode(body)
    texts = members.texts
    alone = next((name for name in ("text", "data") if getattr(members, name) is not msgspec.UNSET), None)
    if isinstance(texts, msgspec.UnsetType):
        if alone is None:
            raise invalid([WrongField("texts", Reason.MISSING_FIELD, "this field is required")])
        return read_each([msgspec.Raw(body)], _tweet, place="")
    if alone is not None:
        raise invalid([WrongField(alone, MIXED_INPUT, "a body holds texts or one tweet, not both")])
    check_count("texts", len(texts), most=max_texts)
    return read_each(texts, _text if is_string(texts[0]) else _tweet, place="texts[{}]")


def _tweet(raw: msgspec.Raw) -> Tweet:
    return checked(
        _tweet_decoder.decode(raw), lambda record: read_tweet(tweet_fields(record)), place_of=_place_in_tweet
    )


def _text(raw: msgspec.Raw) -> Tweet:
    return text_alone(_text_decoder.decode(raw))


def text_alone(text: str) -> Tweet:
    """Make a tweet of a text that has no fields around it.

    Raises:
        WrongElementError: the text is empty or too long.
    """
    return checked(TweetFields(text=text), read_tweet, place_of=lambda *_: "")


def decode_feedback(body: bytes, *, max_texts: int, labelled_at: str) -> list[Feedback]:
    """Read the body of `POST /feedback`.

    Args:
        body: JSON in UTF-8, an object with 1 to `max_texts` elements in `feedback`; unknown fields are ignored.
        max_texts: most elements in one request.
        labelled_at: stands where an element does not say when; `DEFAULT_SOURCE` where it does not say who.

    Raises:
        MalformedBodyError: no JSON in UTF-8.
        InvalidBodyError: JSON of another shape; names the first wrong field of each element.

    >>> [given] = decode_feedback(
    ...     b'{"feedback": [{"tweet_id": "1", "label": "IPO"}]}', max_texts=10, labelled_at="2026-01-31T09:30:00.000Z"
    ... )
    >>> given.label, given.source
    (<Label.IPO: 'IPO'>, 'api')
    """
    read = partial(read_feedback, source=DEFAULT_SOURCE, labelled_at=labelled_at)
    return _feedback.read(body, read, most=max_texts)


def encode_answer(predictions: Sequence[ClassifiedTweet]) -> bytes:
    """Write the answer of `POST /predict`."""
    return _encoder.encode(_Predictions(predictions))


def encode(record: msgspec.Struct) -> bytes:
    """Write a record as JSON in UTF-8."""
    return _encoder.encode(record)
