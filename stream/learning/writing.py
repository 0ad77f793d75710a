"""What the learner writes: labelled tweets, dead letters and snapshots, with their headers."""

from collections.abc import Sequence
from functools import partial

from models.events import event_headers
from models.feedback import LabelledTweet
from models.online.corrections import StoredSnapshot
from models.online.report import LearningEvent, LearningReport
from stream.codecs import encode
from stream.framing import Header, Outputs, encode_headers, varint
from stream.headers import BYTES, DEAD_LETTER_TYPE
from stream.learning.archive import OFFSET_HEADER
from stream.learning.judging import Verdict
from stream.topics import Topics

SOURCE = b"/tickertape/learner"
LABELLED_TYPE = b"tickertape.tweet.labelled.v1"
EVENT_TYPE = "tickertape.learning.{event}.v1"
REPORT_TYPE = b"tickertape.learning.report.v1"
SNAPSHOT_TYPE = b"tickertape.model.online.v1"

_headers = partial(event_headers, source=SOURCE)


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
            headers = _headers(kind=LABELLED_TYPE, event=event)
            labelled.add(verdict.id.encode(), encode(verdict), _encoded(headers))
        else:
            event = f"{topics.feedback.name}-{partition}-{verdict.offset}"
            headers = [*_headers(kind=DEAD_LETTER_TYPE, event=event, content_type=BYTES), *verdict.headers()]
            dead_letters.add(verdict.key, verdict.value, _encoded(headers))
    return [outputs for outputs in (labelled, dead_letters) if outputs.keys]


def write_snapshot(snapshot: StoredSnapshot, *, topics: Topics) -> Outputs:
    """Write a snapshot; its key is the batch model that it corrects."""
    outputs = Outputs(topics.online.name)
    event = f"{topics.online.name}-{snapshot.batch_sha256}-{snapshot.offset}"
    offset = (OFFSET_HEADER, str(snapshot.offset).encode())
    headers = [*_headers(kind=SNAPSHOT_TYPE, event=event, content_type=BYTES), offset]
    outputs.add(snapshot.batch_sha256.encode(), snapshot.content, _encoded(headers))
    return outputs


def write_events(events: Sequence[LearningEvent], *, topics: Topics) -> list[Outputs]:
    """Write what the contest has to tell; `ce_id` says after how many labels, so that a repeat is recognised.

    Returns:
        The records for `tweets.metrics`; nothing where there is no event.
    """
    outputs = Outputs(topics.metrics.name)
    for one in events:
        event = f"{one.name}-{one.version}-{one.event.head}-{one.kind}-{one.event.labels}"
        headers = _headers(kind=EVENT_TYPE.format(event=one.kind).encode(), event=event)
        outputs.add(one.name.encode(), encode(one), _encoded([*headers, ("model-version", one.version.encode())]))
    return [outputs] if outputs.keys else []


def write_report(report: LearningReport, *, topics: Topics) -> Outputs:
    """Write how learning goes."""
    outputs = Outputs(topics.metrics.name)
    headers = [
        *_headers(kind=REPORT_TYPE, event=f"{report.name}-{report.version}-report-{report.time}"),
        ("model-version", report.version.encode()),
    ]
    outputs.add(report.name.encode(), encode(report), _encoded(headers))
    return outputs


def _encoded(headers: Sequence[Header]) -> bytes:
    return varint(len(headers)) + encode_headers(headers)
