"""A record that can't be used: its bytes, the reason, and where it came from."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from models.errors import MalformedRecordError
from models.records import utc_timestamp
from stream.framing import Header

ATTEMPT_HEADER = "attempt"
_MOST_DIGITS = 9  # of an attempt: far above any that is meant


class Record(Protocol):
    """What is read of a Kafka record."""

    @property
    def key(self) -> bytes | None:
        """Whatever its producer chose."""

    @property
    def value(self) -> bytes | None:
        """None for a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Names and values."""

    @property
    def offset(self) -> int:
        """In its partition."""


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """One record for the dead-letter topic.

    Attributes:
        value: the original bytes, untouched; None for a tombstone.
        reason: a code of `models.tweets.Reason`.
        error: what was seen and what is allowed; holds no tweet text.
        time: when it was refused, in seconds since 1970.
        attempt: how often the record has been tried.
    """

    key: bytes | None
    value: bytes | None
    reason: str
    error: str
    topic: str
    partition: int
    offset: int
    time: float
    attempt: int = 1

    def headers(self) -> list[Header]:
        """Give the headers that tell reason and origin, all as UTF-8 text."""
        return [
            ("reason", self.reason.encode()),
            ("error", self.error.encode()),
            ("topic", self.topic.encode()),
            ("partition", str(self.partition).encode()),
            ("offset", str(self.offset).encode()),
            ("time", utc_timestamp(self.time).encode()),
            (ATTEMPT_HEADER, str(self.attempt).encode()),
        ]


def dead_letter_of(record: Record, why: MalformedRecordError, *, topic: str, partition: int, time: float) -> DeadLetter:
    """Make a dead letter of a record.

    Args:
        record: that can't be used.
        why: what is wrong with it.
        topic: full name of the topic that it came from.
        partition: that it came from.
        time: when this happens, in seconds since 1970.
    """
    return DeadLetter(
        key=record.key,
        value=record.value,
        reason=why.reason,
        error=str(why),
        topic=topic,
        partition=partition,
        offset=record.offset,
        time=time,
        attempt=_attempt(record),
    )


def header_texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Read headers as text, whatever bytes they are; of a name that repeats the last counts."""
    return {name: (value or b"").decode("utf-8", "replace") for name, value in headers}


def attempt_of(said: str) -> int:
    """Read how often a record is tried now, as the header `attempt` says it; 1 where that says nothing of use.

    >>> attempt_of("2"), attempt_of(""), attempt_of("0"), attempt_of("9" * 10)
    (2, 1, 1, 1)
    """
    is_number = said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS
    return max(int(said), 1) if is_number else 1


def _attempt(record: Record) -> int:
    said = next((value for name, value in record.headers if name == ATTEMPT_HEADER), None) or b""
    return attempt_of(said.decode("ascii", "replace"))
