"""The `traceparent` header of W3C Trace Context: which trace a message belongs to, and whether it is recorded.

Source: W3C, "Trace Context", level 2, section 3.2.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_FORMAT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_SAMPLED, _RANDOM = 0x01, 0x02  # the flags that the standard knows; others are not passed on


class Parent(NamedTuple):
    """The span that a message comes from.

    Attributes:
        trace_id: 128 bits, not 0.
        span_id: 64 bits, not 0.
        flags: of those that the standard knows.
    """

    trace_id: int
    span_id: int
    flags: int

    @property
    def is_sampled(self) -> bool:
        """True when the trace is recorded."""
        return bool(self.flags & _SAMPLED)


def read_traceparent(values: Sequence[bytes | None]) -> Parent | None:
    """Read the values of the header of one message; None where there is none, several, or one that is not valid.

    >>> read_traceparent([b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]).is_sampled
    True
    >>> read_traceparent([b"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"]) is None
    True
    """
    if len(values) != 1 or values[0] is None:
        return None
    found = _FORMAT.fullmatch(values[0])
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == b"ff" or (version == b"00" and more is not None):  # a later version may say more than this one
        return None
    parent = Parent(int(trace_id, 16), int(span_id, 16), int(flags, 16) & (_SAMPLED | _RANDOM))
    return parent if parent.trace_id and parent.span_id else None
