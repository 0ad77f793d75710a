"""The headers that make a record a CloudEvent: what happened, who says so, under an id of its own."""

import uuid


def event_headers(*, source: bytes, kind: bytes) -> list[tuple[str, bytes]]:
    """Give the headers of a new event with a JSON value: CloudEvents 1.0 in Kafka's binary mode.

    Args:
        source: who says so, as `/tickertape/worker`.
        kind: what happened, as `tickertape.tweet.feedback.v1`.

    >>> [name for name, _ in event_headers(source=b"/tickertape/worker", kind=b"tickertape.model.swapped.v1")]
    ['ce_id', 'ce_source', 'ce_type', 'ce_specversion', 'content-type']
    """
    return [
        ("ce_id", uuid.uuid4().hex.encode()),
        ("ce_source", source),
        ("ce_type", kind),
        ("ce_specversion", b"1.0"),
        ("content-type", b"application/json"),
    ]
