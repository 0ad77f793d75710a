"""What the learner writes: labelled tweets, dead letters and snapshots, with their headers."""

from collections.abc import Sequence

from models.feedback import LabelledTweet
from models.online.corrections import StoredSnapshot
from stream.classify import BYTES, DEAD_LETTER_TYPE, JSON
from stream.codecs import encode
from stream.framing import Header, Outputs, encode_headers, varint
from stream.learning.judging import Verdict
from stream.learning.topics import OFFSET_HEADER
from stream.topics import Topics

SOURCE = b"/tickertape/learner"
LABELLED_TYPE = b"tickertape.tweet.labelled.v1"
SNAPSHOT_TYPE = b"tickertape.model.online.v1"


def write_verdicts(verdicts: Sequence[Verdict], *, topics: Topics, partition: int) -> list[Outputs]:
    """Write what became of feedback; `ce_id` names its record, so that a repeat is recognised.

    Args:
        verdicts: in the order of the feedback.
        topics: where they go.
        partition: that the feedback came from.

    Returns:
        The records of each topic that has any.
    """
    labelled, dead_letters = Outputs(topics.labelled.name), Outputs(topics.dead_letter.name)
    for verdict in verdicts:
        if isinstance(verdict, LabelledTweet):
            event = f"{topics.feedback.name}-{partition}-{verdict.feedback_offset}"
            headers = _headers(event, LABELLED_TYPE, JSON)
            labelled.add(verdict.id.encode(), encode(verdict), _encoded(headers))
        else:
            event = f"{topics.feedback.name}-{partition}-{verdict.offset}"
            headers = [*_headers(event, DEAD_LETTER_TYPE, BYTES), *verdict.headers()]
            dead_letters.add(verdict.key, verdict.value, _encoded(headers))
    return [outputs for outputs in (labelled, dead_letters) if outputs.keys]


def write_snapshot(snapshot: StoredSnapshot, *, topics: Topics) -> Outputs:
    """Write a snapshot; its key is the batch model that it corrects."""
    outputs = Outputs(topics.online.name)
    event = f"{topics.online.name}-{snapshot.batch_sha256}-{snapshot.offset}"
    offset = (OFFSET_HEADER, str(snapshot.offset).encode())
    headers = [*_headers(event, SNAPSHOT_TYPE, BYTES), offset]
    outputs.add(snapshot.batch_sha256.encode(), snapshot.content, _encoded(headers))
    return outputs


def _headers(event: str, kind: bytes, content_type: bytes) -> list[Header]:
    return [
        ("ce_id", event.encode()),
        ("ce_source", SOURCE),
        ("ce_type", kind),
        ("ce_specversion", b"1.0"),
        ("content-type", content_type),
    ]


def _encoded(headers: Sequence[Header]) -> bytes:
    return varint(len(headers)) + encode_headers(headers)
