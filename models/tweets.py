"""From the fields of an X API v2 tweet to a `Tweet`: the rules that stream and HTTP share."""

import re
from enum import StrEnum
from typing import Annotated

import msgspec

from models.errors import MalformedRecordError
from models.records import Tweet
from models.text import tickers

MAX_TEXT_CHARACTERS = 25_000  # the longest post that X lets a paying account write

ID = re.compile(r"[0-9]{1,19}", re.ASCII)  # a 64-bit number, see X API v2 "Twitter IDs"
# Digits are written out, as schemas show this pattern to readers whose `\d` is another.
_TWO = "[0-9]{2}"
CREATED_AT = re.compile(rf"[0-9]{{4}}-{_TWO}-{_TWO}T{_TWO}:{_TWO}:{_TWO}(?:\.[0-9]{{1,9}})?(?:Z|[+-]{_TWO}:?{_TWO})")

# What schemas say of these values; `read_tweet` checks them, with a reason each.
TweetId = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{ID.pattern}$"})]
TweetText = Annotated[
    str, msgspec.Meta(extra_json_schema={"minLength": 1, "maxLength": MAX_TEXT_CHARACTERS, "pattern": r"\S"})
]
Moment = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{CREATED_AT.pattern}$"})]


class Reason(StrEnum):
    """Why a record is no tweet; the `reason` header of a dead letter."""

    NULL_VALUE = "null_value"
    NOT_UTF8 = "not_utf8"
    INVALID_JSON = "invalid_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    INVALID_ID = "invalid_id"
    EMPTY_TEXT = "empty_text"
    TEXT_TOO_LONG = "text_too_long"
    INVALID_CREATED_AT = "invalid_created_at"


class Cashtag(msgspec.Struct, frozen=True, gc=False):
    """One element of `entities.cashtags`; the positions are not needed."""

    tag: str


class Entities(msgspec.Struct, frozen=True, gc=False):
    """The part of a tweet's `entities` that is read."""

    cashtags: list[Cashtag] | None = None


class TweetFields(msgspec.Struct, frozen=True, gc=False):
    """The fields of an X API v2 tweet that are read; all others are ignored."""

    text: TweetText
    id: TweetId | None = None
    created_at: Moment | None = None
    entities: Entities | None = None


class TweetRecord(msgspec.Struct, frozen=True, gc=False):
    """A tweet as it is sent: flat, or wrapped in `data` as X's streams send it."""

    data: TweetFields | msgspec.UnsetType | None = msgspec.UNSET
    text: str | msgspec.UnsetType = msgspec.UNSET
    id: str | None = None
    created_at: str | None = None
    entities: Entities | None = None


def tweet_fields(record: TweetRecord) -> TweetFields:
    """Unwrap a tweet; `data` wins where both shapes are there.

    Raises:
        MalformedRecordError: with reason `missing_field`; neither shape has a text.

    >>> tweet_fields(TweetRecord(data=TweetFields(text="up"))).text
    'up'
    """
    if isinstance(record.data, TweetFields):
        return record.data
    if record.data is None or isinstance(record.text, msgspec.UnsetType):
        raise MalformedRecordError(Reason.MISSING_FIELD, "a tweet needs a text, flat or in data")
    return TweetFields(text=record.text, id=record.id, created_at=record.created_at, entities=record.entities)


def read_tweet(fields: TweetFields) -> Tweet:
    """Check the fields and make a tweet of them.

    Tickers are the cashtags that X marked, or where it marked none, those that stand in the text.

    Raises:
        MalformedRecordError: with reason `invalid_id`, `empty_text`, `text_too_long` or `invalid_created_at`.

    >>> read_tweet(TweetFields(text="$aapl beats, $AAPL up 3%", id="1")).tickers
    ('AAPL',)
    """
    text = fields.text
    if fields.id is not None and not ID.fullmatch(fields.id):
        raise MalformedRecordError(Reason.INVALID_ID, "id must be 1 to 19 digits")
    check_text(text)
    if fields.created_at is not None and not CREATED_AT.fullmatch(fields.created_at):
        raise MalformedRecordError(
            Reason.INVALID_CREATED_AT, "created_at must be ISO 8601 with a zone, as 2026-01-31T09:30:00.000Z"
        )
    return Tweet(text=text, id=fields.id, created_at=fields.created_at, tickers=_tickers(fields))


def check_text(text: str) -> None:
    """Check the text of a tweet.

    Raises:
        MalformedRecordError: with reason `empty_text` or `text_too_long`.
    """
    if not text or text.isspace():
        raise MalformedRecordError(Reason.EMPTY_TEXT, "text must hold more than white space")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise MalformedRecordError(
            Reason.TEXT_TOO_LONG, f"text has {len(text)} characters, {MAX_TEXT_CHARACTERS} are allowed"
        )


def _tickers(fields: TweetFields) -> tuple[str, ...]:
    if fields.entities is not None and fields.entities.cashtags:
        return tuple(dict.fromkeys([cashtag.tag.upper() for cashtag in fields.entities.cashtags]))
    return tickers(fields.text)
