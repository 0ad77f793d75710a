"""Every message of the topics: its record, its headers, its key, who writes it and who reads it."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from models.contest_records import ChallengerLead, ContestDecision, DriftAlarm
from models.feedback import EVENT_TYPE as FEEDBACK_TYPE
from models.feedback import Feedback, LabelledTweet, ToLabel
from models.online.report import LearningEvent, LearningReport
from models.records import ClassifiedTweet, ModelChange, TweetSentiment
from models.tweets import TweetRecord
from monitoring.drift.records import DriftEvent
from stream.drift.event_log import EVENT_TYPE as DRIFT_TYPE
from stream.drift.event_log import SOURCE as DRIFT
from stream.headers import CLASSIFIED_TYPE, DEAD_LETTER_TYPE, SENTIMENT_TYPE, TO_LABEL_TYPE
from stream.headers import SOURCE as WORKER
from stream.learning.writing import EVENT_TYPE, LABELLED_TYPE, REPORT_TYPE, SNAPSHOT_TYPE
from stream.learning.writing import SOURCE as LEARNER
from stream.redrive.marks import MARK_TYPE, Mark
from stream.redrive.marks import SOURCE as REDRIVE
from stream.worker.model_changes import CHANGE_TYPE

Process = Literal["worker", "learner", "drift", "api", "label", "redrive", "retrain", "you"]
JSON, BYTES = "application/json", "application/octet-stream"


@dataclass(frozen=True)
class Message:
    """One kind of record of a topic.

    Attributes:
        name: unique.
        topic: a field of `stream.topics.Topics`.
        summary: what it tells, one line.
        record: its value; None for bytes that are no JSON.
        key: what the record's key is.
        ce_type: of its CloudEvents headers; empty where others write it and need none.
        ce_sources: who may say so.
        version_header: whether `model-version` is among its headers.
        writers: processes that send it; `you` for your own programs.
        readers: processes that read it.
        event: the struct in `event`, where the record has one of several.
        constants: fields of the value that are always the same in this kind.
    """

    name: str
    topic: str
    summary: str
    record: type[msgspec.Struct] | None
    key: str
    ce_type: str
    ce_sources: tuple[str, ...]
    writers: tuple[Process, ...]
    readers: tuple[Process, ...] = ()
    version_header: bool = True
    event: type[msgspec.Struct] | None = None
    constants: dict[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """Of the value."""
        return BYTES if self.record is None else JSON


_WORKER, _LEARNER, _DRIFT = WORKER.decode(), LEARNER.decode(), DRIFT.decode()
_TWEET_ID, _MODEL_NAME = "id of the tweet", "name of the registered model"


def _change(outcome: str, summary: str) -> Message:
    return Message(
        f"model_{outcome}",
        "metrics",
        summary,
        ModelChange,
        _MODEL_NAME,
        CHANGE_TYPE.format(outcome=outcome),
        (_WORKER,),
        ("worker",),
        constants={"outcome": outcome},
    )


def _told(event: type[msgspec.Struct], summary: str, *readers: Process) -> Message:
    name = str(event.__struct_config__.tag)
    return Message(
        name,
        "metrics",
        summary,
        LearningEvent,
        _MODEL_NAME,
        EVENT_TYPE.format(event=name),
        (_LEARNER,),
        ("learner",),
        readers,
        event=event,
    )


MESSAGES = (
    Message(
        "tweet",
        "raw",
        "A tweet as X API v2 sends it, flat or in `data`; unknown fields are ignored.",
        TweetRecord,
        "any; the id of the tweet keeps its repeats in order",
        "",
        (),
        ("you", "redrive"),
        ("worker",),
        version_header=False,
    ),
    Message(
        "classified_tweet",
        "classified",
        "A tweet with its topic, sentiment and tickers.",
        ClassifiedTweet,
        _TWEET_ID,
        CLASSIFIED_TYPE.decode(),
        (_WORKER,),
        ("worker",),
        ("drift", "you"),
    ),
    Message(
        "tweet_sentiment",
        "sentiment",
        "The sentiment of a tweet, without its text.",
        TweetSentiment,
        _TWEET_ID,
        SENTIMENT_TYPE.decode(),
        (_WORKER,),
        ("worker",),
        ("you",),
    ),
    Message(
        "dead_letter",
        "dead_letter",
        "The bytes of a record that is no tweet, or no label, as they came.",
        None,
        "the record's own",
        DEAD_LETTER_TYPE.decode(),
        (_WORKER, _LEARNER),
        ("worker", "learner"),
        ("drift", "redrive", "you"),
        version_header=False,
    ),
    Message(
        "redriven_letter",
        "redriven",
        "An input that was refused, and was sent to its topic again.",
        Mark,
        "topic, partition and offset of the input, as in its `ce_id`",
        MARK_TYPE.decode(),
        (REDRIVE.decode(),),
        ("redrive",),
        ("redrive",),
        version_header=False,
    ),
    Message(
        "tweet_to_label",
        "to_label",
        "A tweet whose label is worth having.",
        ToLabel,
        _TWEET_ID,
        TO_LABEL_TYPE.decode(),
        (_WORKER,),
        ("worker",),
        ("learner", "you"),
    ),
    Message(
        "feedback",
        "feedback",
        "What somebody says a tweet is.",
        Feedback,
        _TWEET_ID,
        FEEDBACK_TYPE.decode(),
        (),
        ("api", "label", "redrive", "you"),
        ("learner",),
        version_header=False,
    ),
    Message(
        "labelled_tweet",
        "labelled",
        "Feedback that was learned, with its text.",
        LabelledTweet,
        _TWEET_ID,
        LABELLED_TYPE.decode(),
        (_LEARNER,),
        ("learner",),
        ("learner", "retrain"),
        version_header=False,
    ),
    Message(
        "online_model",
        "online",
        "What the learner knows: a compressed NumPy archive.",
        None,
        "hash of the batch model that it corrects",
        SNAPSHOT_TYPE.decode(),
        (_LEARNER,),
        ("learner",),
        ("worker", "api"),
        version_header=False,
    ),
    _change("swapped", "Another version of the model answers now."),
    _change("refused", "A version was to answer and is refused; the previous one goes on."),
    _told(ContestDecision, "Another model, batch or online, answers a head from now on."),
    _told(DriftAlarm, "Labels have become more surprising.", "drift"),
    _told(ChallengerLead, "The challenger is better than who answers."),
    Message(
        "learning_report",
        "metrics",
        "How the models do on the labels that came.",
        LearningReport,
        _MODEL_NAME,
        REPORT_TYPE.decode(),
        (_LEARNER,),
        ("learner",),
        ("drift",),
    ),
    Message(
        "drift_window",
        "drift",
        "What became of a window of classified tweets.",
        DriftEvent,
        "id of the reference",
        DRIFT_TYPE.decode(),
        (_DRIFT,),
        ("drift",),
        ("drift", "you"),
    ),
)
