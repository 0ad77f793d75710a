"""Put the parts of learning together, for one worker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from models.careful.predictor import fast
from models.compiled.residual import load_adjust, load_learn
from models.errors import BrokerError, ModelError
from models.following import FollowedPredictor
from models.online.corrections import StoredSnapshot
from models.predictor import ScorerPredictor
from stream.kafka.connection import KafkaConnection
from stream.kafka.topic_reader import TopicReader, end_offset
from stream.learning.agent import register_learner
from stream.learning.archive import TopicArchive
from stream.learning.following import SnapshotFollower
from stream.learning.learner import Learner
from stream.learning.sent_out import SentOutTopic
from stream.topics import SNAPSHOT_MAX_BYTES, Topics, TopicState
from stream.transport.chunked_app import ChunkedApp


@dataclass(frozen=True)
class Limits:
    """How much a learner keeps, and how often it makes a snapshot; see `config.settings`."""

    snapshot_seconds: float
    remembered_labels: int
    kept_tweets: int


def learn_online(
    app: ChunkedApp,
    predictor: FollowedPredictor,
    *,
    kafka: KafkaConnection,
    topics: Topics,
    states: dict[str, TopicState],
    limits: Limits,
    challenger: Callable[[], ScorerPredictor | None] = lambda: None,
) -> None:
    """Let a worker learn from feedback where it holds it, and answer with the last snapshot of whoever does.

    Args:
        app: gets the learner's agent.
        predictor: answers with the last snapshot once this returns.
        kafka: how to reach the cluster.
        topics: the names.
        states: each topic as it is, by name.
        limits: of memory and pace.
        challenger: see `stream.learning.learner.Learner`.

    Raises:
        BrokerError: the topics can't be read, are not of one partition, don't take a snapshot, or don't belong together.
        ModelError: the batch model is of a kind that can't be corrected.
    """
    for topic in (topics.feedback, topics.labelled, topics.online):
        if states[topic.name].partitions != 1:
            raise BrokerError(
                f"{topic.name} has {states[topic.name].partitions} partitions, and one learner needs one: make it anew "
                "with one, choose another name, or set ONLINE_ENABLED=false"
            )
    room = states[topics.online.name].max_message_bytes
    if room < SNAPSHOT_MAX_BYTES:
        raise BrokerError(
            f"{topics.online.name} takes messages of {room} bytes, and a snapshot may have {SNAPSHOT_MAX_BYTES}: raise its "
            "max.message.bytes, or set ONLINE_ENABLED=false"
        )
    _batch_of(predictor)  # refuse it now, not at the first snapshot
    load_learn(), load_adjust()  # now, as they may have to be compiled, which takes seconds
    archive = TopicArchive(kafka, online=topics.online.name, labelled=topics.labelled.name)
    snapshots = archive.snapshots()
    _check_feedback(snapshots, kafka, topics)
    for snapshot in snapshots:
        predictor.correct(snapshot)
    reader = TopicReader(kafka, topics.to_label.name)
    learner = Learner(
        partial(_batch_of, predictor),
        archive=archive,
        sent_out=SentOutTopic(reader, kept_tweets=limits.kept_tweets),
        topic=topics.feedback.name,
        remembered_labels=limits.remembered_labels,
        challenger=challenger,
    )
    register_learner(app, learner, topics=topics, snapshot_seconds=limits.snapshot_seconds)
    follower = SnapshotFollower(kafka, topics.online.name, predictor=predictor)

    async def begin(*_args: Any, **_kwargs: Any) -> None:  # noqa: ANN401  # faust's signature
        follower.start(poll_seconds=limits.snapshot_seconds / 2)

    app.on_partitions_assigned.connect(begin, weak=False)


def _check_feedback(snapshots: Sequence[StoredSnapshot], kafka: KafkaConnection, topics: Topics) -> None:
    """Refuse snapshots of feedback that is gone; it is looked at after them, as another worker may be learning."""
    known = max((snapshot.offset for snapshot in snapshots), default=-1)
    end = end_offset(kafka, topics.feedback.name)
    if known >= end:
        raise BrokerError(
            f"{topics.online.name} has learned the feedback up to offset {known}, but {topics.feedback.name} ends before "
            f"{end}: it was made anew, and new labels would be passed over; delete {topics.online.name} and "
            f"{topics.labelled.name} too, or set ONLINE_ENABLED=false"
        )


def _batch_of(predictor: FollowedPredictor) -> ScorerPredictor:
    batch = fast(predictor.batch)
    if not isinstance(batch, ScorerPredictor):
        raise ModelError(
            f"{predictor.model.name} {predictor.model.version} can't be corrected: set ONLINE_ENABLED=false"
        )
    return batch
