"""The events of `GET /live`, read from a stream of server-sent events."""

from collections.abc import Iterator
from typing import Any

import msgspec

from tickertape.client.errors import UnexpectedAnswerError

PATH = "/live"
EVENT_STREAM = "text/event-stream"
QUIET_SECONDS = 45.0  # the server says something every 15 s, a comment if nothing else
LARGEST_EVENT_BYTES = 16_777_216  # far above any; a stream of something else must not fill the memory
_FIELDS = {b"event", b"id", b"data"}
_Data = dict[str, Any]


class LiveEvent(msgspec.Struct, frozen=True):
    """What happened in the stream.

    Attributes:
        kind: `state`, once at the beginning, or `tick`, once a second.
        number: of the tick; a client that was too slow misses some.
        data: its fields, see `GET /live` in the reference.
    """

    kind: str
    number: int
    data: dict[str, Any]


class EventReader:
    r"""Puts events together from the bytes of a stream, however these are cut.

    >>> list(EventReader().read(b'retry: 2000\n\nevent: tick\nid: 7\ndata: {"at": "now"}\n\n'))
    [LiveEvent(kind='tick', number=7, data={'at': 'now'})]
    """

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[bytes, bytes] = {}

    def read(self, content: bytes) -> Iterator[LiveEvent]:
        """Give the events that end in these bytes.

        Raises:
            UnexpectedAnswerError: they are no events of this API.
        """
        *lines, self._rest = (self._rest + content).split(b"\n")
        if len(self._rest) > LARGEST_EVENT_BYTES:
            raise UnexpectedAnswerError(f"an event has more than {LARGEST_EVENT_BYTES} bytes")
        for line in lines:
            name, _, value = line.rstrip(b"\r").partition(b":")
            if name in _FIELDS:
                self._fields[name] = value.removeprefix(b" ")
            elif not line.rstrip(b"\r"):
                fields, self._fields = self._fields, {}
                if b"data" in fields:
                    yield _event(fields)


def _event(fields: dict[bytes, bytes]) -> LiveEvent:
    try:
        return LiveEvent(
            kind=fields.get(b"event", b"message").decode(),
            number=int(fields.get(b"id", b"0")),
            data=msgspec.json.decode(fields[b"data"], type=_Data),
        )
    except (ValueError, RecursionError) as exc:  # msgspec's errors are values' errors
        raise UnexpectedAnswerError(
            f"an event of the stream is not what this version of the client knows: {exc}"
        ) from exc
