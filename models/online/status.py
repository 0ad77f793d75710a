"""What a snapshot says of the online model, for who asks."""

import time
from functools import lru_cache

import msgspec

from models.careful.predictor import fast
from models.contest_records import Answerer
from models.contracts import Predictor
from models.online.corrections import StoredSnapshot
from models.online.predictor import OnlinePredictor
from models.online.prequential import HEAD_NAMES, HeadStandings, Prequential
from models.online.snapshot import decode_progress
from models.records import utc_timestamp


class OnlineStatus(msgspec.Struct, frozen=True):
    """How the models do on the labels that came, each scored before it was learned.

    Attributes:
        online_version: how many records of feedback were learned or refused.
        answering: who answers, by head: `topic` and `sentiment`.
        heads: the figures by head; a head without any label is left out.
    """

    online_version: int
    answering: dict[str, Answerer]
    heads: dict[str, HeadStandings]


class AnsweringChange(msgspec.Struct, frozen=True):
    """Another model answers a head in this process.

    Attributes:
        head: `topic` or `sentiment`.
        answers: who does from then on.
        before: who did.
        online_version: see `OnlineStatus`.
        time: when, ISO 8601 in UTC with milliseconds.
    """

    head: str
    answers: str
    before: str
    online_version: int
    time: str


@lru_cache(maxsize=1)  # the intervals take some hundredths of a second
def online_status(snapshot: StoredSnapshot) -> OnlineStatus:
    """Read the figures of a snapshot.

    Raises:
        ModelCorruptError: it is no snapshot, or a damaged one.
    """
    progress = decode_progress(snapshot.content)
    answers = (progress.contest.topic.answers, progress.contest.sentiment.answers)
    return OnlineStatus(
        snapshot.offset + 1,
        dict(zip(HEAD_NAMES, answers, strict=True)),
        Prequential.restored(progress.figures).standings(),
    )


def answering_of(predictor: Predictor) -> dict[str, str]:
    """Tell who answers, `batch` or `online`, by head; of a careful predictor, where no teacher does."""
    predictor = fast(predictor)
    answering = predictor.answering if isinstance(predictor, OnlinePredictor) else ("batch", "batch")
    return dict(zip(HEAD_NAMES, answering, strict=True))


def answering_changes(before: Predictor, after: Predictor) -> list[AnsweringChange]:
    """Tell for which heads another model answers after a change, as of now."""
    were, now = answering_of(before), utc_timestamp(time.time())
    return [
        AnsweringChange(head, answers, were[head], after.model.online_version, now)
        for head, answers in answering_of(after).items()
        if answers != were[head]
    ]
