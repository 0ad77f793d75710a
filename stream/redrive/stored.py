"""A dead letter as it lies in its topic, and as a line of a file that people and programs edit."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import msgspec
from kafka.consumer.fetcher import ConsumerRecord

from models.errors import DataError
from stream.dead_letters import ATTEMPT_HEADER, attempt_of, header_texts
from stream.feed.files import numbered_lines
from stream.framing import Header

_TRACE_HEADER = "traceparent"
_MOST_DIGITS = 18  # of a partition or offset: fits 64 bits


class Origin(NamedTuple):
    """The input that a letter was made of."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Write it as `ce_id` does."""
        return f"{self.topic}-{self.partition}-{self.offset}"


class StoredLetter(msgspec.Struct, frozen=True):
    """One record of the dead-letter topic.

    Attributes:
        position: where it lies, as `PARTITION:OFFSET`.
        origin: the input that was refused; None where the record does not say it.
        attempt: how often that input had been tried, from 1.
        reason, error, time: as its headers say; empty where they don't.
        traceparent: of the trace that it belongs to, if any.
        key: of the input.
        value: the input's bytes, untouched.
    """

    position: str
    origin: Origin | None
    attempt: int
    reason: str
    error: str
    time: str
    traceparent: str
    key: bytes | None
    value: bytes | None

    def line(self) -> bytes:
        """Write it as one JSON object; bytes that are no UTF-8 stand as base64 under `key_base64` and `value_base64`."""
        origin = {} if self.origin is None else self.origin._asdict()
        told = {name: getattr(self, name) for name in ("reason", "error", "time", "traceparent")}
        return msgspec.json.encode(
            {
                "letter": self.position,
                **{name: str(value) for name, value in origin.items()},
                "attempt": str(self.attempt),
                **{name: text for name, text in told.items() if text},
                **_shown("key", self.key),
                **_shown("value", self.value),
            }
        )

    def headers(self, *, attempt: int) -> list[Header]:
        """Give the headers of the input that is sent again."""
        traced = [(_TRACE_HEADER, self.traceparent.encode())] if self.traceparent else []
        return [(ATTEMPT_HEADER, str(attempt).encode()), ("redriven-from", self.position.encode()), *traced]


class _Line(msgspec.Struct):
    letter: str
    attempt: str
    topic: str = ""
    partition: str = ""
    offset: str = ""
    reason: str = ""
    error: str = ""
    time: str = ""
    traceparent: str = ""
    key: str | None = None
    key_base64: bytes | None = None
    value: str | None = None
    value_base64: bytes | None = None


_decoder = msgspec.json.Decoder(_Line)


def stored(record: ConsumerRecord) -> StoredLetter:
    """Read a record of the dead-letter topic, whoever wrote it; none raises."""
    said = header_texts(record.headers)
    return StoredLetter(
        position=f"{record.partition}:{record.offset}",
        origin=_origin(said.get("topic", ""), said.get("partition", ""), said.get("offset", "")),
        attempt=attempt_of(said.get(ATTEMPT_HEADER, "")),
        reason=said.get("reason", ""),
        error=said.get("error", ""),
        time=said.get("time", ""),
        traceparent=said.get(_TRACE_HEADER, ""),
        key=record.key,
        value=record.value,
    )


def read_lines(file: BinaryIO, *, source: str) -> Iterator[StoredLetter]:
    """Read letters that `line` has written, edited or not.

    Args:
        file: one JSON object a line; blank lines are passed over.
        source: its name for messages.

    Raises:
        DataError: a line is no letter; says which.
    """
    for number, line in numbered_lines(file, source):
        if not line.strip():
            continue
        try:
            read = _decoder.decode(line)
        except (ValueError, RecursionError) as exc:
            raise DataError(
                f"line {number} of {source} is no dead letter as `tickertape dead-letters export` writes them: {exc}"
            ) from exc
        yield StoredLetter(
            position=read.letter,
            origin=_origin(read.topic, read.partition, read.offset),
            attempt=attempt_of(read.attempt),
            reason=read.reason,
            error=read.error,
            time=read.time,
            traceparent=read.traceparent,
            key=_bytes(read.key, read.key_base64),
            value=_bytes(read.value, read.value_base64),
        )


def _origin(topic: str, partition: str, offset: str) -> Origin | None:
    at, place = _number(partition), _number(offset)
    return None if not topic or at is None or place is None else Origin(topic, at, place)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _shown(name: str, content: bytes | None) -> dict[str, str | bytes | None]:
    if content is None:
        return {name: None}
    try:
        return {name: content.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": content}  # msgspec writes bytes so


def _bytes(text: str | None, raw: bytes | None) -> bytes | None:
    if raw is not None:
        return raw
    return None if text is None else text.encode("utf-8", "surrogatepass")
