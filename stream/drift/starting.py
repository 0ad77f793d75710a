"""Where to begin to read: after the last window that was told."""

import logging
from collections.abc import Mapping

from stream.kafka.offsets import Offsets

logger = logging.getLogger(__name__)


def start_offsets(
    *, told: Offsets | None, committed: Offsets, first: Offsets, last: Offsets, from_beginning: bool
) -> dict[int, int]:
    """Give the offset from which each partition is read.

    That is where the last window that was told ended, or what was committed since: where tweets were passed over, or where
    the first window was to begin. A partition that neither names is new: it is read from its beginning. Offsets that the
    topic no longer holds are logged.

    Args:
        told: where the last window ended; None before the first.
        committed: of this process's group; may lack partitions.
        first: first offset that each partition holds.
        last: offset after the last of each partition; names all of them.
        from_beginning: whether to begin there where nothing was told or committed yet.

    >>> start_offsets(told={0: 7}, committed={0: 5}, first={0: 0, 1: 0}, last={0: 9, 1: 4}, from_beginning=False)
    {0: 7, 1: 0}
    """
    if told is None and not committed:
        return dict(first if from_beginning else last)
    return {number: _start(number, told or {}, committed, first, last) for number in last}


def _start(number: int, told: Offsets, committed: Offsets, first: Offsets, last: Offsets) -> int:
    wanted = max(told.get(number, 0), committed.get(number, 0))
    if first[number] <= wanted <= last[number]:
        return wanted
    if wanted > last[number] or number in told or number in committed:
        logger.warning(
            "tweets_gone",
            extra={"partition": number, "wanted": wanted, "first": first[number], "last": last[number]},
        )
    return first[number]


def left_out(before: Offsets | None, start: Mapping[int, int]) -> int:
    """Give how many tweets lie between the end of the window before, None for none, and the start of this one.

    >>> left_out({0: 10, 1: 20}, {0: 15, 1: 20, 2: 0})
    5
    """
    return sum(max(offset - (before or {}).get(number, offset), 0) for number, offset in start.items())
