"""A record that can't be used: its bytes, the reason, and where it came from."""

import msgspec

from models.records import utc_timestamp
from stream.framing import Header


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
            ("attempt", str(self.attempt).encode()),
        ]
