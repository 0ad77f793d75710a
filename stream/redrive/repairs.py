"""Repairs of records that were refused: each changes one thing, says so, and what it gives is judged like any input."""

import codecs
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from models.errors import MalformedRecordError
from models.tweets import MAX_TEXT_CHARACTERS, Reason
from stream.codecs import decode_feedback, decode_tweet

Fields = dict[str, Any]
Judge = Callable[[bytes | None], object]

_MOST_REPAIRS = 6
_NO_TIME = "created_at left out, which is no time"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Repaired(NamedTuple):
    """What became of a value.

    Attributes:
        value: after the repairs, or as it was.
        repairs: what was done, in this order; empty if nothing had to be.
        refusal: why it is still refused; empty if it is not.
    """

    value: bytes | None
    repairs: tuple[str, ...]
    refusal: str


def repaired(value: bytes | None, *, judge: Judge) -> Repaired:
    r"""Repair what can be, step by step, until the judge takes the value or no repair is known.

    Args:
        value: of a record that was refused.
        judge: `decode_tweet` or `decode_feedback`.

    >>> repaired(b'\xef\xbb\xbf{"id": 7, "text": "up"}', judge=decode_tweet)
    Repaired(value=b'{"id": "7", "text": "up"}', repairs=('read as utf-8-sig', 'id written as text'), refusal='')
    """
    done: list[str] = []
    for _ in range(_MOST_REPAIRS):
        try:
            judge(value)
        except MalformedRecordError as exc:
            found = _REPAIRS.get(exc.reason, _no_repair)(value or b"")
            if found is None:
                return Repaired(value, tuple(done), f"{exc.reason}: {exc}")
            value, repair = found
            done.append(repair)
        else:
            return Repaired(value, tuple(done), "")
    return Repaired(value, tuple(done), "it is refused after each repair")


def judge_of(topic: str, *, feedback: str) -> Judge:
    """Give what decides about records of an input topic.

    Args:
        topic: full name.
        feedback: full name of the feedback topic.
    """
    return decode_feedback if topic == feedback else decode_tweet


def _no_repair(_: bytes) -> None:
    return None


def _as_utf8(value: bytes) -> tuple[bytes, str] | None:
    coding = "utf-16" if value.startswith(_UTF16) else "cp1252"
    try:
        return value.decode(coding).encode(), f"read as {coding}"
    except UnicodeDecodeError:
        return None


def _without_mark(value: bytes) -> tuple[bytes, str] | None:
    if value.startswith(codecs.BOM_UTF8):
        return value.removeprefix(codecs.BOM_UTF8), "read as utf-8-sig"
    return _as_utf8(value) if value.startswith(_UTF16) else None


def _with_id_as_text(value: bytes) -> tuple[bytes, str] | None:
    def change(fields: Fields) -> bool:
        name = next((name for name in ("id", "tweet_id") if type(fields.get(name)) is int), None)
        if name is not None:
            fields[name] = str(fields[name])
        return name is not None

    return _changed(value, change, "id written as text")


def _without_time(value: bytes) -> tuple[bytes, str] | None:
    return _changed(value, lambda fields: fields.pop("created_at", None) is not None, _NO_TIME)


def _cut(value: bytes) -> tuple[bytes, str] | None:
    def change(fields: Fields) -> bool:
        text = fields.get("text")
        if not isinstance(text, str) or len(text) <= MAX_TEXT_CHARACTERS:
            return False
        fields["text"] = text[:MAX_TEXT_CHARACTERS]
        return True

    return _changed(value, change, f"text cut after {MAX_TEXT_CHARACTERS:,} characters")


def _wrong_type(value: bytes) -> tuple[bytes, str] | None:
    def change(fields: Fields) -> bool:
        if isinstance(fields.get("created_at"), str | None):
            return False
        del fields["created_at"]
        return True

    return _with_id_as_text(value) or _changed(value, change, _NO_TIME)


def _changed(value: bytes, change: Callable[[Fields], bool], repair: str) -> tuple[bytes, str] | None:
    try:
        record = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    inner = record.get("data")
    if not change(inner if isinstance(inner, dict) else record):
        return None
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass"), repair


_REPAIRS: dict[str, Callable[[bytes], tuple[bytes, str] | None]] = {
    Reason.NOT_UTF8: _as_utf8,
    Reason.INVALID_JSON: _without_mark,
    Reason.WRONG_TYPE: _wrong_type,
    Reason.INVALID_CREATED_AT: _without_time,
    Reason.TEXT_TOO_LONG: _cut,
}
