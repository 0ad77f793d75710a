"""`live()`: events of a stream, whatever pieces its bytes come in, and what is none."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickertape.client import AsyncClient, Client, LiveEvent, NoAnswerError, UnavailableError, UnexpectedAnswerError
from tickertape.client import events as client_events
from tickertape.client.events import EventReader

STREAM = {"content-type": "text/event-stream; charset=utf-8"}
JSON_VALUES = st.recursive(st.none() | st.integers(-9, 9) | st.text(max_size=5), lambda one: st.lists(one, max_size=2))
EVENTS = st.builds(
    LiveEvent,
    kind=st.sampled_from(["state", "tick"]),
    number=st.integers(0, 10**9),
    data=st.dictionaries(st.text(max_size=3), JSON_VALUES, max_size=3),
)


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in pieces; an exception among them is raised."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self._pieces = pieces
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_closed = True


def live_waiting(response: httpx.Response, most: int) -> list[LiveEvent]:
    transport = httpx.MockTransport(lambda _: response)
    with Client("http://api.test", transport=transport) as api:
        return list(itertools.islice(api.live(), most))


def live_async(response: httpx.Response, most: int) -> list[LiveEvent]:
    async def read() -> list[LiveEvent]:
        found = []
        async with AsyncClient("http://api.test", transport=httpx.MockTransport(lambda _: response)) as api:
            async for event in api.live():
                found.append(event)
                if len(found) == most:
                    break
        return found

    return asyncio.run(read())


Live = Callable[[httpx.Response, int], list[LiveEvent]]


@pytest.fixture(params=[live_waiting, live_async], ids=["Client", "AsyncClient"])
def live(request: pytest.FixtureRequest) -> Live:
    """Give a function that reads so many events of an answer with a client of either kind."""
    found: Live = request.param
    return found


def written(event: LiveEvent, end: bytes = b"\n") -> bytes:
    data = msgspec.json.encode(event.data)
    lines = (b"event: " + event.kind.encode(), b"id: %d" % event.number, b"data: " + data, b"", b"")
    return end.join(lines)


@settings(deadline=None)  # how long it takes says nothing
@given(st.lists(EVENTS, max_size=3), st.sampled_from([b"\n", b"\r\n"]), st.data())
def test_events_are_put_together_however_their_bytes_are_cut(
    events: list[LiveEvent], end: bytes, data: st.DataObject
) -> None:
    content = b"retry: 2000" + end * 2 + b": keep" + end * 2 + b"".join(written(event, end) for event in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=5)))
    reader = EventReader()

    read = [
        event for piece in itertools.pairwise([0, *cuts, len(content)]) for event in reader.read(content[slice(*piece)])
    ]

    assert read == events


def test_events_are_given_until_the_server_ends(live: Live) -> None:
    first, second = LiveEvent("state", 7, {"history": []}), LiveEvent("tick", 8, {"at": "now \u2028"})
    body = Pieces(b"retry: 2000\n\n" + written(first)[:20], written(first)[20:] + written(second), b"event: ti")

    assert live(httpx.Response(200, headers=STREAM, stream=body), 10) == [first, second]
    assert body.is_closed


def test_who_has_seen_enough_leaves(live: Live) -> None:
    endless = Pieces(*[written(LiveEvent("tick", number, {})) for number in range(1000)])

    assert [event.number for event in live(httpx.Response(200, headers=STREAM, stream=endless), 3)] == [0, 1, 2]


def test_stream_that_breaks_is_told(live: Live) -> None:
    body = Pieces(written(LiveEvent("tick", 1, {})), httpx.ReadError("reset"))

    with pytest.raises(NoAnswerError, match="ReadError: reset"):
        live(httpx.Response(200, headers=STREAM, stream=body), 10)


def test_server_without_a_feed_is_told(live: Live) -> None:
    problem = {"title": "Service Unavailable", "status": 503, "detail": "the live feed is switched off"}
    response = httpx.Response(503, headers={"content-type": "application/problem+json"}, content=json.dumps(problem))

    with pytest.raises(UnavailableError, match="switched off"):
        live(response, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"data: {\n\n",
        b"data: []\n\n",
        b"data: \xff\n\n",
        b"id: x\ndata: {}\n\n",
        b"event: \xff\ndata: {}\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
    ],
)
def test_event_that_is_none_of_the_api_is_told(live: Live, content: bytes) -> None:
    with pytest.raises(UnexpectedAnswerError):
        live(httpx.Response(200, headers=STREAM, stream=Pieces(content)), 1)


def test_page_in_place_of_a_stream_is_told(live: Live) -> None:
    with pytest.raises(UnexpectedAnswerError, match="status 200"):
        live(httpx.Response(200, text="<html>a proxy</html>"), 1)


def test_event_without_an_end_does_not_fill_the_memory() -> None:
    reader = EventReader()
    piece = b"x" * (client_events.LARGEST_EVENT_BYTES // 4)

    with pytest.raises(UnexpectedAnswerError, match="more than 16777216 bytes"):
        list(itertools.chain.from_iterable(reader.read(piece) for _ in range(6)))


def test_lines_without_data_are_no_events() -> None:
    assert list(EventReader().read(b"event: tick\nid: 1\n\n\n\nretry: 5\n\n")) == []
