import pytest
from starlette.types import Message, Receive, Scope, Send

from api.limits import BodyLimit, RequestSlots
from api.request_errors import BodyTooLargeError, OverloadedError


class Reader:
    """An application that reads its whole body."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        while True:
            message = await receive()
            self.chunks.append(message["body"])
            if not message["more_body"]:
                return


def receiving(*chunks: bytes) -> Receive:
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": position + 1 < len(chunks)}
        for position, chunk in enumerate(chunks)
    ]

    async def receive() -> Message:
        return messages.pop(0)

    return receive


def scope(**headers: str) -> Scope:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "headers": named}


async def unused_send(_message: Message) -> None:
    raise AssertionError("nothing is answered")


async def test_a_body_of_exactly_the_limit_passes() -> None:
    reader = Reader()

    await BodyLimit(reader, max_body_bytes=10)(scope(content_length="10"), receiving(b"12345", b"67890"), unused_send)

    assert reader.chunks == [b"12345", b"67890"]


async def test_a_declared_length_above_the_limit_is_refused_unread() -> None:
    reader = Reader()

    with pytest.raises(BodyTooLargeError, match=r"more than 10 bytes \(API_MAX_BODY_BYTES\)"):
        await BodyLimit(reader, max_body_bytes=10)(scope(content_length="11"), receiving(b"x"), unused_send)

    assert reader.chunks == []


@pytest.mark.parametrize("headers", [{}, {"content_length": "3"}, {"content_length": "-1"}, {"content_length": "x"}])
async def test_a_streamed_body_is_refused_where_it_passes_the_limit(headers: dict[str, str]) -> None:
    reader = Reader()

    with pytest.raises(BodyTooLargeError):
        await BodyLimit(reader, max_body_bytes=10)(scope(**headers), receiving(b"123456", b"78901", b"2"), unused_send)

    assert reader.chunks == [b"123456"]


async def test_what_is_no_request_passes_untouched() -> None:
    receive = receiving()
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope, receive, send))

    await BodyLimit(app, max_body_bytes=10)({"type": "lifespan"}, receive, unused_send)

    assert seen == [({"type": "lifespan"}, receive, unused_send)]


def test_a_slot_is_free_again_after_success_and_after_failure() -> None:
    slots = RequestSlots(1)

    with slots.taken(), pytest.raises(OverloadedError), slots.taken():
        pass
    with pytest.raises(ZeroDivisionError), slots.taken():
        raise ZeroDivisionError
    with slots.taken():
        pass

    assert slots._taken == 0
