"""The headers that make a record a CloudEvent: what happened, who says so, under which id."""

import uuid

JSON = b"application/json"


def event_headers(
    *, source: bytes, kind: bytes, event: str | None = None, content_type: bytes = JSON
) -> list[tuple[str, bytes]]:
    """Give the headers of an event: CloudEvents 1.0 in Kafka's binary mode.

    Args:
        source: who says so, as `/tickertape/worker`.
        kind: what happened, as `tickertape.tweet.feedback.v1`.
        event: its id, for one that can come again; None for one of its own.
        content_type: of the value.

    >>> [name for name, _ in event_headers(source=b"/tickertape/worker", kind=b"tickertape.model.swapped.v1")]
    ['ce_id', 'ce_source', 'ce_type', 'ce_specversion', 'content-type']
    """
    return [
        ("ce_id", (event or uuid.uuid4().hex).encode()),
        ("ce_source", source),
        ("ce_type", kind),
        ("ce_specversion", b"1.0"),
        ("content-type", content_type),
    ]
