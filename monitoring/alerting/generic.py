"""A message as JSON for programs; docs/how-to/alerts.md has the schema."""

import hashlib

import msgspec

from models.records import ModelVersion
from monitoring.alerting.messages import Alarm, Message

VERSION = 1
"""Changes when a field goes or gets another meaning; new fields may come without."""
MOST_ALARMS = 100  # of each list, about 50 KB; the counts are of all


class _Body(msgspec.Struct, frozen=True):
    version: int
    type: str
    id: str
    time: str
    reference: str
    model: ModelVersion
    opened_count: int
    closed_count: int
    passed_count: int
    open_count: int
    opened: tuple[Alarm, ...]
    closed: tuple[str, ...]


def generic_body(message: Message) -> bytes:
    """Write a message as JSON in UTF-8; `id` is a hash of what it says, the same when it is sent again."""
    return msgspec.json.encode(
        _Body(
            version=VERSION,
            type="tickertape.drift.alarms",
            id=hashlib.blake2b(msgspec.json.encode(message), digest_size=16).hexdigest(),
            time=message.time,
            reference=message.reference,
            model=message.model,
            opened_count=len(message.opened),
            closed_count=len(message.closed),
            passed_count=message.passed_count,
            open_count=message.open_count,
            opened=message.opened[:MOST_ALARMS],
            closed=message.closed[:MOST_ALARMS],
        )
    )
