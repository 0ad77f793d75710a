"""Labels that come late: the records of their way from who gives them to who learns from them, and the rules they obey."""

from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec

from models.errors import MalformedRecordError
from models.taxonomy import Label, Sentiment
from models.tweets import CREATED_AT, ID, Moment, Reason, TweetId, TweetText, check_text

MAX_SOURCE_CHARACTERS = 200
EVENT_TYPE = b"tickertape.tweet.feedback.v1"
"""`ce_type` of feedback that this project sends."""


class FeedbackReason(StrEnum):
    """Why feedback can't be used; beside `models.tweets.Reason`, the `reason` header of a dead letter.

    The first five are seen in the record itself, the others by the learner.
    """

    UNKNOWN_LABEL = "unknown_label"
    UNKNOWN_SENTIMENT = "unknown_sentiment"
    NO_LABEL = "no_label"
    INVALID_SOURCE = "invalid_source"
    INVALID_LABELLED_AT = "invalid_labelled_at"
    UNKNOWN_TWEET = "unknown_tweet"
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"


class Why(StrEnum):
    """Why a tweet was sent out for labelling."""

    RANDOM = "random"
    UNCERTAIN = "uncertain"
    DISPUTED = "disputed"


class FeedbackFields(msgspec.Struct, frozen=True, gc=False):
    """Feedback as it comes, before its values are checked; unknown fields are ignored."""

    tweet_id: str
    label: str | None = None
    sentiment: str | None = None
    text: str | None = None
    source: str | None = None
    labelled_at: str | None = None


# What schemas say of a source; `read_feedback` checks it.
_Source = Annotated[
    str, msgspec.Meta(extra_json_schema={"minLength": 1, "maxLength": MAX_SOURCE_CHARACTERS, "pattern": r"\S"})
]


class Feedback(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The value of `tweets.feedback`: what somebody says a tweet is.

    Attributes:
        tweet_id: 1 to 19 digits.
        source: who says so, 1 to `MAX_SOURCE_CHARACTERS` characters.
        labelled_at: when, ISO 8601 with zone.
        label: the topic, or None; at least one of `label` and `sentiment` is there.
        sentiment: the sentiment, or None.
        text: of the tweet, as published; None where the tweet had been sent out for labelling.
    """

    tweet_id: TweetId
    source: _Source
    labelled_at: Moment
    label: Label | None = None
    sentiment: Sentiment | None = None
    text: TweetText | None = None


_Id = Annotated[str, msgspec.Meta(pattern=f"^{ID.pattern}$")]
_Probability = Annotated[float, msgspec.Meta(gt=0, le=1)]


class ToLabel(msgspec.Struct, frozen=True, gc=False):
    """The value of `tweets.to-label`: a tweet whose label would teach most, or that says how good the models are.

    Attributes:
        id: of the tweet.
        text: as published.
        why: what it was chosen for.
        probability: with which it was chosen, above 0 and at most 1; figures weigh its label by one over it.
    """

    id: _Id
    text: TweetText
    why: Why
    probability: _Probability


class LabelledTweet(msgspec.Struct, frozen=True, gc=False):
    """The value of `tweets.labelled`: feedback that was learned, with its text; the material of the next training.

    Attributes:
        id: of the tweet.
        text: as published.
        label: the topic, or None.
        sentiment: the sentiment, or None.
        source: who labelled it.
        labelled_at: when, ISO 8601 with zone.
        why: what it was sent out for; None where the sender gave the text.
        probability: with which it was sent out; 1 where the sender gave the text.
        feedback_offset: of its record in `tweets.feedback`; grows from record to record, so a repeat is recognised.
    """

    id: _Id
    text: TweetText
    label: Label | None
    sentiment: Sentiment | None
    source: _Source
    labelled_at: Moment
    why: Why | None
    probability: _Probability
    feedback_offset: Annotated[int, msgspec.Meta(ge=0)]


def read_feedback(fields: FeedbackFields, *, source: str | None = None, labelled_at: str | None = None) -> Feedback:
    """Check the fields and make feedback of them.

    Args:
        fields: as they came.
        source: what stands for a missing one; None where it must be there.
        labelled_at: the same.

    Raises:
        MalformedRecordError: with a reason of `models.tweets.Reason`, or one of the first five of `FeedbackReason`.

    >>> read_feedback(FeedbackFields("1", label="IPO", source="desk", labelled_at="2026-01-02T03:04:05Z")).label
    <Label.IPO: 'IPO'>
    """
    if not ID.fullmatch(fields.tweet_id):
        raise MalformedRecordError(Reason.INVALID_ID, "tweet_id must be 1 to 19 digits")
    label = _member(Label, fields.label, FeedbackReason.UNKNOWN_LABEL)
    sentiment = _member(Sentiment, fields.sentiment, FeedbackReason.UNKNOWN_SENTIMENT)
    if label is None and sentiment is None:
        raise MalformedRecordError(FeedbackReason.NO_LABEL, "feedback needs a label or a sentiment")
    if fields.text is not None:
        check_text(fields.text)
    return Feedback(
        tweet_id=fields.tweet_id,
        source=_source(fields.source if fields.source is not None else source),
        labelled_at=_labelled_at(fields.labelled_at if fields.labelled_at is not None else labelled_at),
        label=label,
        sentiment=sentiment,
        text=fields.text,
    )


_Class = TypeVar("_Class", Label, Sentiment)


def _member(kind: type[_Class], name: str | None, reason: FeedbackReason) -> _Class | None:
    if name is None:
        return None
    try:
        return kind(name)
    except ValueError as exc:
        field = kind.__name__.lower()
        raise MalformedRecordError(reason, f"{field} is none of {', '.join(kind)}") from exc


def _source(source: str | None) -> str:
    if source is None:
        raise MalformedRecordError(Reason.MISSING_FIELD, "feedback needs a source")
    if not source.strip() or len(source) > MAX_SOURCE_CHARACTERS:
        raise MalformedRecordError(
            FeedbackReason.INVALID_SOURCE,
            f"source must have 1 to {MAX_SOURCE_CHARACTERS} characters and hold more than white space",
        )
    return source


def _labelled_at(labelled_at: str | None) -> str:
    if labelled_at is None:
        raise MalformedRecordError(Reason.MISSING_FIELD, "feedback needs labelled_at")
    if not CREATED_AT.fullmatch(labelled_at):
        raise MalformedRecordError(
            FeedbackReason.INVALID_LABELLED_AT,
            "labelled_at must be ISO 8601 with a zone, as 2026-01-31T09:30:00.000Z",
        )
    return labelled_at
