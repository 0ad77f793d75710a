"""The record that an input was sent again, see `stream.redrive.redriver`."""

import msgspec

from models.events import event_headers
from stream.framing import Header

SOURCE = b"/tickertape/dead-letters"
MARK_TYPE = b"tickertape.letter.redriven.v1"


class Mark(msgspec.Struct, frozen=True):
    """A record of `tweets.redriven`; its key is the input, as `ce_id` names it.

    Attributes:
        letter: the dead letter, as `PARTITION:OFFSET`.
        reason: why it had been refused.
        attempt: the number of the try that this begins.
        redriven_at: when it was sent.
    """

    letter: str
    reason: str
    attempt: int
    redriven_at: str


def mark_headers(origin: str, *, attempt: int) -> list[Header]:
    """Give the headers of a mark.

    Args:
        origin: the input, as `ce_id` names it.
        attempt: the number of the try that begins.
    """
    return event_headers(source=SOURCE, kind=MARK_TYPE, event=f"{origin}-{attempt}")
