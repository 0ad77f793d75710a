"""Bytes <-> records: the Kafka edge of `models.tweets`, `models.feedback` and `models.records`."""

from typing import TypeVar

import msgspec

from models.errors import MalformedRecordError
from models.feedback import Feedback, FeedbackFields, LabelledTweet, ToLabel, read_feedback
from models.records import Tweet
from models.tweets import Reason, TweetRecord, read_tweet, tweet_fields

_Record = TypeVar("_Record")

_decoder = msgspec.json.Decoder(TweetRecord)
_feedback_decoder = msgspec.json.Decoder(FeedbackFields)
_to_label_decoder = msgspec.json.Decoder(ToLabel)
_labelled_decoder = msgspec.json.Decoder(LabelledTweet)
_encoder = msgspec.json.Encoder()


def decode_tweet(value: bytes | None) -> Tweet:
    """Read a record of the input topic.

    Args:
        value: JSON in UTF-8, an X API v2 tweet with at least `id` and `text`; None for a tombstone.

    Raises:
        MalformedRecordError: with one of the reasons of `models.tweets.Reason`, and nothing else for any bytes.

    >>> decode_tweet(b'{"data": {"id": "1", "text": "$TSLA up"}, "matching_rules": []}').tickers
    ('TSLA',)
    """
    fields = tweet_fields(decode_as(_decoder, value))
    if fields.id is None:
        raise MalformedRecordError(Reason.MISSING_FIELD, "a tweet needs an id")
    return read_tweet(fields)


def decode_feedback(value: bytes | None) -> Feedback:
    """Read a record of `tweets.feedback`.

    Args:
        value: JSON in UTF-8 with the fields of `models.feedback.Feedback`; None for a tombstone.

    Raises:
        MalformedRecordError: with one of the reasons of `models.tweets.Reason`, or one of the first five of
            `models.feedback.FeedbackReason`, and nothing else for any bytes.
    """
    return read_feedback(decode_as(_feedback_decoder, value))


def decode_to_label(value: bytes | None) -> ToLabel:
    """Read a record of `tweets.to-label`, which workers write.

    Raises:
        MalformedRecordError: it is something else.
    """
    return decode_as(_to_label_decoder, value)


def decode_labelled(value: bytes | None) -> LabelledTweet:
    """Read a record of `tweets.labelled`, which the learner writes.

    Raises:
        MalformedRecordError: it is something else.
    """
    return decode_as(_labelled_decoder, value)


def encode(record: msgspec.Struct) -> bytes:
    """Write a record as JSON in UTF-8; the definition of the bytes that `stream.writing` gives for many at once."""
    return _encoder.encode(record)


def decode_as(decoder: msgspec.json.Decoder[_Record], value: bytes | None) -> _Record:
    """Read JSON in UTF-8; what is in its fields is not checked.

    Args:
        decoder: says what its shape is.
        value: None for a tombstone.

    Raises:
        MalformedRecordError: with one of the first six of `models.tweets.Reason`, and nothing else for any bytes.
    """
    if value is None:
        raise MalformedRecordError(Reason.NULL_VALUE, "the record has no value")
    try:
        if not value.isascii():
            value.decode()  # the decoder does not look into the fields that it skips
        return decoder.decode(value)
    except UnicodeDecodeError as exc:
        raise MalformedRecordError(Reason.NOT_UTF8, f"not UTF-8 at byte {exc.start} of {len(value)}") from exc
    except msgspec.ValidationError as exc:
        raise _misshapen(str(exc)) from exc
    except RecursionError as exc:
        raise MalformedRecordError(Reason.INVALID_JSON, "the JSON is nested too deeply") from exc
    except msgspec.DecodeError as exc:
        raise MalformedRecordError(Reason.INVALID_JSON, str(exc)) from exc


def _misshapen(message: str) -> MalformedRecordError:
    # msgspec names the place and the types, never the value, so the message is safe to keep.
    if message.startswith("Object missing required field"):
        return MalformedRecordError(Reason.MISSING_FIELD, message)
    if message.startswith("Expected `object`") and "$" not in message:
        return MalformedRecordError(Reason.NOT_AN_OBJECT, message)
    return MalformedRecordError(Reason.WRONG_TYPE, message)
