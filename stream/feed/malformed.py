"""How a generated tweet is spoilt: one way for each reason that the worker knows."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec

from models.tweets import MAX_TEXT_CHARACTERS, Reason

Fields = dict[str, Any]


def spoil(tweet: Fields, reason: Reason, random: Random) -> bytes | None:
    """Make a record of a tweet that must be refused for one reason.

    Args:
        tweet: the fields of a good tweet, flat; left as it is.
        reason: why the result is no tweet.
        random: chooses among the ways to spoil it.

    Returns:
        The record's value; None is a tombstone.
    """
    return _SPOILERS[reason](dict(tweet), random)


def _tombstone(_: Fields, __: Random) -> None:
    return None


def _in_latin_1(tweet: Fields, _: Random) -> bytes:
    # An old client's encoding; the replacement characters of its text become bytes that UTF-8 does not have.
    text = tweet["text"].encode("latin-1", "replace") + " café".encode("latin-1")
    return msgspec.json.encode(tweet | {"text": "@@"}).replace(b"@@", text.replace(b'"', b"'"), 1)


def _cut_off(tweet: Fields, random: Random) -> bytes:
    whole = msgspec.json.encode(tweet).decode()
    return whole[: random.randrange(len(whole) // 4, len(whole) - 1)].encode()


def _not_an_object(tweet: Fields, random: Random) -> bytes:
    return msgspec.json.encode(random.choice([[tweet], tweet["text"], None, 42]))


def _without_text(tweet: Fields, random: Random) -> bytes:
    del tweet["text"]
    return msgspec.json.encode(random.choice([tweet, {"data": tweet}]))


def _wrong_type(tweet: Fields, random: Random) -> bytes:
    # Numbers for ids are the classical mistake: JavaScript's lose their last digits.
    return msgspec.json.encode(tweet | random.choice([{"text": 7}, {"text": None}, {"id": int(tweet["id"])}]))


def _invalid_id(tweet: Fields, random: Random) -> bytes:
    return msgspec.json.encode(tweet | {"id": random.choice(["", "tweet-1", tweet["id"] + "0" * 9, "-5"])})


def _empty_text(tweet: Fields, random: Random) -> bytes:
    return msgspec.json.encode(tweet | {"text": random.choice(["", "   ", "\n\t"])})


def _too_long(tweet: Fields, _: Random) -> bytes:
    return msgspec.json.encode(
        tweet | {"text": (tweet["text"] + " ") * (MAX_TEXT_CHARACTERS // len(tweet["text"]) + 1)}
    )


def _old_time_format(tweet: Fields, _: Random) -> bytes:
    return msgspec.json.encode(tweet | {"created_at": "Mon Jan 05 14:30:00 +0000 2026"})  # as the v1.1 API wrote it


_SPOILERS: Mapping[Reason, Callable[[Fields, Random], bytes | None]] = {
    Reason.NULL_VALUE: _tombstone,
    Reason.NOT_UTF8: _in_latin_1,
    Reason.INVALID_JSON: _cut_off,
    Reason.NOT_AN_OBJECT: _not_an_object,
    Reason.MISSING_FIELD: _without_text,
    Reason.WRONG_TYPE: _wrong_type,
    Reason.INVALID_ID: _invalid_id,
    Reason.EMPTY_TEXT: _empty_text,
    Reason.TEXT_TOO_LONG: _too_long,
    Reason.INVALID_CREATED_AT: _old_time_format,
}
