"""What becomes of each record of feedback: a labelled tweet to learn, or a dead letter with its reason."""

from collections.abc import Sequence
from typing import TypeAlias

from models.errors import MalformedRecordError
from models.feedback import Feedback, FeedbackReason, LabelledTweet, ToLabel
from models.online.memory import LabelMemory
from stream.codecs import decode_feedback
from stream.dead_letters import DeadLetter, Record, dead_letter_of
from stream.learning.sent_out import SentOut

Verdict: TypeAlias = LabelledTweet | DeadLetter


def judge(
    records: Sequence[Record], *, topic: str, partition: int, memory: LabelMemory, sent_out: SentOut, time: float
) -> list[Verdict]:
    """Judge records of feedback in their order; none is passed over and none can raise.

    Args:
        records: n records of `tweets.feedback`.
        topic: that topic's full name.
        partition: that they came from.
        memory: what is known already; gets what is to be learned.
        sent_out: where the texts are of feedback without one, and why a tweet was sent out.
        time: when this happens, in seconds since 1970.

    Raises:
        BrokerError: `sent_out` can't be asked.
    """
    read = [_read(record) for record in records]
    given = [one for one in read if isinstance(one, Feedback)]
    # Without a text a label is nothing until its tweet is found; with one, only what it weighs depends on it.
    found = sent_out.find({one.tweet_id for one in given if one.text is None})
    found |= sent_out.glance({one.tweet_id for one in given if one.text is not None})
    return [
        _verdict(record, one, found, memory, topic=topic, partition=partition, time=time)
        for record, one in zip(records, read, strict=True)
    ]


def _read(record: Record) -> Feedback | MalformedRecordError:
    try:
        return decode_feedback(record.value)
    except MalformedRecordError as exc:
        return exc


def _verdict(
    record: Record,
    read: Feedback | MalformedRecordError,
    found: dict[str, ToLabel],
    memory: LabelMemory,
    *,
    topic: str,
    partition: int,
    time: float,
) -> Verdict:
    try:
        if isinstance(read, MalformedRecordError):
            raise read
        return _labelled(read, found.get(read.tweet_id), memory, record.offset)
    except MalformedRecordError as exc:
        return dead_letter_of(record, exc, topic=topic, partition=partition, time=time)


def _labelled(feedback: Feedback, sent: ToLabel | None, memory: LabelMemory, offset: int) -> LabelledTweet:
    """Give what there is to learn, and remember it.

    Raises:
        MalformedRecordError: there is nothing; says why.
    """
    known_label, known_sentiment = memory.known(feedback.tweet_id)
    for said, known in ((feedback.label, known_label), (feedback.sentiment, known_sentiment)):
        if said is not None and known is not None and said != known:
            raise MalformedRecordError(
                FeedbackReason.CONTRADICTION, f"{said} was said, but {known} was learned before, and the first stands"
            )
    label = feedback.label if known_label is None else None
    sentiment = feedback.sentiment if known_sentiment is None else None
    if label is None and sentiment is None:
        raise MalformedRecordError(FeedbackReason.DUPLICATE, "the same was said and learned before")
    text = feedback.text if sent is None else sent.text  # the tweet itself, if it was ours, and not what came back
    if text is None:
        raise MalformedRecordError(
            FeedbackReason.UNKNOWN_TWEET,
            f"tweet {feedback.tweet_id} is none of those sent out for labelling that are still kept: send its text",
        )
    memory.add(feedback.tweet_id, label, sentiment)
    return LabelledTweet(
        id=feedback.tweet_id,
        text=text,
        label=label,
        sentiment=sentiment,
        source=feedback.source,
        labelled_at=feedback.labelled_at,
        why=None if sent is None else sent.why,
        probability=1.0 if sent is None else sent.probability,
        feedback_offset=offset,
    )
